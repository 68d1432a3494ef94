"""What every fingerprint test declares, takes and returns. The records are plain data and go into JSON as they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Rate = Annotated[float, msgspec.Meta(gt=0, lt=1)]

Status = Literal["held", "violated", "unverified"]
Direction = Literal["supports", "neutral", "against"]


class InvalidInputs(ValueError):
    """The inputs do not fit the test; the message names the field and what it takes."""


class UnknownTest(LookupError):
    """No test has this id; the message lists those there are."""


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the test fared where the truth was known: models that never saw keyed text, and models that did."""

    controls: Count = 0
    false_positives: Count = 0
    positives: Count = 0
    detected: Count = 0
    study: str = ""  # where this is written down


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """One condition on which the figures hold."""

    text: str
    status: Status


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One computed test. Probabilities and rates are fractions; logarithms are to the base 10."""

    test_id: str
    test_version: str
    code_sha256: str
    inputs_sha256: str  # of the inputs as canonical JSON (RFC 8785)
    null_hypothesis: str
    n: int
    statistic: int | float
    statistic_name: str
    normal_z: float | None  # for comparison with tools that report one; nothing is concluded from it
    p_value: float  # exact; 0.0 where it is below the smallest float, see log10_p
    log10_p: float
    p_floor: float  # the smallest p that this n can give
    p_text: str  # as it may be printed
    effect: float
    effect_name: str
    effect_interval: tuple[float, float]
    interval_level: float
    power: float
    power_effect: float  # the effect that the power is for
    power_alpha: float
    log10_lr: float
    lr_method: str
    log10_lr_cap: float
    log10_lr_reported: float  # what may be said
    scale: str
    verbal: str
    direction: Direction
    assumptions: list[Assumption]
    validation: Validation
    deviations: list[str]
    sentence: str


@dataclass(frozen=True, slots=True)
class FingerprintTest:
    """A row of the catalogue. `compute` is pure: the same inputs give the same result, digit for digit."""

    id: str
    version: str  # raise it with every change of a figure
    title: str
    question: str
    null_hypothesis: str
    statistic: str
    units: dict[str, str]  # field of the inputs: what it counts or measures
    inputs: type[msgspec.Struct]
    compute: Callable[[Any], Result]
    # what a court asks of a method (Daubert; FRE 702)
    publication: str
    validation_study: str
    error_rate: str
    standard: str
    acceptance: str
    limits: str
