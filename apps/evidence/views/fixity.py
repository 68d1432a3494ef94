from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.core import vault
from apps.core.http import explained, require
from apps.evidence import actions, queries
from apps.evidence.models import FixityRun, Item
from apps.staff.queries import names_of

SHOWN = 12


@require_safe
def fixity(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view_fixity")
    runs = list(queries.visible_fixity_runs(request.user).order_by("-started_at")[:SHOWN])
    names = names_of(run.started_by for run in runs)
    context = {
        "store": vault.name(),
        "coverage": queries.coverage(),
        "bad": queries.bad_files(request.user),
        "runs": [(run, names[run.started_by]) for run in runs],
        "current": next((run for run in runs if run.state != FixityRun.State.DONE), None),
        "waiting": queries.visible_items(request.user).filter(state=Item.State.QUARANTINED).count(),
    }
    return render(request, "evidence/fixity.html", context)


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view_fixity", "evidence.start_fixity")
    with explained(request):
        run = actions.start_fixity(kind=FixityRun.Kind.FULL, by=request.user)
        messages.success(request, f"{run.total} files are being measured. You can leave this page.")
    return redirect("evidence:fixity")


@require_POST
def stop(request: HttpRequest, pk) -> HttpResponse:
    with explained(request):
        actions.stop_fixity(_find(request, pk), by=request.user)
        messages.success(request, "It stops. What was measured stays measured.")
    return redirect("evidence:fixity")


@require_POST
def resume(request: HttpRequest, pk) -> HttpResponse:
    with explained(request):
        actions.resume_fixity(_find(request, pk), by=request.user)
        messages.success(request, "It goes on where it was stopped.")
    return redirect("evidence:fixity")


def _find(request: HttpRequest, pk) -> FixityRun:
    return get_object_or_404(queries.visible_fixity_runs(request.user), pk=pk)
