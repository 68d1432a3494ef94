"""Legal theories: adopted, weighed element by element, withdrawn. For counsel alone, and each look is on record."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from apps.cases.standards.theories import LAW
from apps.cases.views.frame import VerbPage, panel
from apps.core.http import carried_out, require
from apps.counsel import actions, forms, queries
from apps.counsel.models import Element, Theory
from apps.counsel.views.acting import TAB


def _find(request: HttpRequest, pk: str) -> Theory:
    """The theory, or 404 for whom there is none."""
    return get_object_or_404(queries.visible_theories(request.user), pk=pk)


@require_safe
def theory(request: HttpRequest, pk: str) -> HttpResponse:
    """The matrix of one theory: its elements against the exhibits, with what is missing."""
    found = _find(request, pk)
    actions.open_theory(found, by=request.user)
    return _page(request, found, forms.NoteForm())


def _page(request: HttpRequest, found: Theory, form: forms.NoteForm) -> HttpResponse:
    standing = queries.Standing(found, list(found.elements.select_related("weighed_by", "theory__case")))
    context = {
        "theory": found,
        "standing": standing,
        "matrix": queries.matrix(standing),
        "notes": found.notes.select_related("written_by").order_by("-written_at", "-id"),
        "note_form": form,
    }
    return panel(request, found.case, "counsel/theory", context, form, tab=TAB)


class AdoptTheory(VerbPage):
    action = staticmethod(actions.adopt_theory)
    form_class = forms.AdoptForm
    title = "Adopt a legal theory"
    button = "Adopt it"
    icon = "book-2"
    consequence = "Its elements are missing until you weigh them. Nobody but counsel learns that it was adopted."
    done = "The theory is adopted. Weigh its elements."
    tab = TAB

    def get_initial(self) -> dict[str, Any]:
        return {"theory": self.request.GET.get("theory")}

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        shown = context | {"law": LAW}
        return panel(self.request, self.case, "counsel/adopt_theory", shown, context["form"], tab=TAB)


class WeighElement(VerbPage):
    action = staticmethod(actions.weigh_element)
    form_class = forms.WeighForm
    title = "Weigh an element"
    button = "Keep it"
    icon = "scale"
    consequence = "Work product: for counsel alone, in no letter, report or bundle."
    done = "It is weighed."
    tab = TAB

    def find_subject(self) -> Element:
        return get_object_or_404(queries.visible_elements(self.request.user), pk=self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return forms.WeighForm.initial_of(self.subject)

    def get_form_kwargs(self) -> dict[str, Any]:
        self.exhibits = list(self.case.exhibits.select_related("item").order_by("number"))
        return super().get_form_kwargs() | {"exhibits": self.exhibits}

    def get_success_url(self) -> str:
        return self.subject.theory.get_absolute_url()

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        actions.open_theory(self.subject.theory, by=self.request.user)
        shown = context | {"element": self.subject, "exhibits": self.exhibits}
        return panel(self.request, self.case, "counsel/weigh_element", shown, context["form"], tab=TAB)


class WithdrawTheory(VerbPage):
    action = staticmethod(actions.withdraw_theory)
    form_class = forms.WithdrawForm
    title = "Withdraw a theory"
    button = "Withdraw it"
    icon = "archive"
    consequence = "It stays on record as it is now, and can be adopted anew."
    done = "The theory is withdrawn."
    tab = TAB

    def find_subject(self) -> Theory:
        return _find(self.request, self.kwargs["pk"])

    def get_success_url(self) -> str:
        return self.subject.get_absolute_url()


@require_POST
def add_note(request: HttpRequest, pk: str) -> HttpResponse:
    found, form = _find(request, pk), forms.NoteForm(request.POST)
    require(request, "counsel.view", "counsel.add_note", found)
    if carried_out(request, form, actions.add_note, found, done="The note is with the theory."):
        return redirect(found)
    return _page(request, found, form)
