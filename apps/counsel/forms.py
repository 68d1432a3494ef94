from collections.abc import Iterable
from typing import Any, cast

from django import forms

from apps.cases.forms.fields import ExhibitsField, day, labels, text
from apps.cases.models import Case, Exhibit, Party
from apps.cases.standards.theories import LAW
from apps.counsel.models import Counsel, Element


class CounselForm(forms.Form):
    """Who acts, for whom, and where they are written to."""

    party = forms.ModelChoiceField(Party.objects.none(), required=False, label="Acts for", empty_label="us")
    role = forms.ChoiceField(choices=Counsel.Role)
    name = forms.CharField(max_length=200, required=False, label="Lawyer")
    firm = forms.CharField(max_length=200, required=False, label="Law firm")
    admitted = forms.CharField(
        max_length=200, required=False, label="Admitted", help_text="Jurisdiction, with the bar and number there."
    )
    reference = forms.CharField(
        max_length=100, required=False, label="Their reference", help_text="The number of their file."
    )
    email = forms.EmailField(required=False, label="E-mail for service")
    address = text(3, required=False, label="Address for service", help_text="One line each, without the names.")
    acts_from = day(label="Acts from")
    acts_until = day(
        required=False, label="Until", help_text="The first day on which they do not act any more; empty while they do."
    )

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(Any, self.fields["party"]).queryset = case.parties.all()


class EndForm(forms.Form):
    acts_until = day(label="From this day they do not act any more")


class AdoptForm(forms.Form):
    theory = forms.ChoiceField(choices=[(one.id, f"{one.name} ({one.jurisdiction})") for one in LAW])
    jurisdiction = forms.CharField(
        max_length=100, help_text="Whose law, such as California or Germany; of a statute the country that made it."
    )
    note = text(3, required=False, label="Note", help_text="Privileged, as everything here.")


class WeighForm(forms.Form):
    """How one element stands."""

    strength = forms.ChoiceField(choices=Element.Strength)
    supporting = ExhibitsField(required=False, label="Exhibits that carry it", help_text="E1, E4–E6")
    opposing = ExhibitsField(required=False, label="Exhibits that speak against it")
    note = text(4, required=False, label="Why it is as strong as that")
    against = text(4, required=False, label="What speaks against it", help_text="What the other side will say.")

    def __init__(self, *args: Any, exhibits: Iterable[Exhibit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {exhibit.number: exhibit for exhibit in exhibits}
        for name in ("supporting", "opposing"):
            cast(ExhibitsField, self.fields[name]).offered = offered

    @staticmethod
    def initial_of(element: Element) -> dict[str, str]:
        return {
            "strength": element.strength,
            "supporting": labels(element.supporting),
            "opposing": labels(element.opposing),
            "note": element.note,
            "against": element.against,
        }


class WithdrawForm(forms.Form):
    why = text(3, label="Why it is not pursued any more", help_text="Privileged: it stays with the theory.")


class NoteForm(forms.Form):
    body = text(3, label="Note")
