"""One test over many accounts: arrays in, arrays out, with the same code that computes a single run.

What the rows do not hold (level, validation, route, a declared rate) is given once for all. The first row with it has
to be valid inputs of the test, so that limits and names are those of a single run.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import results, strength
from .catalogue import TESTS, parse
from .schema import Accounts, FingerprintTest, Inputs, InvalidInputs, Route, UnknownTest

MOST_ROWS = 1_000_000


def compute(test_id: str, columns: Mapping[str, Any], shared: Mapping[str, Any]) -> Accounts:
    """The test of every row. Raises UnknownTest, or InvalidInputs naming the column and the row (from 0)."""
    test = TESTS.get(test_id)
    if test is None or test.accounts is None or test.columns is None:
        known = ", ".join(sorted(t.id for t in TESTS.values() if t.per_account))
        raise UnknownTest(f'"{test_id}" is no test of many accounts at once. There are: {known}.')
    arrays = _arrays(test, columns, shared)
    inputs = parse(test, {**shared, **{name: values[0].item() for name, values in arrays.items()}})
    _check_rows(test, arrays)
    log10_p, floor, ratios = test.accounts(inputs, arrays)
    route = _route(test, inputs, ratios)
    log10_lr = ratios.get(route)
    if log10_lr is None:
        log10_lr = (strength.log10_at_most if route == "at_most" else strength.log10_e_value)(log10_p)
    cap = results.cap(inputs, results.assumptions(test, inputs, test.compute(inputs).shown))
    reported = np.asarray(strength.reported(log10_lr, cap))
    p_value = np.minimum(1.0, np.maximum(10.0 ** np.asarray(log10_p), floor))
    return Accounts(
        p_value=p_value,
        log10_p=np.asarray(log10_p),
        p_floor=np.asarray(floor),
        log10_lr=np.asarray(log10_lr),
        lr_route=route,
        log10_lr_cap=cap,
        log10_lr_reported=reported,
    )


def _arrays(test: FingerprintTest, columns: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Each column as an array; a column may be given once for all rows among the shared inputs."""
    assert test.columns is not None
    unknown = sorted(set(columns) - set(test.columns))
    if unknown:
        raise InvalidInputs(f"`{unknown[0]}` is no column of {test.title}. Columns: {', '.join(test.columns)}.")
    missing = sorted(set(test.columns) - set(columns) - set(shared))
    if missing:
        raise InvalidInputs(f"The column `{missing[0]}` is missing: {test.columns[missing[0]]}.")
    given = {name: np.asarray(values) for name, values in columns.items()}
    lengths = {len(values) for values in given.values()}
    if len(lengths) != 1 or not 0 < max(lengths) <= MOST_ROWS:
        raise InvalidInputs(f"The columns have {sorted(lengths)} rows; all need the same number, 1 to {MOST_ROWS:,}.")
    once = {name: np.full(max(lengths), shared[name]) for name in test.columns if name not in given}
    return given | once


def _check_rows(test: FingerprintTest, arrays: dict[str, NDArray[Any]]) -> None:
    """Counts are whole and not negative, rates between 0 and 1, and the part is no more than the whole."""
    for name, values in arrays.items():
        if values.dtype.kind == "f":
            _refuse(name, values, ~((values > 0) & (values < 1)), "a rate lies between 0 and 1")
        elif values.dtype.kind in "iu":
            _refuse(name, values, values < 0, "a count is not negative")
        else:
            raise InvalidInputs(f"`{name}` holds {values.dtype}, not numbers.")
    whole, part = list(test.columns or {})[:2]
    _refuse(whole, arrays[whole], arrays[whole] < 1, "nothing was tried")
    _refuse(part, arrays[part], arrays[part] > arrays[whole], f"that is more than `{whole}`")


def _refuse(name: str, values: NDArray[Any], wrong: NDArray[np.bool_], why: str) -> None:
    rows = np.flatnonzero(wrong)
    if rows.size:
        more = f" (and {rows.size - 1:,} more rows)" if rows.size > 1 else ""
        raise InvalidInputs(f"`{name}` is {values[rows[0]]} in row {rows[0]}: {why}{more}.")


def _route(test: FingerprintTest, inputs: Inputs, ratios: Mapping[Route, Any]) -> Route:
    """The route asked for, or the first of the test's own that the inputs allow; the same for all rows."""
    allowed = [route for route in test.routes if route in ratios or route in ("at_most", "e_value")]
    if inputs.route is not None and inputs.route not in allowed:
        raise InvalidInputs(f"`route` is {inputs.route}; here there are: {', '.join(allowed)}.")
    return inputs.route or allowed[0]
