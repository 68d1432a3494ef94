from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms


class AcknowledgeForm(forms.Form):
    reason = forms.CharField(
        label="What was found out, and what is being done",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The warning on the pages ends with this; the findings stay here, and so do your words.",
    )


class Moment(forms.Field):
    """A time in UTC, as a browser's field or a link gives it; a time to the minute or second means its end."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        text = str(value).strip().replace(" ", "+")  # an unescaped + of an offset arrives as a space
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise forms.ValidationError("Give a time such as 2026-03-18T09:42, in UTC.") from None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if "." in text:
            return moment
        whole = timedelta(minutes=1) if text.count(":") < 2 else timedelta(seconds=1)
        return moment + whole - timedelta(microseconds=1)


class AsOfForm(forms.Form):
    at = Moment(label="Show it as it was at (UTC)")
