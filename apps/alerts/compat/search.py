"""The filters of TheHive's two query languages, as conditions on alerts.

v1: `{"_eq": {"_field": "title", "_value": …}}`; v0: `{"_field": "title", "_value": …}` and `{"_gt": {"date": …}}`.
"""

from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.alerts.compat.client import Refused
from apps.alerts.formats import reading, thehive
from apps.alerts.models import AlertGroup
from apps.alerts.wire import Refusal

State = AlertGroup.State
COLUMNS = {"title": "title", "severity": "severity"}
MOMENTS = {
    "date": "detected_at",
    "_createdAt": "received_at",
    "createdAt": "received_at",
    "_updatedAt": "updated_at",
    "updatedAt": "updated_at",
}
SAID = ("type", "source", "sourceRef", "externalLink", "description", "tlp", "pap")  # as the client said it
STATES = {
    "new": Q(group__state=State.OPEN),
    "updated": Q(group__state=State.OPEN, occurrences__gt=1),
    "inprogress": Q(group__state=State.CLAIMED),
    "ignored": Q(group__state=State.DISMISSED),
    "closed": Q(group__state=State.DISMISSED),
    "imported": Q(group__state=State.ESCALATED),
}
COMPARISONS = {
    "_eq": "exact",
    "_is": "exact",
    "_gt": "gt",
    "_gte": "gte",
    "_lt": "lt",
    "_lte": "lte",
    "_like": "icontains",
    "_match": "icontains",
    "_wildcard": "icontains",
    "_startsWith": "startswith",
    "_endsWith": "endswith",
}
MAX_DEPTH = 20


def condition(filters: Any, depth: int = 0) -> Q:
    """The alerts that a filter means. Raises Refused with what is not understood."""
    if not isinstance(filters, dict) or depth > MAX_DEPTH:
        raise Refused(400, "A filter is an object, nested at most twenty times.")
    filters = {name: value for name, value in filters.items() if name != "_name"}
    if not filters or "_any" in filters:
        return Q()
    if "_field" in filters:
        return _compare("_eq", filters)
    found = Q()
    for name, value in filters.items():
        found &= _one(name, value, depth)
    return found


def _one(name: str, value: Any, depth: int) -> Q:
    if name in ("_and", "_or"):
        if not isinstance(value, list):
            raise Refused(400, f"{name} has a list of filters.")
        parts = [condition(one, depth + 1) for one in value]
        return _all(parts) & _named(value) if name == "_and" else _any(parts)
    if name == "_not":
        return ~condition(value, depth + 1)
    if name in ("_id", "id", "_ids"):
        return Q(pk__in=[_uuid(one) for one in (value if isinstance(value, list) else [value])])
    if name in ("_has", "_contains"):
        return Q(**{f"content__ext__{thehive.NAME}__has_key": _text(value)})
    if name == "_ne":
        return ~_compare("_eq", value)
    if name in COMPARISONS or name in ("_in", "_between"):
        return _compare(name, value)
    raise Refused(400, f"casemgr does not know the filter “{name[:40]}”.")


def _all(parts: list[Q]) -> Q:
    found = Q()
    for part in parts:
        found &= part
    return found


def _any(parts: list[Q]) -> Q:
    found = Q(pk__in=[])
    for part in parts:
        found |= part
    return found


def _named(filters: list[Any]) -> Q:
    """Type, source and reference together are an alert's name, which has an index."""
    equal: dict[str, str] = {}
    for one in filters:
        held = one.get("_eq", one) if isinstance(one, dict) else {}
        if isinstance(held, dict) and held.get("_field") in thehive.IDENTITY:
            equal[held["_field"]] = str(held.get("_value"))
    if len(equal) < len(thehive.IDENTITY):
        return Q()
    return Q(source_ref=thehive.source_ref(equal["type"], equal["source"], equal["sourceRef"]))


def _compare(name: str, value: Any) -> Q:
    if not isinstance(value, dict):
        raise Refused(400, f"{name} has a _field and a value.")
    if "_field" not in value and len(value) == 1:  # v0: {"_gt": {"date": …}}
        ((field, plain),) = value.items()
        value = {"_field": field, "_value": plain}
    field = _text(value.get("_field"))
    if name == "_in":
        given = value.get("_values")
        if not isinstance(given, list):
            raise Refused(400, "_in has a list of _values.")
        return _any([_lookup(field, "exact", one) for one in given])
    if name == "_between":
        return _lookup(field, "gte", value.get("_from")) & _lookup(field, "lt", value.get("_to"))
    return _lookup(field, COMPARISONS[name], value.get("_value"))


def _lookup(field: str, comparison: str, value: Any) -> Q:
    if isinstance(value, dict | list) or value is None:
        raise Refused(400, f"A filter on “{field[:40]}” compares with one value.")
    if field in ("_id", "id"):
        return Q(pk=_uuid(value))
    if field in ("status", "stage"):
        return _in_state(value)
    if field in MOMENTS:
        return Q(**{f"{MOMENTS[field]}__{comparison}": _moment(value, field)})
    if field in COLUMNS:
        return Q(**{f"{COLUMNS[field]}__{comparison}": _number(value) if field == "severity" else _text(value)})
    if field == "tags":
        return Q(**{f"content__ext__{thehive.NAME}__tags__contains": [_text(value)]})
    if field in SAID:
        return Q(**{f"content__ext__{thehive.NAME}__{field}__{comparison}": _plain(value)})
    known = ", ".join(["_id", "status", "tags", *COLUMNS, *MOMENTS, *SAID])
    raise Refused(400, f"Alerts cannot be found by “{field[:40]}” here; by {known}.")


def _in_state(value: Any) -> Q:
    wanted = STATES.get(str(value).lower())
    if wanted is None:
        raise Refused(400, f"casemgr has no status “{str(value)[:40]}”: New, Updated, InProgress, Ignored, Imported.")
    return wanted


def _moment(value: Any, field: str) -> Any:
    try:
        return reading.from_milliseconds(value, field)
    except Refusal as refusal:
        raise Refused(400, str(refusal)) from refusal


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**31:
        raise Refused(400, "severity is a whole number from 1 to 4.")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value or len(value) > 5000:
        raise Refused(400, "A filter compares texts of at most 5,000 characters.")
    return value


def _plain(value: Any) -> Any:
    return _text(value) if isinstance(value, str) else value


def _uuid(value: Any) -> UUID | None:
    """None is nobody's id: what is no id of casemgr finds nothing."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


# --- order and pages -------------------------------------------------------------------------------------------------

SORTABLE = COLUMNS | MOMENTS
ORDER = ["-received_at", "-id"]
MOST = 1000  # alerts of one answer


def order(fields: Any) -> list[str]:
    """v1 `[{"date": "desc"}]`, v0 `["-date", "+title"]`; the newest first when nothing is said."""
    found = []
    for one in fields if isinstance(fields, list) else [fields]:
        if isinstance(one, dict) and len(one) == 1:
            ((name, way),) = one.items()
            descends = way == "desc"
        elif isinstance(one, str):
            name, descends = one.lstrip("+-"), one.startswith("-")
        else:
            raise Refused(400, "A sort has fields with asc or desc.")
        if name not in SORTABLE:
            raise Refused(400, f"Alerts cannot be sorted by “{name[:40]}” here; by {', '.join(SORTABLE)}.")
        found.append(f"{'-' if descends else ''}{SORTABLE[name]}")
    return [*found, "-id"] if found else ORDER


def page(first: Any, last: Any) -> slice:
    """From the first to before the last, at most a thousand."""
    if not (_is_number(first) and _is_number(last) and 0 <= first <= last <= 2**31):
        raise Refused(400, "A page goes from a number to a larger one.")
    return slice(first, min(last, first + MOST))


def _is_number(value: Any) -> bool:
    """A whole number; JSON's true and false are numbers to Python."""
    return isinstance(value, int) and not isinstance(value, bool)
