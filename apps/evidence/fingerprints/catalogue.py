"""The tests there are, and the one way to run one."""

import hashlib
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import rfc8785

from . import results, wording
from .methods import (
    behaviour,
    canaries,
    green_lists,
    keyed_scores,
    logits,
    membership,
    prompts,
    provenance,
    queries,
    timing,
    usage,
)
from .schema import FingerprintTest, Inputs, InvalidInputs, Result, UnknownTest, Validation

_METHODS = (
    green_lists,
    keyed_scores,
    canaries,
    provenance,
    behaviour,
    logits,
    membership,
    prompts,
    timing,
    queries,
    usage,
)
TESTS: dict[str, FingerprintTest] = {test.id: test for module in _METHODS for test in module.TESTS}

# A submitted figure that differs by more than this share is another figure, not another rounding.
_TOLERANCE = 0.01


def recompute(test_id: str, inputs: Mapping[str, Any]) -> Result:
    """Runs a test on submitted inputs. Raises UnknownTest, or InvalidInputs naming the field."""
    test = TESTS.get(test_id)
    if test is None:
        raise UnknownTest(f'There is no test "{test_id}". There are: {", ".join(sorted(TESTS))}.')
    typed = parse(test, inputs)
    digest = hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(typed))).hexdigest()
    return results.assemble(test, typed, test.compute(typed), code=code_sha256(), digest=digest)


def parse(test: FingerprintTest, inputs: Mapping[str, Any]) -> Inputs:
    """The inputs as the test's own record. Raises InvalidInputs naming the field that does not fit."""
    try:
        typed = msgspec.convert(dict(inputs), test.inputs, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidInputs(f"{error}.") from error
    _check_finite(msgspec.to_builtins(typed))
    _check_validation(typed.validation)
    return typed


def discrepancies(submitted: Mapping[str, Any], result: Result) -> list[str]:
    """Sentences on figures that came with the inputs and differ from ours, whatever their names, sorted by name."""
    ours = {name: value for name, value in figures(result).items() if value is not None}
    return [
        _difference(name, submitted[name], ours[name])
        for name in sorted(set(submitted) & set(ours))
        if _differ(submitted[name], ours[name], on_log_scale=_is_p(name))
    ]


def _difference(name: str, theirs: float, ours: float) -> str:
    """Both figures, a p-value as it may be printed (R15)."""
    if not _is_p(name) or not 0 <= theirs <= 1:
        return f"Submitted {name} {theirs:.4g}, recomputed {ours:.4g}."
    said, found = wording.p_text(theirs), wording.p_text(ours)
    if said == found:
        return f"Submitted {name} and the recomputed one differ, though both are printed as {said}."
    return f"Submitted {name} {said}, recomputed {found}."


def _is_p(name: str) -> bool:
    return name.startswith("p_value") or name.endswith("_p")


def figures(result: Result) -> dict[str, float | None]:
    """Every number of a result by its name; the named figures of the test beside the common ones."""
    common = ("n", "statistic", "p_value", "log10_p", "effect", "power", "log10_lr", "log10_lr_cap")
    return {**result.figures, **{name: getattr(result, name) for name in common}}


def _differ(theirs: Any, ours: float, *, on_log_scale: bool) -> bool:
    if isinstance(theirs, bool) or not isinstance(theirs, int | float):
        return False
    if on_log_scale and theirs > 0 and ours > 0:
        return abs(math.log(theirs / ours)) > _TOLERANCE
    return not math.isclose(theirs, ours, rel_tol=_TOLERANCE, abs_tol=1e-9)


def _check_finite(value: Any, path: str = "") -> None:
    """Refuses NaN and infinities wherever they stand: JSON has none, but Python's parser reads them."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInputs(f"`{path}` is {value}; give a finite number.")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_finite(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            _check_finite(inner, f"{path}[{position}]")


def _check_validation(validation: Validation) -> None:
    for part, whole in (("false_positives", "controls"), ("detected", "positives")):
        counted, among = getattr(validation, part), getattr(validation, whole)
        if counted > among:
            raise InvalidInputs(f"`validation.{part}` is {counted}, more than `validation.{whole}`, {among}.")


@cache
def code_sha256() -> str:
    """The SHA-256 of this package's source and scales, so that a result names the code that made it."""
    here, digest = Path(__file__).parent, hashlib.sha256()
    for file in sorted([*here.rglob("*.py"), *here.rglob("*.json")]):
        digest.update(str(file.relative_to(here)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
