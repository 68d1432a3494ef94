"""Exhibits, and the explanations they are weighed against."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.cases import actions, forms, queries
from apps.cases.models import Assessment, Case, Independence
from apps.cases.views.frame import VerbPage, act, find, panel
from apps.core.http import explained, require
from apps.evidence.queries import visible_items


class AddExhibit(VerbPage):
    action = staticmethod(actions.add_exhibit)
    form_class = forms.ExhibitForm
    title = "Add an exhibit"
    button = "Add it"
    icon = "paperclip"
    consequence = "The item gets the next exhibit number of this case, for good."
    done = "The exhibit is in the file."
    tab = "cases:evidence"

    def get_initial(self) -> dict[str, Any]:
        return {"item": self.request.GET.get("item", "")}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"items": queries.items_on_offer(self.request.user, self.case)}


class ArgueIndependence(VerbPage):
    action = staticmethod(actions.argue_independence)
    form_class = forms.IndependenceForm
    title = "Argue the independence of evidence"
    button = "Submit it for review"
    icon = "scale"
    consequence = "When another person accepts it, the likelihood ratios of these lines are multiplied."
    done = "The argument awaits its review."
    tab = "cases:evidence"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"groups": queries.dependency_groups(self.case)}


@require_POST
def accept_independence(request: HttpRequest, pk: str) -> HttpResponse:
    argument = get_object_or_404(queries.visible_independences(request.user), pk=pk)
    with explained(request):
        actions.accept_independence(argument, by=request.user)
        messages.success(request, "Accepted: these lines of evidence are multiplied.")
    return redirect("cases:evidence", argument.case.ref)


class RefuseIndependence(VerbPage):
    action = staticmethod(actions.refuse_independence)
    form_class = forms.ReasonForm
    title = "Refuse the argument for independence"
    button = "Refuse it"
    icon = "x"
    consequence = "The lines of evidence are averaged, not multiplied."
    done = "Refused."
    tab = "cases:evidence"

    def find_subject(self) -> Independence:
        return get_object_or_404(queries.visible_independences(self.request.user), pk=self.kwargs["pk"])


@require_safe
def exhibits_of_item(request: HttpRequest, ref: str) -> HttpResponse:
    """A fragment for the page of an evidence item: the cases it is an exhibit of."""
    item = get_object_or_404(visible_items(request.user), ref=ref)
    cases = queries.visible_cases(request.user)
    found = item.exhibits.filter(case__in=cases).select_related("case").order_by("added_at")
    return render(request, "cases/_exhibits_of_item.html", {"exhibits": found})


# --- explanations -----------------------------------------------------------------------------------------------------


@require_safe
def explanations(request: HttpRequest, ref: str) -> HttpResponse:
    return _matrix_page(request, find(request, ref))


def _matrix_page(request: HttpRequest, case: Case, *, raising: BaseForm | None = None, assessing=None) -> HttpResponse:
    matrix = queries.matrix(case)
    refused, form = assessing or (None, None)
    context = {
        "matrix": matrix,
        "ratings": Assessment.Rating.choices,
        "raising": raising or forms.RaiseForm(raised={e.hypothesis for e in matrix.columns}),
        "assessing": [
            (e, form if e.pk == refused else forms.AssessForm(initial=_said(e), prefix=str(e.pk)))
            for e in matrix.columns
        ],
        "refused": refused,
    }
    return panel(request, case, "explanations", context, raising or form, tab="cases:explanations")


def _said(explanation) -> dict[str, str]:
    return {"status": explanation.status, "conclusion": explanation.conclusion}


@require_POST
def raise_explanation(request: HttpRequest, ref: str) -> HttpResponse:
    return act(
        request,
        forms.RaiseForm(request.POST),
        actions.raise_explanation,
        find(request, ref),
        done="Raised. It has to be tested before a finding.",
        tab="cases:explanations",
        page=lambda request, case, form: _matrix_page(request, case, raising=form),
    )


@require_POST
def assess_explanation(request: HttpRequest, pk: str) -> HttpResponse:
    explanation = get_object_or_404(queries.visible_explanations(request.user), pk=pk)
    return act(
        request,
        forms.AssessForm(request.POST, prefix=str(explanation.pk)),
        actions.assess_explanation,
        explanation,
        done=f"Assessed: {explanation}",
        tab="cases:explanations",
        page=lambda request, case, form: _matrix_page(request, case, assessing=(explanation.pk, form)),
    )


@require_POST
def rate_exhibit(request: HttpRequest, pk: str) -> HttpResponse:
    explanation = get_object_or_404(queries.visible_explanations(request.user), pk=pk)
    require(request, "cases.view", "cases.rate_exhibit", explanation)
    form = forms.RatingForm(request.POST)
    if form.is_valid():
        exhibit = get_object_or_404(explanation.case.exhibits, pk=form.cleaned_data["exhibit"])
        with explained(request):
            actions.rate_exhibit(explanation, exhibit=exhibit, rating=form.cleaned_data["rating"], by=request.user)
    else:
        messages.error(request, "Choose C, I or N/A.")
    return redirect("cases:explanations", explanation.case.ref)
