"""Lists of alerts for programs: what was asked for, and where the next page goes on.

Two ways to walk through them: the newest first, down to the oldest; or in the order of their last change, from a moment
on, without end (`updated_since`). Both by keyset cursor, so that a page costs the same wherever it is.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet, Subquery
from django.http import QueryDict

from apps.accounts.models import Account
from apps.alerts import feed, queries
from apps.alerts.models import Alert, AlertGroup, Detector, Kind, Severity
from apps.core.paging import beyond

LIMIT = 100
MAX_LIMIT = 1000
LOOKED_AT = 10_000  # alerts, for one page of what no index is sorted by
FIRST = UUID(int=0)
YES_NO = {"true": True, "false": False}


@dataclass(frozen=True)
class Cursor:
    """A place between two alerts, and in which direction it was reached."""

    is_feed: bool
    updated_at: datetime
    id: UUID

    def __str__(self) -> str:
        place = ["feed" if self.is_feed else "list", self.updated_at.isoformat(), str(self.id)]
        return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Raises ValidationError for what we did not give out."""
        try:
            way, moment, key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            found = cls({"feed": True, "list": False}[way], datetime.fromisoformat(moment), UUID(key))
            if found.updated_at.tzinfo is None:
                raise ValueError("a cursor's time has its zone")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValidationError("This is no cursor of an earlier answer: begin again without it.") from error
        return found


class Moment(forms.DateTimeField):
    """RFC 3339 with its zone. A `+` that was not escaped arrives as a blank."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            moment = datetime.fromisoformat(value.strip().replace(" ", "+")) if value else None
        except ValueError:
            moment = None
        if value and (moment is None or moment.tzinfo is None or not 1900 <= moment.year <= 9000):
            raise ValidationError("Write a time with its zone, such as 2026-06-05T10:00:00Z.")
        return moment and moment.astimezone(UTC)  # PostgreSQL knows no zone 16 hours away, Python does


class Asked(forms.Form):
    """The parameters of `GET /api/v1/alerts`. A name that is none of them is refused: a misspelt filter would answer
    with everything."""

    source = forms.CharField(required=False, max_length=64)
    source_ref = forms.CharField(required=False, max_length=200, strip=False)
    kind = forms.ChoiceField(required=False, choices=Kind.choices)
    severity = forms.TypedChoiceField(required=False, choices=Severity.choices, coerce=int, empty_value=None)
    state = forms.ChoiceField(required=False, choices=AlertGroup.State.choices)
    open = forms.TypedChoiceField(
        required=False, choices=[(name, name) for name in YES_NO], coerce=YES_NO.__getitem__, empty_value=None
    )
    account = forms.CharField(required=False, max_length=128, strip=False)
    since = Moment(required=False)
    until = Moment(required=False)
    updated_since = Moment(required=False)
    cursor = forms.CharField(required=False, max_length=500)
    limit = forms.IntegerField(required=False, min_value=1, max_value=MAX_LIMIT)

    def clean_cursor(self) -> Cursor | None:
        return Cursor.read(self.cleaned_data["cursor"]) if self.cleaned_data["cursor"] else None

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if unknown := sorted(set(self.data) - set(self.fields)):
            raise ValidationError(f"There is no parameter {', '.join(unknown)[:200]}.")
        cursor, since = values.get("cursor"), values.get("updated_since")
        if cursor and since and not cursor.is_feed:
            raise ValidationError("The cursor is of a list without updated_since: begin again without it.")
        is_feed = bool(since or (cursor and cursor.is_feed))
        if is_feed and (values.get("since") or values.get("until")):
            raise ValidationError("updated_since follows along without end: leave out since and until.")
        if values.get("source_ref") and not values.get("source"):
            self.add_error("source_ref", "Name the source as well: a reference is unique within its source.")
        return values

    @property
    def is_one(self) -> bool:
        """Whether it names a single alert."""
        return bool(self.cleaned_data["source"] and self.cleaned_data["source_ref"])


def asked(query: QueryDict) -> Asked:
    """What was asked for. Raises ValidationError with a sentence for each parameter that is wrong."""
    form = Asked(query)
    if not form.is_valid():
        said = [
            " ".join(map(str, problems)) if name == "__all__" else f"{name}: {' '.join(map(str, problems))}"
            for name, problems in form.errors.items()
        ]
        raise ValidationError(said)
    return form


@dataclass
class Page:
    alerts: list[Alert]
    cursor: Cursor | None  # where the next page goes on
    has_more: bool


def page(principal: Any, values: dict[str, Any]) -> Page:
    """A page of what the principal may see, by the cleaned values of `Asked`. Two queries at most, one more for each of
    account and what no index is sorted by.

    Of the latter so many alerts are looked at for a page, however rare what is asked for: the page may hold fewer than
    `limit`, or none, and the cursor goes on behind the last that was looked at.
    """
    limit = values["limit"] or LIMIT
    cursor = values["cursor"] or (Cursor(True, values["updated_since"], FIRST) if values["updated_since"] else None)
    is_feed = bool(cursor and cursor.is_feed)
    alerts = _within(queries.visible_alerts(principal), values)
    if cursor:
        alerts = alerts.filter(_from(cursor, less=not is_feed))
    if is_feed:
        alerts = alerts.filter(updated_at__lt=feed.horizon())
    alerts = alerts.order_by(*(("updated_at", "id") if is_feed else ("-updated_at", "-id")))
    picked, edge = _given(values, PICKED), None
    if picked:
        alerts, edge = _looked_at(alerts, is_feed) if not values["account"] else (alerts, None)
        alerts = alerts.filter(**picked)
    rows = list(alerts[: limit + 1])
    has_more, rows = len(rows) > limit, rows[:limit]
    last = Cursor(is_feed, rows[-1].updated_at, rows[-1].pk) if rows else cursor
    if edge and not has_more:
        has_more, last = True, edge
    return Page(rows, last if is_feed or has_more else None, has_more)


def _from(cursor: Cursor, *, less: bool, equal_too: bool = False) -> Q:
    return beyond(("updated_at", "id"), (cursor.updated_at, cursor.id), less=less, equal_too=equal_too)


def _looked_at(alerts: QuerySet[Alert], is_feed: bool) -> tuple[QuerySet[Alert], Cursor | None]:
    """The next alerts in order, as many as are looked at for a page, and the last of them where more may follow."""
    places = alerts.select_related(None).values_list("updated_at", "id")
    found = places[LOOKED_AT - 1 : LOOKED_AT].first()
    if found is None:
        return alerts, None
    edge = Cursor(is_feed, *found)
    return alerts.filter(_from(edge, less=is_feed, equal_too=True)), edge


SORTED = {"since": "updated_at__gte", "until": "updated_at__lt"}
PICKED = {"kind": "kind", "severity": "severity__gte", "state": "group__state", "open": "is_open"}


def _given(values: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    return {column: values[name] for name, column in columns.items() if values[name] not in (None, "")}


def _within(alerts: QuerySet[Alert], values: dict[str, Any]) -> QuerySet[Alert]:
    """What an index leads to. The account is looked up first: PostgreSQL knows how many alerts an id has, and plans
    accordingly. A detector's alerts are in order anyway."""
    given = _given(values, SORTED)
    if values["source"]:
        alerts = alerts.filter(detector=Subquery(Detector.objects.filter(slug=values["source"]).values("pk")[:1]))
    if values["account"]:
        given["about__account__in"] = list(Account.objects.filter(ref=values["account"]).values_list("pk", flat=True))
    return alerts.filter(**given)


def one(principal: Any, *, source: str, source_ref: str) -> Alert | None:
    """The alert of a reference; where a short reference was taken twice, the first of them. One index look-up."""
    found = queries.visible_alerts(principal).filter(detector__slug=source, source_ref=source_ref)
    return found.order_by("variant").first()
