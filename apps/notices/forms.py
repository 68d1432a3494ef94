from django import forms

from apps.accounts.models import Account
from apps.cases.models import Decision, Party
from apps.notices.actions import TO_ACCOUNTS, TO_PARTIES
from apps.notices.models import Notice, NoticeTemplate


class Filter(forms.Form):
    state = forms.ChoiceField(choices=[("", "Any state"), *Notice.State.choices], required=False)
    kind = forms.ChoiceField(choices=[("", "Any letter"), *NoticeTemplate.Kind.choices], required=False, label="Letter")
    q = forms.CharField(required=False, label="Number, case or account")


def kinds_for(decision: Decision) -> list[tuple[str, str]]:
    """The letters that carry out this decision."""
    fitting = {**TO_ACCOUNTS, **TO_PARTIES}
    return [(kind.value, kind.label) for kind in NoticeTemplate.Kind if decision.action in fitting.get(kind, set())]


class DraftForm(forms.Form):
    """Which letter, to whom. Accounts are named by reference: a finding may have thousands."""

    kind = forms.ChoiceField(label="Letter")
    account_ref = forms.CharField(
        required=False, label="Account", help_text="Reference of an account of the finding, for a letter to its holder."
    )
    party = forms.ModelChoiceField(
        Party.objects.none(), required=False, help_text="Party of the case, for a demand.", empty_label="none"
    )
    recipient = forms.CharField(
        required=False,
        label="Address block",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One line each. Left empty, it is taken from the records.",
    )

    def __init__(self, *args, decision: Decision, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds_for(decision)
        self.fields["party"].queryset = decision.case.parties.all()
        to_accounts = {kind for kind, _ in self.fields["kind"].choices} & set(TO_ACCOUNTS)
        del self.fields["party" if to_accounts else "account_ref"]

    def recipient_of_record(self) -> dict:
        """The `account` or `party` that the action takes. Raises ValidationError for an unknown reference."""
        if "party" in self.cleaned_data:
            return {"party": self.cleaned_data["party"]}
        ref = self.cleaned_data["account_ref"].strip()
        account = Account.objects.filter(ref=ref).first()
        if account is None:
            raise forms.ValidationError({"account_ref": f"There is no account “{ref}”."})
        return {"account": account}


class ReasonForm(forms.Form):
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}))


class RecipientForm(forms.Form):
    recipient = forms.CharField(label="Address block", widget=forms.Textarea(attrs={"rows": 4}), required=False)
