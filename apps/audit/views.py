"""Pages of the trail: what happened, one event, one object's history, and whether all of it holds."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.audit import actions, queries, sentences
from apps.audit.anchors import state as outside
from apps.audit.filters import TrailFilter
from apps.audit.reads.asking import ReasonForm
from apps.core.http import is_fragment, require
from apps.core.paging import page


@require_safe
def trail(request: HttpRequest) -> HttpResponse:
    require(request, "audit.view")
    found = TrailFilter(request.GET, queries.visible_events(request.user))
    rows = page(found.qs, ("-id",), request.GET)
    return render(
        request,
        "audit/trail.html",
        {
            "filter": found,
            "page": rows,
            "entries": sentences.tell(rows, request.user),
            "standing": queries.standing(),
            "outside": outside.outside(),
            "verification": queries.last_verification(),
            "under_way": queries.verification_under_way(),
        },
    )


@require_safe
def event(request: HttpRequest, event_uuid: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_events(request.user), event_uuid=event_uuid)
    (entry,) = sentences.tell([found], request.user)
    return render(
        request,
        "audit/event.html",
        {
            "entry": entry,
            "event": found,
            "state": outside.state_of(entry.place, committed_at=found.occurred_at),
            "why": ReasonForm(),
        },
    )


@require_safe
def history(request: HttpRequest, table: str, pk: UUID) -> HttpResponse:
    """What happened to one row: a panel for the pages of other rooms, and a page of its own without htmx."""
    rows = page(queries.history(request.user, table, pk), ("-id",), request.GET, size=25)
    if not rows:
        raise Http404
    context = {
        "page": rows,
        "entries": sentences.tell(rows, request.user),
        "may_read_trail": request.user.has_perm("audit.view"),
    }
    return render(request, f"audit/history.html{'#panel' if is_fragment(request) else ''}", context)


@require_safe
def verification(request: HttpRequest) -> HttpResponse:
    """The last verification, verdict by verdict."""
    require(request, "audit.view")
    return render(
        request,
        "audit/verification.html",
        {"verification": queries.last_verification(), "under_way": queries.verification_under_way()},
    )


@require_POST
def request_verification(request: HttpRequest) -> HttpResponse:
    require(request, "audit.view")
    actions.request_verification(by=request.user)
    messages.success(request, "The trail is being verified. The verdict appears here when it is known.")
    return redirect("audit:verification")
