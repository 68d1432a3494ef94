from django import forms

from apps.staff.models import PEOPLE_ROLES
from apps.staff.roles import ROLES

ROLE_CHOICES = [(slug, f"{ROLES[slug].title}: {ROLES[slug].purpose}") for slug in PEOPLE_ROLES]


class Filter(forms.Form):
    role = forms.ChoiceField(
        choices=[("", "Any role"), *((slug, ROLES[slug].title) for slug in PEOPLE_ROLES)], required=False
    )
    access = forms.ChoiceField(
        choices=[("", "With and without access"), ("yes", "With access"), ("no", "Access ended")], required=False
    )
    q = forms.CharField(required=False, label="Name or e-mail")


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(choices=ROLE_CHOICES, widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(
        max_length=300, label="Why", help_text="Who asked for it. It stands in the trail beside the change."
    )


class InviteForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="As colleagues and letters should read it.")
    email = forms.EmailField(label="E-mail", help_text="They sign in with it.")
    roles = forms.MultipleChoiceField(choices=ROLE_CHOICES, widget=forms.CheckboxSelectMultiple)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=300, label="Why", help_text="It stands in the trail beside the change.")
