"""Pages of runs of the linkage: begun, followed, stopped, and compared with each other."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import actions
from apps.accounts.forms import CompareForm, ReasonForm, RunForm
from apps.accounts.models import LinkageRun
from apps.accounts.queries import rings
from apps.core.http import carried_out, form_page, require
from apps.core.paging import page
from apps.staff.queries import names_of


@require_safe
def linkage_runs(request: HttpRequest) -> HttpResponse:
    require(request, "accounts.view")
    rows = page(rings.visible_runs(request.user), ("-number", "-id"), request.GET)
    names = names_of({run.asked_by for run in rows})
    return render(request, "accounts/rings/runs.html", {"page": rows, "names": names})


@require_safe
def linkage_run(request: HttpRequest, pk: str) -> HttpResponse:
    run = _find(request, pk)
    before = rings.visible_runs(request.user).filter(number__lt=run.number, state="done").order_by("-number").first()
    who = names_of({run.asked_by})[run.asked_by]
    return render(request, "accounts/rings/run.html", {"run": run, "before": before, "who": who})


@require_http_methods(["GET", "HEAD", "POST"])
def start_linkage(request: HttpRequest) -> HttpResponse:
    require(request, "accounts.view", "accounts.start_linkage")
    form = RunForm(request.POST or None)
    if begun := carried_out(request, form, actions.start_linkage, done="Begun: it goes on by itself."):
        return redirect(begun.result)
    said = "Rings are found anew, and change all at once when the run ends. What people said of rings and edges stays."
    context = {"title": "Look for rings", "said": said, "button": "Begin", "up": None}
    return form_page(request, "accounts/rings/ask.html", form, **context, back=reverse("accounts:linkage_runs"))


@require_http_methods(["GET", "HEAD", "POST"])
def stop_linkage(request: HttpRequest, pk: str) -> HttpResponse:
    run = _find(request, pk)
    require(request, "accounts.view", "accounts.stop_linkage", run)
    form = ReasonForm(request.POST or None)
    if carried_out(request, form, actions.stop_linkage, run, done="Stopped."):
        return redirect(run)
    said = "It writes nothing: rings stay as they are."
    context = {"title": f"Stop {run}", "said": said, "button": "Stop it", "up": run}
    return form_page(request, "accounts/rings/ask.html", form, **context, back=run.get_absolute_url())


@require_safe
def compare_runs(request: HttpRequest) -> HttpResponse:
    """Which rings have other accounts after one run than after an earlier one."""
    require(request, "accounts.view")
    form = CompareForm(request.GET or None)
    context: dict = {"form": form}
    if form.is_valid():
        runs = rings.visible_runs(request.user).filter(state=LinkageRun.State.DONE)
        numbers = sorted([form.cleaned_data["one"], form.cleaned_data["two"]])
        one, two = (get_object_or_404(runs, number=number) for number in numbers)
        context |= {"one": one, "two": two, "rows": rings.compared(one, two)}
    return render(request, "accounts/rings/compare.html", context)


def _find(request: HttpRequest, pk: str) -> LinkageRun:
    return get_object_or_404(rings.visible_runs(request.user), pk=pk)
