from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.reads.asking import asked
from apps.core.http import explained, form_page, require
from apps.core.paging import page
from apps.evidence import actions, fingerprints, forms, queries
from apps.staff.queries import names_of


@require_http_methods(["GET", "HEAD", "POST"])
def run_test(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view", "evidence.run_test")
    form = forms.GreenListForm(request.POST or None)
    if form.is_valid():
        with explained(form):
            run = actions.run_test(
                test_id="green-list",
                suspect=form.cleaned_data["suspect"],
                inputs=form.inputs(),
                submitted=form.submitted(),
                is_exploratory=not form.cleaned_data["planned"],
                by=request.user,
            )
            return redirect("evidence:run", run.ref)
    return form_page(request, "evidence/run_form.html", form, test=fingerprints.TESTS["green-list"])


@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    found = page(queries.visible_runs(request.user), ("-run_at", "-id"), request.GET)
    return render(request, "evidence/runs.html", {"page": found})


@require_http_methods(["GET", "HEAD", "POST"])
def run(request: HttpRequest, ref: str) -> HttpResponse:
    """What the run's file says, so looking at it is looking at the item."""
    found = get_object_or_404(queries.visible_runs(request.user), ref=ref)
    if answer := asked(request, actions.open_item, found.item, back=reverse("evidence:runs")):
        return answer
    bar = {"label": found.ref, "value": found.log10_lr_reported, "cap": found.log10_lr_cap, "note": ""}
    context = {
        "run": found,
        "test": fingerprints.TESTS.get(found.test_id),
        "runner": names_of([found.run_by])[found.run_by],
        "strength": [bar],
    }
    return render(request, "evidence/run.html", context)
