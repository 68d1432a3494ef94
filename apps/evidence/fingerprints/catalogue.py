"""The tests there are, and the one way to run one."""

import hashlib
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import rfc8785

from . import green_list
from .schema import FingerprintTest, InvalidInputs, Result, UnknownTest

TESTS: dict[str, FingerprintTest] = {test.id: test for test in (green_list.TEST,)}

# A submitted figure that differs by more than this share is another figure, not another rounding.
_TOLERANCE = 0.01


def recompute(test_id: str, inputs: Mapping[str, Any]) -> Result:
    """Runs a test on submitted inputs. Raises UnknownTest, or InvalidInputs naming the field."""
    test = TESTS.get(test_id)
    if test is None:
        raise UnknownTest(f'There is no test "{test_id}". There are: {", ".join(sorted(TESTS))}.')
    try:
        typed = msgspec.convert(dict(inputs), test.inputs, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidInputs(f"{error}.") from error
    digest = hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(typed))).hexdigest()
    return msgspec.structs.replace(test.compute(typed), code_sha256=code_sha256(), inputs_sha256=digest)


def discrepancies(submitted: Mapping[str, Any], result: Result) -> list[str]:
    """Sentences on figures that came with the inputs and differ from ours. Known: p_value, z, green_rate, log10_lr."""
    ours = {
        "p_value": result.p_value,
        "z": result.normal_z,
        "green_rate": result.statistic / result.n,
        "log10_lr": result.log10_lr,
    }
    return [
        f"Submitted {name} {submitted[name]:.4g}, recomputed {value:.4g}."
        for name, value in ours.items()
        if value is not None and _differ(submitted.get(name), value, on_log_scale=name == "p_value")
    ]


def _differ(theirs: Any, ours: float, *, on_log_scale: bool) -> bool:
    if isinstance(theirs, bool) or not isinstance(theirs, int | float):
        return False
    if on_log_scale and theirs > 0 and ours > 0:
        return abs(math.log(theirs / ours)) > _TOLERANCE
    return not math.isclose(theirs, ours, rel_tol=_TOLERANCE, abs_tol=1e-9)


@cache
def code_sha256() -> str:
    """The SHA-256 of this package's source, so that a result names the code that made it."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
