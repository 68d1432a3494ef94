"""Exhibits, and the explanations they are weighed against."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases import actions, forms, queries
from apps.cases.models import Assessment, Case
from apps.cases.views.frame import find, form_page, panel
from apps.core.http import explained
from apps.evidence.queries import visible_items


@require_safe
def evidence(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    exhibits = list(queries.exhibits(case))
    context = {
        "exhibits": exhibits,
        "bars": queries.strength_rows(exhibits),
        "combined": queries.combined(case, exhibits),
        "independence": queries.independence(case),
    }
    return panel(request, case, "evidence", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add_exhibit(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    form = forms.ExhibitForm(
        request.POST or None,
        items=queries.items_on_offer(request.user, case),
        initial={"item": request.GET.get("item", "")},
    )
    return form_page(
        request,
        case,
        "cases.add_exhibit",
        form,
        partial(actions.add_exhibit, case),
        title="Add an exhibit",
        button="Add it",
        icon="paperclip",
        consequence="The item gets the next exhibit number of this case, for good.",
        done="The exhibit is in the file.",
        back="cases:evidence",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def argue_independence(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    return form_page(
        request,
        case,
        "cases.argue_independence",
        forms.IndependenceForm(request.POST or None, groups=queries.dependency_groups(case)),
        partial(actions.argue_independence, case),
        title="Argue the independence of evidence",
        button="Submit it for review",
        icon="scale",
        consequence="When another person accepts it, the likelihood ratios of these lines are multiplied.",
        done="The argument awaits its review.",
        back="cases:evidence",
    )


@require_POST
def accept_independence(request: HttpRequest, pk: str) -> HttpResponse:
    argument = get_object_or_404(queries.visible_independences(request.user), pk=pk)
    with explained(request):
        actions.accept_independence(argument, by=request.user)
        messages.success(request, "Accepted: these lines of evidence are multiplied.")
    return redirect("cases:evidence", argument.case.ref)


@require_http_methods(["GET", "HEAD", "POST"])
def refuse_independence(request: HttpRequest, pk: str) -> HttpResponse:
    argument = get_object_or_404(queries.visible_independences(request.user), pk=pk)
    return form_page(
        request,
        argument.case,
        "cases.refuse_independence",
        forms.ReasonForm(request.POST or None),
        partial(actions.refuse_independence, argument),
        title="Refuse the argument for independence",
        button="Refuse it",
        icon="x",
        consequence="The lines of evidence are averaged, not multiplied.",
        done="Refused.",
        back="cases:evidence",
        obj=argument,
    )


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


def _matrix_page(
    request: HttpRequest, case: Case, *, raising: forms.RaiseForm | None = None, assessing=None
) -> HttpResponse:
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
    return panel(request, case, "explanations", context, raising or form)


def _said(explanation) -> dict[str, str]:
    return {"status": explanation.status, "conclusion": explanation.conclusion}


@require_POST
def raise_explanation(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    form = forms.RaiseForm(request.POST)
    if form.is_valid():
        with explained(form):
            actions.raise_explanation(case, **form.cleaned_data, by=request.user)
            messages.success(request, "Raised. It has to be tested before a finding.")
            return redirect("cases:explanations", case.ref)
    return _matrix_page(request, case, raising=form)


@require_POST
def assess_explanation(request: HttpRequest, pk: str) -> HttpResponse:
    explanation = get_object_or_404(queries.visible_explanations(request.user), pk=pk)
    form = forms.AssessForm(request.POST, prefix=str(explanation.pk))
    if form.is_valid():
        with explained(form):
            actions.assess_explanation(explanation, **form.cleaned_data, by=request.user)
            messages.success(request, f"Assessed: {explanation}")
            return redirect("cases:explanations", explanation.case.ref)
    return _matrix_page(request, find(request, explanation.case.ref), assessing=(explanation.pk, form))


@require_POST
def rate_exhibit(request: HttpRequest, pk: str) -> HttpResponse:
    explanation = get_object_or_404(queries.visible_explanations(request.user), pk=pk)
    form = forms.RatingForm(request.POST)
    if form.is_valid():
        exhibit = get_object_or_404(explanation.case.exhibits, pk=form.cleaned_data["exhibit"])
        with explained(request):
            actions.rate_exhibit(explanation, exhibit=exhibit, rating=form.cleaned_data["rating"], by=request.user)
    else:
        messages.error(request, "Choose C, I or N/A.")
    return redirect("cases:explanations", explanation.case.ref)
