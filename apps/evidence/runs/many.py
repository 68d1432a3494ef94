"""One test of many accounts at once: exact tails for arrays of counts, and p adjusted over everything tested.

Arrays in, arrays out: 24,000 accounts are one call. What counts as tested are these accounts and those of all earlier
runs of the same family, discarded ones too: looking again until something passes is what adjusting is for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

import msgspec
from django.core.exceptions import ValidationError

from apps.evidence import fingerprints
from apps.evidence.fingerprints import FingerprintTest, InvalidInputs, multiple, strength

BINS = 20
BY_ROW = 2  # first of a test's columns: how many were scored, and what of them hit
LONGEST_REF = 128
LEAST_LOG10_LR = 0.3010299956639812  # 2, where the scale's first step begins


@dataclass(frozen=True)
class Rows:
    """The rows of a run as columns, in the order in which they came."""

    refs: list[str]
    columns: dict[str, Any]  # name: numpy array, or one number for all rows


@dataclass(frozen=True)
class Tested:
    """What came out for each account, in the order of the rows."""

    n: Any
    k: Any
    p: Any
    holm: Any
    bh: Any
    by: Any
    log10_lr: Any
    log10_lr_cap: float
    summary: dict[str, Any]


def read(test: FingerprintTest, rows: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]) -> Rows:
    """The rows by column. What `shared` says of a column holds for all. Raises ValidationError naming row and field."""
    import numpy as np

    if not test.columns:
        known = ", ".join(one.id for one in fingerprints.TESTS.values() if one.columns)
        raise ValidationError({"test": f"“{test.title}” tests no accounts one by one. These do: {known}."})
    refs = _column(rows, "account", str)
    _check_refs(refs)
    types = get_type_hints(test.inputs, include_extras=True)
    columns: dict[str, Any] = {}
    for place, name in enumerate(test.columns):
        if name in shared and place < BY_ROW:
            raise ValidationError({"accounts": f"`inputs.{name}` is given by row, not for all: leave it out there."})
        if name in shared:
            columns[name] = _converted([shared[name]], types[name], f"inputs.{name}")[0]
        else:
            columns[name] = np.asarray(_converted(_column(rows, name, None), types[name], name))
    _check_columns(rows, {"account", *test.columns})
    return Rows(refs, columns)


def _column(rows: Sequence[Mapping[str, Any]], name: str, type_: type | None) -> list[Any]:
    for number, row in enumerate(rows):
        if name not in row or (type_ and not isinstance(row[name], type_)):
            raise ValidationError({"accounts": f"`accounts[{number}]` lacks `{name}`, or it is of the wrong kind."})
    return [row[name] for row in rows]


def _converted(values: list[Any], type_: Any, name: str) -> list[Any]:
    try:
        return msgspec.convert(values, list[type_])
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$")
        where = f"accounts{place.rstrip('`')}.{name}" if "." not in name else name
        raise ValidationError({"accounts": f"`{where}`: {text[:1].lower()}{text[1:]}."}) from error


def _check_refs(refs: list[str]) -> None:
    seen: set[str] = set()
    for number, ref in enumerate(refs):
        if not 0 < len(ref) <= LONGEST_REF or not ref.isprintable():
            raise ValidationError({"accounts": f"`accounts[{number}].account`: 1 to {LONGEST_REF} characters."})
        if ref in seen:
            raise ValidationError({"accounts": f"`accounts[{number}].account`: {ref} has two rows. Give each one."})
        seen.add(ref)


def _check_columns(rows: Sequence[Mapping[str, Any]], known: set[str]) -> None:
    for number, row in enumerate(rows):
        if unknown := row.keys() - known:
            wrong, right = min(unknown), ", ".join(sorted(known))
            raise ValidationError({"accounts": f"`accounts[{number}]` has `{wrong}`. A row has: {right}."})


def first(rows: Rows, shared: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs of the first row, by which the test checks what is shared by all."""
    return dict(shared) | {
        name: column[0].item() if hasattr(column, "item") else column for name, column in rows.columns.items()
    }


def compute(test: FingerprintTest, rows: Rows, base: Any, inputs: Mapping[str, Any], earlier: "Before") -> Tested:
    """Raises InvalidInputs naming the row that the test refuses. `base` is the result of the first row."""
    import numpy as np

    size = len(rows.refs)
    n_name, k_name = list(test.columns or ())[:BY_ROW]
    n, k = rows.columns[n_name], rows.columns[k_name]
    wrong = np.flatnonzero(np.broadcast_to(np.greater(k, n), size))
    if wrong.size:
        row = int(wrong[0])
        raise InvalidInputs(f"`accounts[{row}]`, {rows.refs[row]}: `{k_name}` is more than `{n_name}`.")
    typed = msgspec.convert(first(rows, inputs), test.inputs)
    log10_p, floor, ratios = test.accounts(typed, rows.columns)  # type: ignore[misc]
    log10_lr = _ratio(base.lr_route, log10_p, ratios)
    p = np.minimum(np.power(10.0, np.broadcast_to(log10_p, size)), 1.0)
    holm, bh, by = (_adjusted(p, method, earlier) for method in ("holm", "bh", "by"))
    by = np.maximum(by, bh)  # equal but for rounding where one of a family
    return Tested(
        n=np.broadcast_to(n, size),
        k=np.broadcast_to(k, size),
        p=p,
        holm=np.maximum(holm, bh),
        bh=bh,
        by=by,
        log10_lr=np.broadcast_to(log10_lr, size),
        log10_lr_cap=base.log10_lr_cap or 0.0,
        summary=_summary(p, np.maximum(holm, bh), bh, by, floor, earlier),
    )


@dataclass(frozen=True)
class Before:
    """What was tested before in the same family: how many, and the p of those that have one."""

    tested: int
    p: Sequence[float]


def _ratio(route: str | None, log10_p: Any, ratios: Mapping[str, Any]) -> Any:
    if route is not None and route in ratios:
        return ratios[route]
    return strength.log10_at_most(log10_p) if route == "at_most" else strength.log10_e_value(log10_p)


def _adjusted(p: Any, method: multiple.Method, earlier: Before) -> Any:
    """Adjusted over the family; what was tested without a p counts as p = 1."""
    import numpy as np

    family = np.concatenate([np.asarray(earlier.p, dtype=float), p])
    adjusted = multiple.adjusted(family, method, len(p) + earlier.tested)[-len(p) :]
    return np.minimum(np.maximum(adjusted, p), 1.0)


def _summary(p: Any, holm: Any, bh: Any, by: Any, floor: Any, earlier: Before) -> dict[str, Any]:
    import numpy as np

    level = multiple.per_test_level(multiple.HARM_LEVEL, len(p) + earlier.tested)
    return {
        "tested": len(p),
        "earlier": earlier.tested,
        "histogram": np.histogram(p, bins=BINS, range=(0.0, 1.0))[0].tolist(),
        "smallest_p": float(p.min()),
        "passes": {
            "raw": int((p <= multiple.SCREENING_LEVEL).sum()),
            "bh": int((bh <= multiple.SCREENING_LEVEL).sum()),
            "by": int((by <= multiple.SCREENING_LEVEL).sum()),
            "holm": int((holm <= multiple.HARM_LEVEL).sum()),
        },
        "by_chance": len(p) * multiple.SCREENING_LEVEL,
        "level_of_one": level,
        "out_of_reach": int((np.broadcast_to(floor, len(p)) > level).sum()),
    }


def outcomes(tested: Tested) -> list[str]:
    """What each account's reported ratio says, by the scale's first step."""
    import numpy as np

    reported = strength.reported(tested.log10_lr, tested.log10_lr_cap)
    words = np.where(
        reported >= LEAST_LOG10_LR, "supports", np.where(reported <= -LEAST_LOG10_LR, "against", "neutral")
    )
    return words.tolist()


def sentence(summary: Mapping[str, Any], question: str) -> str:
    """What came out over all of them, in words."""
    passes = summary["passes"]
    before = f", with {summary['earlier']:,} tested earlier in the same family" if summary["earlier"] else ""
    return (
        f"{summary['tested']:,} accounts were tested one by one{before}. {passes['raw']:,} have a p of 0.05 or less,"
        f" where chance alone gives about {summary['by_chance']:,.0f}. Adjusted over everything tested,"
        f" {passes['bh']:,} pass for screening (Benjamini-Hochberg at 0.05), {passes['by']:,} whatever depends on what"
        f" (Benjamini-Yekutieli at 0.05), and {passes['holm']:,} stand singly (Holm at 0.01). Asked was: {question}"
    )
