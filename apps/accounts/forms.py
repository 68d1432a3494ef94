from django import forms

from apps.accounts.models import Authorisation, Import, LinkageRun
from apps.policies.tags import KINDS, Conduct


class ImportForm(forms.Form):
    kind = forms.ChoiceField(label="What the rows are", choices=Import.Kind.choices)
    file = forms.FileField(
        label="File", help_text="NDJSON, one object a line, CSV with a header, or Parquet; plain, gzip or zstd."
    )


class AuthorisationForm(forms.Form):
    party = forms.CharField(label="Who is allowed", max_length=200)
    basis = forms.ChoiceField(label="On what basis", choices=Authorisation.Basis.choices)
    conduct = forms.MultipleChoiceField(
        label="What is allowed",
        choices=[(kind.value, f"{KINDS[kind].title}: {KINDS[kind].means}") for kind in Conduct],
        widget=forms.CheckboxSelectMultiple,
    )
    scope = forms.CharField(
        label="What exactly, and within which limits", widget=forms.Textarea(attrs={"rows": 3}), max_length=4000
    )
    starts_on = forms.DateField(label="First day", widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty if it holds until it is revoked.",
    )
    document_ref = forms.CharField(
        label="Document", max_length=64, help_text="The item of evidence that shows it, e.g. EV-2026-0001."
    )
    document_sha256 = forms.RegexField(
        r"^[0-9a-fA-F]{64}$", label="SHA-256 of the document", required=False, help_text="Its page shows it."
    )
    organisation = forms.CharField(
        label="Covers the accounts of this organisation",
        max_length=200,
        required=False,
        help_text="As the account records name it. With a contract too: those of the one under the other.",
    )
    contract = forms.CharField(label="Covers the accounts under this contract", max_length=64, required=False)
    refs = forms.CharField(
        label="Covers these accounts",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="References of accounts, one a line or apart by commas.",
    )

    def clean_refs(self) -> list[str]:
        return self.cleaned_data["refs"].replace(",", "\n").split()


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class RevocationForm(ReasonForm):
    revoked_from = forms.DateField(
        label="No longer holds from",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Today or later.",
    )


class WhyForm(forms.Form):
    why = forms.CharField(label="Why", widget=forms.Textarea(attrs={"rows": 3}), max_length=500)


class TieForm(WhyForm):
    whole = forms.BooleanField(
        label="The value itself, for everybody who holds it",
        required=False,
        help_text="Otherwise for this account alone.",
    )


class RunForm(forms.Form):
    scope = forms.ChoiceField(label="Among which accounts", choices=LinkageRun.Scope.choices)


class CompareForm(forms.Form):
    one = forms.IntegerField(label="After run", min_value=1)
    two = forms.IntegerField(label="and after run", min_value=1)
