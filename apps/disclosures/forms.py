from django import forms

from apps.cases.models import Case, Exhibit
from apps.disclosures.models import Bundle, Report
from apps.disclosures.queries import documents_for


class CompileForm(forms.Form):
    audience = forms.ChoiceField(
        choices=Report.Audience.choices, help_text="It decides what is withheld; the rules are shown on the draft."
    )
    title = forms.CharField(max_length=200, help_text="As it is printed on the report.")
    recipient = forms.CharField(max_length=200, help_text="Authority, partner, or where it is published.")
    legal_basis = forms.CharField(
        max_length=300, label="Legal basis", help_text="Why it may be shared with them: law, agreement, consent."
    )


class _Exhibits(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj) -> str:
        return f"{obj.label} {obj.item.title}: {obj.shows}"


class CompileBundleForm(forms.Form):
    audience = forms.ChoiceField(
        choices=Bundle.Audience.choices,
        help_text="It decides what is handed over: a partner gets descriptions and proofs, no files and no names.",
    )
    recipient = forms.CharField(max_length=200, help_text="Who gets it: court, expert, authority.")
    legal_basis = forms.CharField(
        max_length=300, label="Legal basis", help_text="Why it may be handed over: order, law, agreement."
    )
    purpose = forms.CharField(max_length=300, help_text="What it is for. It is recorded, and printed in the bundle.")
    bates_prefix = forms.CharField(
        required=False,
        label="Bates prefix",
        help_text="2 to 10 capital letters or digits, such as NAI. Each page is numbered on a copy, after the last "
        "production with this prefix, whichever case it was of. The originals stay as they are. Empty: no numbers.",
    )
    confidentiality = forms.ChoiceField(
        choices=Bundle.Confidentiality.choices, required=False, help_text="Printed after each number."
    )
    exhibits = _Exhibits(
        Exhibit.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="What is left out is named in the bundle as left out.",
    )
    documents = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, required=False, help_text="Issued letters and released reports."
    )

    def __init__(self, data=None, *, case: Case) -> None:
        super().__init__(data)
        exhibits = case.exhibits.select_related("item")
        self.fields["exhibits"].queryset = exhibits  # type: ignore[attr-defined] # a field of that kind has one
        self.fields["exhibits"].initial = list(exhibits)
        found = {d.pk: d for audience in Bundle.Audience for d in documents_for(case, audience)}
        self.by_key = {str(key): document for key, document in found.items()}
        choices = [(key, _named(document)) for key, document in self.by_key.items()]
        self.fields["documents"].choices = choices  # type: ignore[attr-defined] # likewise

    def clean_documents(self) -> list:
        return [self.by_key[key] for key in self.cleaned_data["documents"]]


def _named(document) -> str:
    return f"{document.ref} {document.title}" if isinstance(document, Report) else f"{document.ref} {document.template}"
