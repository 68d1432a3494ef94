"""What the submitter of a run stands for, and what is missing of it.

Without n, controls, assumptions and version no p and no likelihood ratio is reported (R1): a reader could not tell what
the figure is of, how often the method errs, on what it rests, or by which method it was computed.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from django.core.exceptions import ValidationError
from msgspec import Meta

MOST_CONTROLS = 5_000

Status = Literal["held", "violated", "unverified"]
Count = Annotated[int, Meta(ge=0)]


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model that was tested in the same way and is known not to be made from ours."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    result: Annotated[float | None, Meta(description="its statistic, by the same test")] = None
    alarm: Annotated[bool | None, Meta(description="whether the test took it for a copy")] = None


class Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one of the test's assumptions."""

    status: Status
    basis: Annotated[str, Meta(max_length=500, description="how that is known; needed for `held`")] = ""


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a submitter stands for. What is left out is missing: the run is kept all the same, without figures."""

    test_version: Annotated[str, Meta(max_length=20, description="that the inputs were made for")] = ""
    n: Annotated[Count | None, Meta(description="how many were scored")] = None
    controls: Annotated[list[Control], Meta(max_length=MOST_CONTROLS, description="by name, with what they gave")] = []
    assumptions: Annotated[
        dict[str, Stated], Meta(description="for each assumption of the test, by its name, what is known of it")
    ] = {}


def read(given: dict | Declared | None) -> Declared:
    """Raises ValidationError naming the field."""
    try:
        return given if isinstance(given, Declared) else msgspec.convert(given or {}, Declared, strict=True)
    except msgspec.ValidationError as error:
        raise ValidationError({"declared": in_words(error, "declared")}) from error


def in_words(error: Exception, within: str) -> str:
    """An error of a shape with the field first: "`inputs.gamma`: expected `float` < 1.0."."""
    text, _, path = str(error).partition(" - at `$")
    return f"`{within}{path.rstrip('`')}`: {text[:1].lower()}{text[1:]}." if path else f"{text}."


def completed(inputs: Mapping[str, Any], declared: Declared) -> dict[str, Any]:
    """The inputs with what is declared beside them: assumptions, and the named controls as the validation, where the
    inputs have none of their own."""
    found = dict(inputs)
    if declared.assumptions and "assumptions" not in found:
        found["assumptions"] = {name: stated.status for name, stated in declared.assumptions.items()}
    if declared.controls and "validation" not in found:
        alarms = sum(1 for one in declared.controls if one.alarm)
        found["validation"] = {
            "controls": len(declared.controls),
            "false_positives": alarms,
            "study": "the controls of this run",
        }
    return found


def missing(declared: Declared, *, version: str, n: int, assumptions: Sequence[Any]) -> list[str]:
    """Sentences on what has to be declared before a figure is reported; each says what would satisfy R1.

    `assumptions` are those of the result: name, text, and the status that the inputs show.
    """
    return [
        *_missing_version(declared.test_version, version),
        *_missing_n(declared.n, n),
        *_missing_controls(declared.controls),
        *_missing_assumptions(declared.assumptions, assumptions),
    ]


def _missing_version(stated: str, version: str) -> list[str]:
    if not stated:
        return [f"The version of the test is not declared. State the one that the inputs were made for ({version})."]
    if stated != version:
        return [
            f"The inputs were made for version {stated} of the test, and {version} is computed here. Make them again."
        ]
    return []


def _missing_n(stated: int | None, n: int) -> list[str]:
    if stated is None:
        return ["How many were scored, n, is not declared. State it."]
    if stated != n:
        return [f"{stated:,} are declared as scored, and the inputs hold {n:,}. Clear up which are left out."]
    return []


def _missing_controls(controls: Sequence[Control]) -> list[str]:
    if not controls:
        return ["No control is named. Test models that are known not to be copies in the same way, and name them."]
    partial = [one.name for one in controls if one.result is None or one.alarm is None]
    if partial:
        return [f"Controls without their result or whether they raised an alarm: {_listed(partial)}. Add them."]
    return []


def _missing_assumptions(stated: Mapping[str, Stated], assumptions: Sequence[Any]) -> list[str]:
    blank = [f"{one.name} ({one.text})" for one in assumptions if not _is_answered(stated.get(one.name), one.status)]
    if not blank:
        return []
    return [f"Assumptions without a status, or without how it is known that they hold: {_listed(blank)}. State both."]


def _is_answered(stated: Stated | None, shown: str) -> bool:
    """What the inputs themselves show needs no word; that something holds needs a reason; that nobody verified it is an
    answer too."""
    if stated is None:
        return shown != "unverified"
    return stated.status != "held" or bool(stated.basis.strip())


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names[:5]) + (f"; and {len(names) - 5} more" if len(names) > 5 else "")


def contradictions(controls: Sequence[Control], validation: Mapping[str, Any] | None) -> list[str]:
    """Where the validation that limits the strength is better than the controls named with the run."""
    if not validation or not controls:
        return []
    found, alarms = [], sum(1 for one in controls if one.alarm)
    if validation.get("controls", 0) < len(controls):
        found.append(
            f"{len(controls)} controls are named, and `validation.controls` counts {validation.get('controls', 0)}."
        )
    if validation.get("false_positives", 0) < alarms:
        found.append(
            f"{alarms} of the named controls raised an alarm, and `validation.false_positives` counts"
            f" {validation.get('false_positives', 0)}."
        )
    return found
