"""What every fingerprint test declares, takes and returns. The records are plain data and go into JSON as they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=0, le=10**12)]
Positive = Annotated[int, Meta(ge=1, le=10**12)]
Rate = Annotated[float, Meta(gt=0, lt=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]

Status = Literal["held", "violated", "unverified"]
# "uninformative": nothing was found, and the test would probably have found nothing either way.
Direction = Literal["supports", "neutral", "against", "uninformative"]
# What kind of evidence a test gives: different families may be independent of each other.
Family = Literal[
    "watermark",
    "canary",
    "provenance",
    "behaviour",
    "membership",
    "logits",
    "prompts",
    "timing",
    "traffic",
    "identity",
]
# How a test becomes a likelihood ratio; `strength.ROUTES` says what each may be called.
Route = Literal["densities", "bayes_factor", "at_most", "e_value"]


class InvalidInputs(ValueError):
    """The inputs do not fit the test; the message names the field and what it takes."""


class UnknownTest(LookupError):
    """No test has this id; the message lists those there are."""


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the test fared where the truth was known: subjects of which it should say nothing, and others."""

    controls: Annotated[Count, Meta(description="subjects known to be clean that were tested the same way")] = 0
    false_positives: Annotated[Count, Meta(description="of these, how many raised an alarm")] = 0
    positives: Annotated[Count, Meta(description="subjects known to be positive that were tested the same way")] = 0
    detected: Annotated[Count, Meta(description="of these, how many were detected")] = 0
    study: Annotated[str, Meta(max_length=500, description="where this is written down")] = ""


class Inputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every test takes besides its own counts, scores or texts."""

    alpha: Annotated[Rate, Meta(description="level of the test, for which the power is stated")] = 0.01
    least_power: Annotated[
        Rate,
        Meta(description="power below which finding nothing is uninformative"),
    ] = 0.8
    route: Annotated[
        Route | None, Meta(description="how the result becomes a likelihood ratio; empty for the test's own choice")
    ] = None
    assumptions: Annotated[
        dict[str, Status],
        Meta(description="by the name of an assumption, whether it was shown to hold"),
    ] = {}
    validation: Annotated[
        Validation, Meta(description="controls and known positives on which the test was tried; they cap the strength")
    ] = Validation()
    deviations: Annotated[
        list[Annotated[str, Meta(max_length=1000)]],
        Meta(max_length=50, description="what differs from the plan"),
    ] = []


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """One condition on which the figures hold."""

    name: str
    text: str
    status: Status


class Tail(msgspec.Struct, frozen=True):
    """A p-value that also lives below the smallest float, with the smallest one that the test could have given."""

    log10: float
    floor: float = 0.0
    method: str = ""

    @property
    def value(self) -> float:
        return min(1.0, max(10.0**self.log10, self.floor))


class Computed(msgspec.Struct, frozen=True, kw_only=True):
    """What a test's own code computes; `results.assemble` adds strength, words and digests."""

    n: int
    statistic: int | float
    statistic_name: str
    found: str  # what was counted or measured, in a sentence
    p: Tail | None = None
    effect: float | None = None
    effect_name: str = ""
    effect_interval: tuple[float, float] | None = None
    power: float | None = None
    power_effect: float | None = None
    log10_lr: dict[Route, float] = {}  # for the routes that need more than p
    lr_method: dict[Route, str] = {}  # and what was declared for them
    shown: dict[str, Status] = {}  # assumptions that the inputs themselves show to hold or not
    figures: dict[str, float] = {}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One computed test. Probabilities and rates are fractions; logarithms are to the base 10.

    None stands where a test has no such figure: a percentile has no p-value, a distance without controls no strength.
    """

    test_id: str
    test_version: str
    code_sha256: str
    inputs_sha256: str  # of the inputs as canonical JSON (RFC 8785)
    family: Family
    null_hypothesis: str
    n: int
    statistic: int | float
    statistic_name: str
    p_value: float | None  # 0.0 where it is below the smallest float, see log10_p
    log10_p: float | None
    p_floor: float | None  # the smallest p that these inputs could have given
    p_method: str
    p_text: str  # as it may be printed (R15)
    effect: float | None
    effect_name: str
    effect_interval: tuple[float, float] | None
    interval_level: float
    power: float | None
    power_effect: float | None  # the effect that the power is for
    power_alpha: float
    log10_lr: float | None
    lr_route: Route | None
    lr_method: str
    lr_called: str  # what the number may be called
    log10_lr_cap: float | None
    log10_lr_reported: float | None  # what may be said
    scale: str
    verbal: str
    direction: Direction
    assumptions: list[Assumption]
    validation: Validation
    deviations: list[str]
    figures: dict[str, float]  # further figures of this test, by name
    published: list[str]  # performance that was published, each with its limit
    sentence: str


@dataclass(frozen=True)
class FingerprintTest:
    """A row of the catalogue. `compute` is pure: the same inputs give the same result, digit for digit."""

    id: str
    version: str  # raise it with every change of a figure
    family: Family
    title: str
    question: str
    proposition: str  # what the test speaks for, as a clause: "the suspect trained on keyed text"
    alternative: str  # what it speaks for otherwise
    null_hypothesis: str
    chance: str  # who gives such a result by chance, as the beginning of a sentence that ends with the probability
    statistic: str
    inputs: type[Inputs]
    compute: Callable[[Any], Computed]
    assumptions: Mapping[str, str]  # name: sentence
    example: Mapping[str, Any]  # inputs that can be computed as they are
    # what a court asks of a method (Daubert; FRE 702)
    publication: str
    validation_study: str
    error_rate: str
    standard: str
    acceptance: str
    limits: str
    published: tuple[str, ...] = ()  # performance in the literature, each with its limit in the same sentence
    routes: tuple[Route, ...] = ()  # allowed ways to a likelihood ratio; the first is the test's own choice
    watermark: bool = False  # a key is used, so its custody matters
    # arrays of a column each (see `columns`) to log10 p, floor of p, and log10 LR by the route
    accounts: Callable[..., Any] | None = None
    columns: Mapping[str, str] | None = None  # what a row per account holds: name, and what it counts

    @property
    def per_account(self) -> bool:
        """Whether the test can be computed for many accounts at once."""
        return self.accounts is not None

    @cached_property
    def units(self) -> dict[str, str]:
        """Field of the inputs: what it counts or measures."""
        fields = self.json_schema["properties"]
        return {name: field.get("description", "") for name, field in fields.items()}

    @cached_property
    def json_schema(self) -> dict[str, Any]:
        """The inputs as a JSON Schema, with limits and descriptions."""
        (_,), components = msgspec.json.schema_components([self.inputs], ref_template="#/$defs/{name}")
        own = components.pop(self.inputs.__name__)
        return {**own, "$defs": components} if components else own
