import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.http import carried_out, explained, form_page, require
from apps.core.paging import page
from apps.evidence import actions, fingerprints, queries
from apps.evidence.forms import runs as run_forms
from apps.evidence.forms.items import ReasonForm
from apps.evidence.models import BlindTrial
from apps.evidence.runs import sealing
from apps.staff.queries import names_of


@require_safe
def trials(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    found = page(queries.visible_trials(request.user), ("-committed_at", "-id"), request.GET)
    return render(request, "evidence/trials.html", {"page": found})


@require_safe
def trial(request: HttpRequest, ref: str) -> HttpResponse:
    found = _trial(request, ref)
    names = names_of([actor for actor in (found.committed_by, found.measured_by, found.opened_by) if actor])
    context = {
        "trial": found,
        "test": fingerprints.TESTS.get(found.test_id),
        "committer": names[found.committed_by],
        "tester": names.get(found.measured_by or ""),
        "opener": names.get(found.opened_by or ""),
        "rows": queries.scores_of(found),
        "run": getattr(found, "run", None),
    }
    return render(request, "evidence/trial.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def commit_order(request: HttpRequest) -> HttpResponse:
    """Draws the order, keeps its hash, and shows the order this once."""
    require(request, "evidence.view", "evidence.commit_order")
    form = run_forms.OrderForm(request.POST or None, initial=request.GET.dict())
    if form.is_valid():
        order, secret = form.drawn()
        commitment = sealing.commitment(order, secret)
        with explained(form):
            found = actions.commit_order(labels=list(order), commitment=commitment, by=request.user, **form.values())
            sealed = json.dumps({"trial": found.ref, "order": order, "secret": secret}, indent=1, ensure_ascii=False)
            return render(request, "evidence/order.html", {"trial": found, "order": order, "sealed": sealed})
    return form_page(request, "evidence/order_form.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def measure_order(request: HttpRequest, ref: str) -> HttpResponse:
    found = _trial(request, ref)
    require(request, "evidence.view", "evidence.measure_order", found)
    form = run_forms.JsonFileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        with explained(form):
            actions.measure_order(found, scores=form.cleaned_data["given"], by=request.user)
            return redirect(found)
    test = fingerprints.TESTS[found.test_id]
    example = json.dumps({"test_version": test.version, "scored": {found.labels[0]: {"n": 0, "inputs": test.example}}})
    return form_page(request, "evidence/measure_form.html", form, trial=found, test=test, example=example)


@require_http_methods(["GET", "HEAD", "POST"])
def open_order(request: HttpRequest, ref: str) -> HttpResponse:
    found = _trial(request, ref)
    require(request, "evidence.view", "evidence.open_order", found)
    form = run_forms.SealedOrderForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        with explained(form):
            return redirect(actions.open_order(found, **form.sealed(), by=request.user))
    return form_page(request, "evidence/open_form.html", form, trial=found)


@require_http_methods(["GET", "HEAD", "POST"])
def abandon_order(request: HttpRequest, ref: str) -> HttpResponse:
    found = _trial(request, ref)
    require(request, "evidence.view", "evidence.abandon_order", found)
    form = ReasonForm(request.POST or None)
    if carried_out(request, form, actions.abandon_order, found, done=f"{found.ref} is given up, and stays on record."):
        return redirect(found)
    return form_page(request, "evidence/give_up.html", form, title=f"Give up {found.ref}", button="Give up", back=found)


def _trial(request: HttpRequest, ref: str) -> BlindTrial:
    return get_object_or_404(queries.visible_trials(request.user).select_related("run"), ref=ref)
