from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.html import format_html
from django.utils.text import capfirst

from apps.accounts.models import Account
from apps.cases.models import Decision, Party
from apps.notices import grounds
from apps.notices.actions import CARRIES_OUT, TO_ACCOUNTS, TO_PARTIES, TO_VICTIMS
from apps.notices.languages import SOURCE
from apps.notices.letter import PROFILES, Translation
from apps.notices.letter.profiles import NAMES as PROFILE_NAMES
from apps.notices.models import Notice, NoticeTemplate, SampledLetter


def kinds_for(decision: Decision) -> list[tuple[str, str]]:
    """The letters that carry out this decision; one to a victim where the case has one."""
    kinds = [kind for kind in NoticeTemplate.Kind if decision.action in CARRIES_OUT[kind]]
    if not any(party.role == Party.Role.IDENTITY_VICTIM for party in decision.case.parties.all()):
        kinds = [kind for kind in kinds if kind not in TO_VICTIMS]
    return [(kind.value, kind.label) for kind in kinds]


def letters_to_accounts(decision: Decision) -> list[tuple[str, str]]:
    return [choice for choice in kinds_for(decision) if choice[0] in TO_ACCOUNTS]


class ListingForm(forms.Form):
    """Whether a party is told which accounts are concerned, or how many."""

    LISTED, COUNTED = "listed", "counted"

    accounts = forms.ChoiceField(
        label="Accounts concerned",
        choices=[
            (LISTED, "Listed: reference, service, first and last activity"),
            (COUNTED, "By their number alone"),
        ],
        required=False,
    )
    listed_why = forms.CharField(
        required=False,
        max_length=500,
        label="What it has to know them for",
        help_text="A list tells somebody else about account holders. Say what this recipient cannot do without it; the"
        " approver reads it, and it stands on record. Left empty for those who usually get the list, it"
        " says that they keep their records by account.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        """`listed_why` as actions take it: why, "" where their number will do, not there where nothing was chosen."""
        values = super().clean() or {}
        choice, why = values.pop("accounts", ""), values.pop("listed_why", "").strip()
        if choice == self.LISTED and not why:
            self.add_error("listed_why", "Say what this recipient has to know them for.")
        if choice == self.COUNTED:
            if why != self.initial.get("listed_why", ""):
                self.add_error("accounts", "You say what it has to know them for: list them, or leave that out.")
            why = ""
        return values | ({"listed_why": why} if choice or why else {})


class DraftForm(ListingForm):
    """Which letter, to whom. Accounts are named by reference: a finding may have thousands."""

    field_order = ("kind", "language", "profile", "sort", "account", "party", "accounts", "listed_why", "recipient")

    kind = forms.ChoiceField(label="Letter")
    language = forms.ChoiceField(label="Language", choices=NoticeTemplate.Language.choices, required=False)
    profile = forms.ChoiceField(
        label="Rules",
        required=False,
        choices=[("", "Those of the account’s country, or the European Union’s"), *PROFILE_NAMES.items()],
        help_text="By which rules the letter is written, and what it must say.",
    )
    sort = forms.ChoiceField(
        label="Recipient",
        required=False,
        help_text="What this recipient holds, or what of theirs was used. Left empty, the part of the party says it.",
    )
    account = forms.CharField(help_text="Reference of an account of the finding: the letter goes to its holder.")
    party = forms.ModelChoiceField(Party.objects.none(), help_text="A party of the case. Add one on the case's page.")
    recipient = forms.CharField(
        required=False,
        label="Address block",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One line each. Left empty, it is taken from the records: of a party with counsel, that of counsel.",
    )

    def __init__(self, *args, decision: Decision, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        kinds = kinds_for(decision)
        cast(Any, self.fields["kind"]).choices = kinds
        parties = decision.case.parties.all()
        cast(Any, self.fields["party"]).queryset = parties
        if len(parties) == 1:
            self.fields["party"].initial = parties[0].pk
        offered = {kind for kind, _ in kinds}
        self._offer_recipients(bool(offered & set(TO_ACCOUNTS)), bool(offered - set(TO_ACCOUNTS)))
        self._offer_sorts(offered)
        self._offer_listing(offered & {*TO_PARTIES, *TO_VICTIMS})

    def _offer_recipients(self, accounts: bool, parties: bool) -> None:
        """Which of the two a letter goes to depends on its kind, where the decision calls for letters to both."""
        if not accounts:
            del self.fields["account"]
        if not parties:
            del self.fields["party"]
        if accounts and parties:
            self.fields["account"].required = self.fields["party"].required = False

    def _offer_sorts(self, offered: set[str]) -> None:
        sorts = [
            (key, sort.label)
            for kind in offered
            for key, sort in grounds.SORTS.get(NoticeTemplate.Kind(kind), {}).items()
        ]
        cast(Any, self.fields["sort"]).choices = [("", "As the records have it"), *sorts]
        if not sorts:
            del self.fields["sort"]

    def _offer_listing(self, kinds: set[str]) -> None:
        """Chosen for the letters to parties among them, or left to what is usual."""
        if not kinds:
            del self.fields["accounts"], self.fields["listed_why"]
            return
        accounts = cast(Any, self.fields["accounts"])
        accounts.choices = [("", "As usual for such a recipient"), *accounts.choices]
        accounts.help_text = "Usual is their number alone."
        if NoticeTemplate.Kind.PRESERVATION in kinds:
            accounts.help_text = (
                "A reseller, a cloud or a payment provider is told which they are, as it keeps its records by account;"
                " all others are told their number alone."
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        unused = "party" if values.get("kind") in TO_ACCOUNTS else "account"
        optional = ("language", "profile", "sort")
        return {name: value for name, value in values.items() if name != unused and (value or name not in optional)}

    def clean_account(self) -> Account | None:
        ref = self.cleaned_data["account"].strip()
        if not ref and not self.fields["account"].required:
            return None
        account = Account.objects.filter(ref=ref).first()
        if account is None:
            raise forms.ValidationError(f"There is no account “{ref}”.")
        return account


class RecipientForm(forms.Form):
    recipient = forms.CharField(label="Address block", widget=forms.Textarea(attrs={"rows": 4}), required=False)


class RedraftForm(RecipientForm, ListingForm):
    """What a draft to a party may have another of, once it is taken from the records again."""

    field_order = ("recipient", "accounts", "listed_why")


def redraft_form(notice: Notice, data: Any = None) -> RecipientForm:
    """What may be said anew of a draft, as it is now."""
    if notice.party_id is None:
        return RecipientForm(data, initial={"recipient": notice.recipient})
    listed = ListingForm.COUNTED if notice.listed_count is None else ListingForm.LISTED
    initial = {"recipient": notice.recipient, "accounts": listed, "listed_why": notice.listed_why}
    return RedraftForm(data, initial=initial)


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

    language = forms.ChoiceField(
        label="Language",
        choices=[("", "That of each account’s country, or English"), *NoticeTemplate.Language.choices],
        required=False,
        help_text="The language of a country is taken once what people wrote for the case was translated into it, in a"
        " letter to one account.",
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
        " value; [when name] or [unless name] to [end] for a passage that depends on one. Nothing else has a meaning.",
    )
    effective_from = forms.DateField(
        required=False,
        label="In effect from",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The first day (UTC) on which drafts take it. Left empty: the day on which it is proposed.",
    )


class ShownForm(forms.Form):
    """With which invented facts a wording is shown."""

    profile = forms.ChoiceField(label="Recipient", choices=PROFILE_NAMES.items(), required=False)
    sparse = forms.BooleanField(label="Without all that a letter may lack", required=False)

    def clean_profile(self) -> str:
        return self.cleaned_data["profile"] or PROFILES[0]


class CompareForm(forms.Form):
    """Two versions of one wording; the one that came with casemgr is `built-in`."""

    old = forms.ChoiceField(label="From")
    new = forms.ChoiceField(label="To")

    def __init__(self, *args: Any, versions: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("old", "new"):
            cast(Any, self.fields[name]).choices = versions


class ReinstatementForm(forms.Form):
    lifted_on = forms.DateField(label="Lifted from", widget=forms.DateInput(attrs={"type": "date"}))
    reasons = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="As the letter gives them. Paragraphs apart by an empty line.",
    )


class TranslationForm(forms.Form):
    """The sentences of a letter in its language; each field stands beside the sentence that it translates."""

    def __init__(self, *args: Any, translations: Iterable[Translation], language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, item in enumerate(translations):
            self.fields[f"text-{number}"] = forms.CharField(
                label=capfirst(item.name),
                initial=item.text,
                required=False,
                help_text=format_html('<q lang="{}">{}</q>', SOURCE, item.source),
                widget=forms.Textarea(attrs={"rows": 2, "lang": language}),
            )
        self.names = [item.name for item in translations]

    @property
    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[f"text-{number}"] for number, name in enumerate(self.names)}
