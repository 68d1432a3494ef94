from typing import Any

from django import forms

from apps.accounts.models import Account, Identifier
from apps.cases.actions.steps import TYPED_ABOVE
from apps.cases.forms.fields import day, text


class SelectionForm(forms.Form):
    """Conditions that pick accounts, see `selection.Selection`."""

    refs = text(2, required=False, label="References", help_text="Separated by spaces, commas or lines.")
    product = forms.CharField(max_length=128, required=False)
    plan = forms.CharField(max_length=64, required=False)
    country = forms.CharField(max_length=2, required=False, help_text="Two letters.")
    organisation = forms.CharField(max_length=200, required=False)
    contract = forms.CharField(max_length=64, required=False)
    has_contract = forms.BooleanField(required=False, label="Has any contract on record")
    status = forms.ChoiceField(choices=[("", "any"), *Account.Status.choices], required=False)
    opened_from = day(required=False)
    opened_to = day(required=False)
    active_from = day(required=False)
    active_to = day(required=False)
    min_queries = forms.IntegerField(min_value=1, required=False, label="Queries at least")
    max_queries = forms.IntegerField(min_value=0, required=False, label="Queries at most")

    def clean_refs(self) -> list[str]:
        return self.cleaned_data["refs"].replace(",", " ").split()

    @property
    def query(self) -> dict[str, Any]:
        """What was said, without what was left out."""
        if not (self.is_bound and self.is_valid()):
            return {}
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [], False)}


class AddAccountsForm(SelectionForm):
    identifier_kind = forms.ChoiceField(choices=[("", "none"), *Identifier.Kind.choices], required=False)
    identifier_value = forms.CharField(
        max_length=2000, required=False, help_text="Compared as a keyed hash; the value itself is not kept."
    )

    def __init__(self, *args: Any, identifiers: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not identifiers:
            del self.fields["identifier_kind"], self.fields["identifier_value"]


class BulkForm(forms.Form):
    """Confirmation of a step on many accounts; `count` is how many it will meet."""

    typed = forms.CharField(required=False)

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = count

    def clean_typed(self) -> str:
        typed = self.cleaned_data["typed"].strip()
        if self.count > TYPED_ABOVE and typed != str(self.count):
            raise forms.ValidationError(f"This meets {self.count} accounts: type {self.count} to confirm.")
        return typed


class ExcludeForm(BulkForm):
    why = forms.CharField(max_length=300, label="Why they do not belong", help_text="It stays beside each of them.")
    field_order = ["why", "typed"]
