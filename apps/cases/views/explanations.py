"""Other explanations, and the matrix in which exhibits are weighed against them."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.cases import actions, forms, queries
from apps.cases.models import Assessment, Case, Exhibit
from apps.cases.standards import alternatives
from apps.cases.views.frame import act, find, panel
from apps.core.http import explained, is_fragment, require
from apps.core.paging import page

ROWS = 25  # exhibits of the matrix on one page


@require_safe
def explanations(request: HttpRequest, ref: str) -> HttpResponse:
    return _matrix_page(request, find(request, ref))


def _matrix_page(request: HttpRequest, case: Case, *, raising: BaseForm | None = None, assessing=None) -> HttpResponse:
    shown = page(queries.exhibits(case), ("number", "id"), request.GET, size=ROWS)
    matrix = queries.matrix(case, list(shown))
    refused, form = assessing or (None, None)
    raised = {e.hypothesis for e in matrix.columns}
    context = {
        "matrix": matrix,
        "page": shown,
        "ratings": Assessment.Rating.choices,
        "raising": raising or forms.RaiseForm(raised=raised),
        "unraised": [one for one in alternatives.REGISTER.alternatives if one.id not in raised],
        "register": alternatives.REGISTER,
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
        done="Raised. It has to be looked into before a finding.",
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
    """One cell. In place, the totals that it changes come back; without scripts the page does."""
    exhibit = get_object_or_404(queries.visible_exhibits(request.user), pk=pk)
    require(request, "cases.view", "cases.rate_exhibit", exhibit)
    form = forms.RatingForm(request.POST)
    if form.is_valid():
        data: dict[str, Any] = form.cleaned_data
        explanation = data["explanation"] and get_object_or_404(exhibit.case.explanations, pk=data["explanation"])
        with explained(request):
            actions.rate_exhibit(exhibit, explanation=explanation, rating=data["rating"], by=request.user)
    else:
        messages.error(request, "Choose C, I or N/A.")
    if is_fragment(request) and form.is_valid():
        return _totals(request, exhibit)
    return redirect(f"{reverse('cases:explanations', args=[exhibit.case.ref])}#row-{exhibit.number}")


def _totals(request: HttpRequest, exhibit: Exhibit) -> HttpResponse:
    matrix = queries.matrix(exhibit.case, [exhibit])
    return render(request, "cases/_matrix_totals.html", {"matrix": matrix, "row": matrix.rows[0], "in_place": True})
