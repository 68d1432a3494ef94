import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from apps.evidence.models import QueryLog
from apps.evidence.querylogs.columns import ROLES, TIME, UNITS
from apps.evidence.querylogs.figures import Asked

FORMS = {
    "iso": "as dates, such as 2026-02-03T10:00:00Z",
    "native": "as the file's own type for times",
    "s": "as seconds since 1970",
    "ms": "as milliseconds since 1970",
    "us": "as microseconds since 1970",
    "ns": "as nanoseconds since 1970",
}
ABSENT = "the log has none"
LINES = forms.Textarea(attrs={"rows": 3})


class MapForm(forms.Form):
    """What each column means, as proposed; and what no log says: zone, prices, releases, a list to compare with."""

    time_form = forms.ChoiceField(label="Time stamps are written", choices=[(k, FORMS[k]) for k in FORMS])
    zone = forms.CharField(
        required=False,
        max_length=60,
        label="Zone of times that name none",
        help_text="UTC, or a zone such as Europe/Berlin. Ask whoever exported the log.",
    )
    prices = forms.CharField(
        required=False,
        widget=LINES,
        label="Prices per million tokens",
        help_text="One model a line: its name, the price in, the price out. * stands for every other model. Without "
        "prices no cost is computed.",
    )
    currency = forms.CharField(required=False, max_length=10)
    releases = forms.CharField(
        required=False,
        widget=LINES,
        label="Releases",
        help_text="One model a line: its name, and when it was released, such as 2026-02-03T10:00Z. Models that are "
        "not named here count from their first row.",
    )
    benchmark: Any = forms.ModelChoiceField(
        queryset=None,
        required=False,
        label="List to compare prompts with",
        help_text="An item with known prompts, such as a benchmark: JSON Lines or CSV with a column of instructions.",
    )
    burst_factor = forms.IntegerField(
        min_value=2, max_value=1000, initial=Asked.burst_factor, label="A burst is at least so many times the mean"
    )
    burst_floor = forms.IntegerField(
        min_value=1, max_value=10**9, initial=Asked.burst_floor, label="and at least so many requests an hour"
    )

    def __init__(self, log: QueryLog, items: QuerySet, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [("", ABSENT), *((name, name) for name in log.shape["names"])]
        for role in ROLES:
            self.fields[role.name] = forms.ChoiceField(
                choices=names,
                required=role.name == TIME,
                initial=log.columns.get(role.name, ""),
                label=role.title.capitalize() if role.title.islower() else role.title,
            )
        self.fields["time_form"].initial = log.time_form or "iso"
        field: Any = self.fields["benchmark"]
        field.queryset = items.exclude(pk=log.item_id)

    @property
    def roles(self) -> list[forms.BoundField]:
        return [self[role.name] for role in ROLES]

    @property
    def rest(self) -> list[forms.BoundField]:
        return [self[name] for name in ("prices", "currency", "releases", "benchmark", "burst_factor", "burst_floor")]

    def clean_prices(self) -> dict[str, list[str]]:
        found = {}
        for line in self.cleaned_data["prices"].splitlines():
            if not line.strip():
                continue
            words = line.replace(";", " ").split()
            try:
                prices = [Decimal(word) for word in words[-2:]]
            except InvalidOperation:
                prices = []
            if len(words) < 3 or not prices or not all(p.is_finite() and 0 <= p < 10**6 for p in prices):
                raise ValidationError(f"“{line[:60]}” is not a model and two prices, such as: model-a 3.00 15.00")
            found[" ".join(words[:-2])] = words[-2:]
        return found

    def clean_releases(self) -> dict[str, str]:
        found = {}
        for line in self.cleaned_data["releases"].splitlines():
            if not line.strip():
                continue
            model, _, written = line.strip().rpartition(" ")
            try:
                moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", written))
            except ValueError:
                moment = None
            if not model or moment is None:
                raise ValidationError(f"“{line[:60]}” is not a model and a time, such as: model-a 2026-02-03T10:00Z")
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            found[model.strip()] = moment.astimezone(UTC).isoformat()
        return found

    def clean_zone(self) -> str:
        return str(self.cleaned_data["zone"]).strip()

    def values(self) -> dict[str, Any]:
        """As `map_log` takes them."""
        data = self.cleaned_data
        asked = {name: data[name] for name in ("prices", "currency", "releases", "burst_factor", "burst_floor")}
        return {
            "columns": {role.name: data.get(role.name, "") for role in ROLES},
            "time_form": data["time_form"],
            "zone": data["zone"],
            "asked": asked,
            "benchmark": data["benchmark"],
        }


assert set(UNITS) < set(FORMS)
