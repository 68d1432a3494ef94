from typing import Any, cast

from django import forms

from apps.alerts.models import Severity
from apps.cases.forms.fields import day, text
from apps.cases.models import Case, Invitation, Party
from apps.evidence.models import Tlp
from apps.staff.models import User


class OpenForm(forms.Form):
    title = forms.CharField(max_length=200, help_text="Who or what, and what is suspected. No names of people.")
    severity = forms.TypedChoiceField(
        choices=Severity.choices, coerce=int, initial=Severity.MEDIUM, help_text="Impact if it is true."
    )
    kind = forms.ChoiceField(choices=Case.Kind.choices)
    summary = text(4, required=False, help_text="What is suspected, since when, on what ground: five sentences.")


class FromGroupForm(forms.Form):
    title = forms.CharField(max_length=200)
    reason = text(
        2,
        required=False,
        max_length=500,
        label="Why this is worth a case",
        help_text="Needed where none of its detectors is calibrated and in good standing.",
    )


class DescribeForm(forms.Form):
    title = forms.CharField(max_length=200)
    summary = text(6, required=False)
    severity = forms.TypedChoiceField(choices=Severity.choices, coerce=int)
    tlp = forms.ChoiceField(choices=Tlp.choices, label="Marking")


class AssignForm(forms.Form):
    to = forms.ModelChoiceField(User.objects.none(), label="Give it to", empty_label=None)
    reason = forms.CharField(max_length=300, required=False)

    def __init__(self, *args: Any, people, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["to"]).queryset = people


class CloseForm(forms.Form):
    closure = forms.ChoiceField(choices=Case.Closure.choices, label="How it ends")
    note = text(3, label="Why", help_text="A sentence or two for whoever opens this file in two years.")


class NoQuestions(forms.Form):
    """A verb that asks nothing more."""


class ReasonForm(forms.Form):
    reason = text(3)


class NoteForm(forms.Form):
    body = text(3, label="Note")
    is_privileged = forms.BooleanField(
        required=False, label="Privileged: legal advice", help_text="For legal roles only, never exported."
    )

    def __init__(self, *args: Any, legal: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not legal:
            del self.fields["is_privileged"]


class TaskForm(forms.Form):
    title = forms.CharField(max_length=200, label="What is to be done")
    assignee = forms.ModelChoiceField(User.objects.none(), label="By whom", required=False, empty_label="nobody yet")
    due_on = day(required=False, label="Until")

    def __init__(self, *args: Any, people, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["assignee"]).queryset = people


class PartyForm(forms.Form):
    name = forms.CharField(max_length=200)
    role = forms.ChoiceField(choices=Party.Role.choices, help_text="Alleged until it is adjudicated.")
    basis = text(2, label="What this rests on")
    address = text(3, required=False, label="Address", help_text="For a letter, one line each.")


class InviteForm(forms.Form):
    channel = forms.ChoiceField(choices=Invitation.Channel.choices)
    invited_on = day(label="Sent on")
    respond_by = day(label="May respond until")


class ResponseForm(forms.Form):
    responded_on = day(label="It came on")
    response = text(6, help_text="What the party says to each point, in its own words where they matter.")
