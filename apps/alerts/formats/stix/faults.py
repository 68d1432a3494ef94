"""What makes a STIX 2.1 object no STIX 2.1 object, as far as an alert depends on it."""

import re
from datetime import datetime
from typing import Any

from apps.alerts.formats.loose import number, printable, text, texts
from apps.alerts.wire import Refusal

IDENTIFIER = re.compile(r"[a-z0-9-]{3,250}--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")  # section 3.12: RFC 3339, in Z
MAX_COUNT = 999_999_999  # section 5.2: of a sighting
REQUIRED = {
    "sighting": ("sighting_of_ref",),
    "indicator": ("pattern", "pattern_type", "valid_from"),
    "report": ("name", "published", "object_refs"),
    "observed-data": ("first_observed", "last_observed", "number_observed"),
}
TIMES = {
    "sighting": ("first_seen", "last_seen"),
    "indicator": ("valid_from", "valid_until"),
    "report": ("published",),
    "observed-data": ("first_observed", "last_observed"),
}
COUNTS = {"sighting": "count", "observed-data": "number_observed"}


def check(present: dict[str, Any]) -> None:
    """Raise a Refusal that names the property, where the object breaks the standard."""
    kind, id_ = text(present.get("type")), text(present.get("id"))
    if not IDENTIFIER.fullmatch(id_) or not id_.startswith(f"{kind}--"):
        raise _refusal(present, "id", f"“{printable(id_)}” is no identifier such as {printable(kind)}--<UUID>")
    if present.get("spec_version") != "2.1":
        found = printable(present.get("spec_version", "missing, which means 2.0"))
        raise _refusal(present, "spec_version", f"it is {found}; casemgr takes STIX 2.1")
    for name in ("created", "modified", *REQUIRED.get(kind, ())):
        if present.get(name) in (None, "", [], {}):
            raise _refusal(present, name, "it is required and missing")
    for name in ("created", "modified", *TIMES.get(kind, ())):
        if present.get(name) is not None:
            moment(present, name)
    _check_order(present, "created", "modified")
    if kind in TIMES and len(TIMES[kind]) > 1:
        _check_order(present, *TIMES[kind])
    _check_numbers(present, kind)
    _check_kind(present, kind)


def moment(present: dict[str, Any], name: str) -> datetime:
    value = text(present.get(name))
    try:
        if MOMENT.fullmatch(value):
            # Python reads microseconds; STIX allows more places.
            return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value))
    except ValueError:
        pass
    raise _refusal(present, name, f"“{printable(present.get(name))}” is no time such as 2026-06-05T10:00:00.000Z")


def _check_order(present: dict[str, Any], first: str, last: str) -> None:
    if present.get(first) is None or present.get(last) is None:
        return
    if moment(present, last) < moment(present, first):
        raise _refusal(present, last, f"it lies before {first}")


def _check_numbers(present: dict[str, Any], kind: str) -> None:
    for name, most in (("confidence", 100), (COUNTS.get(kind), MAX_COUNT)):
        value = present.get(name) if name else None
        if name and value is not None and (not isinstance(number(value), int) or not 0 <= value <= most):
            raise _refusal(present, name, f"{printable(value)} is no whole number from 0 to {most:,}")


def _check_kind(present: dict[str, Any], kind: str) -> None:
    if kind == "sighting" and not IDENTIFIER.fullmatch(text(present.get("sighting_of_ref"))):
        raise _refusal(present, "sighting_of_ref", "it is no STIX identifier")
    if kind == "report" and not texts(present.get("object_refs")):
        raise _refusal(present, "object_refs", "it is no list of STIX identifiers")
    if kind == "observed-data" and not present.get("object_refs") and not present.get("objects"):
        raise _refusal(present, "object_refs", "it is required and missing: nothing was observed")
    if kind == "indicator" and not (text(present.get("pattern")) and text(present.get("pattern_type"))):
        raise _refusal(present, "pattern", "a pattern and its type are texts")


def _refusal(present: dict[str, Any], name: str, why: str) -> Refusal:
    id_ = text(present.get("id"))
    reason = f"{name} of {printable(id_, 120) or 'an object'}: {why}."
    return Refusal("invalid", reason, field=name, source_ref=printable(id_, 200))
