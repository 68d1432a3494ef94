from typing import Any, cast

from django import forms

from apps.accounts.models import Account
from apps.cases.models import Decision, Party
from apps.notices.actions import CARRIES_OUT, TO_ACCOUNTS
from apps.notices.models import NoticeTemplate, SampledLetter


def kinds_for(decision: Decision) -> list[tuple[str, str]]:
    """The letters that carry out this decision."""
    return [(kind.value, kind.label) for kind in NoticeTemplate.Kind if decision.action in CARRIES_OUT[kind]]


def letters_to_accounts(decision: Decision) -> list[tuple[str, str]]:
    return [choice for choice in kinds_for(decision) if choice[0] in TO_ACCOUNTS]


class DraftForm(forms.Form):
    """Which letter, to whom. Accounts are named by reference: a finding may have thousands."""

    kind = forms.ChoiceField(label="Letter")
    account = forms.CharField(help_text="Reference of an account of the finding: the letter goes to its holder.")
    party = forms.ModelChoiceField(Party.objects.none(), help_text="A party of the case. Add one on the case's page.")
    recipient = forms.CharField(
        required=False,
        label="Address block",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One line each. Left empty, it is taken from the records.",
    )

    def __init__(self, *args, decision: Decision, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        kinds = kinds_for(decision)
        cast(Any, self.fields["kind"]).choices = kinds
        parties = decision.case.parties.all()
        cast(Any, self.fields["party"]).queryset = parties
        if len(parties) == 1:
            self.fields["party"].initial = parties[0].pk
        to_accounts = {kind for kind, _ in kinds} & set(TO_ACCOUNTS)
        del self.fields["party" if to_accounts else "account"]

    def clean_account(self) -> Account:
        ref = self.cleaned_data["account"].strip()
        account = Account.objects.filter(ref=ref).first()
        if account is None:
            raise forms.ValidationError(f"There is no account “{ref}”.")
        return account


class RecipientForm(forms.Form):
    recipient = forms.CharField(label="Address block", widget=forms.Textarea(attrs={"rows": 4}), required=False)


class MailingForm(forms.Form):
    """Which letter to all accounts of a decision, and how sure its sample makes."""

    kind = forms.ChoiceField(label="Letter")
    at_most = forms.FloatField(
        min_value=0.01,
        max_value=99,
        initial=5,
        label="Rule out more wrong letters than, in percent",
        help_text="So many letters are drawn for the approver to read that finding none wrong shows it with 95 %"
        " confidence.",
    )

    def __init__(self, *args, decision: Decision, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["kind"]).choices = letters_to_accounts(decision)

    def clean_at_most(self) -> float:
        return self.cleaned_data["at_most"] / 100


class ReleaseForm(forms.Form):
    typed = forms.CharField(label="Number of letters")


class MarkForm(forms.Form):
    mark = forms.ChoiceField(choices=SampledLetter.Mark)
    note = forms.CharField(
        required=False, max_length=300, label="What is wrong", help_text="Asked for where it cannot go out as it is."
    )


class WordingForm(forms.Form):
    """A new version of a letter's wording."""

    content = forms.CharField(
        label="Wording",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 40, "class": "mono", "spellcheck": "true"}),
        help_text="A line `# subject`; sections `== key: heading`; paragraphs apart by an empty line; {name} for a"
        " value; [when name] or [unless name] to [end] for what depends on one.",
    )
