from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.http import carried_out, explained, form_page, require
from apps.core.paging import page
from apps.evidence import actions, fingerprints, queries
from apps.evidence.forms import runs as run_forms
from apps.evidence.forms.items import ReasonForm
from apps.evidence.models import TestPlan
from apps.evidence.runs import planned
from apps.staff.queries import names_of


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    found = page(queries.visible_plans(request.user), ("-drafted_at", "-id"), request.GET)
    return render(request, "evidence/plans.html", {"page": found})


@require_safe
def plan(request: HttpRequest, ref: str) -> HttpResponse:
    found = _plan(request, ref)
    actors = [actor for actor in (found.drafted_by, found.registered_by) if actor]
    names = names_of(actors)
    context = {
        "plan": found,
        "test": fingerprints.TESTS.get(found.test_id),
        "runs": found.runs.select_related("suspect", "plan", "key").order_by("-run_at", "-id"),
        "beside": queries.beside_plan(found)[:50],
        "drafter": names[found.drafted_by],
        "registrar": found.registered_by and names[found.registered_by],
        "is_as_hashed": not found.sha256 or planned.digest(planned.content(found)) == found.sha256,
    }
    return render(request, "evidence/plan.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def draft_plan(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view", "evidence.draft_plan")
    form = run_forms.PlanForm(request.POST or None, initial=request.GET.dict())
    if form.is_valid():
        with explained(form):
            return redirect(actions.draft_plan(**form.values(), by=request.user))
    return form_page(request, "evidence/plan_form.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def change_plan(request: HttpRequest, ref: str) -> HttpResponse:
    found = _plan(request, ref)
    require(request, "evidence.view", "evidence.change_plan", found)
    form = run_forms.PlanForm(request.POST or None, initial=run_forms.PlanForm.initial_of(found))
    if form.is_valid():
        with explained(form):
            actions.change_plan(found, **form.values(), by=request.user)
            return redirect(found)
    return form_page(request, "evidence/plan_form.html", form, plan=found)


@require_POST
def register_plan(request: HttpRequest, ref: str) -> HttpResponse:
    found = _plan(request, ref)
    with explained(request):
        actions.register_plan(found, by=request.user)
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_plan(request: HttpRequest, ref: str) -> HttpResponse:
    found = _plan(request, ref)
    require(request, "evidence.view", "evidence.withdraw_plan", found)
    form = ReasonForm(request.POST or None)
    if carried_out(request, form, actions.withdraw_plan, found, done=f"{found.ref} is withdrawn, and stays on record."):
        return redirect(found)
    return form_page(
        request, "evidence/give_up.html", form, title=f"Withdraw {found.ref}", button="Withdraw", back=found
    )


def _plan(request: HttpRequest, ref: str) -> TestPlan:
    return get_object_or_404(queries.visible_plans(request.user), ref=ref)
