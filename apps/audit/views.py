"""Pages of the trail: what happened, one event, one object's history, and whether all of it holds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.audit import actions, asof, queries, sentences
from apps.audit.anchors import state as outside
from apps.audit.filters import TrailFilter
from apps.audit.forms import AcknowledgeForm, AsOfForm
from apps.audit.models import AuditedModel, Event
from apps.audit.reads.asking import ReasonForm
from apps.core.http import explained, is_fragment, require
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
            "verification": queries.verifications().first(),
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
    """What happened to one row, and the row as of a time: a panel for the pages of other rooms, and a page of its own
    without htmx."""
    model = queries.audited_model(table)
    rows = page(queries.history(request.user, table, pk), ("-id",), request.GET, size=25)
    if model is None or not rows:
        raise Http404
    entries = sentences.tell(rows, request.user)
    context = {
        "page": rows,
        "entries": entries,
        "may_read_trail": request.user.has_perm("audit.view"),
        "table": table,
        "pk": pk,
    }
    if not is_fragment(request):
        sentences.remember(entries, model, pk)
        form = AsOfForm(request.GET if "at" in request.GET else None)
        context["form"] = form
        if form.is_bound and form.is_valid():
            context |= _as_of(request, model, pk, form.cleaned_data["at"])
    return render(request, f"audit/history.html{'#panel' if is_fragment(request) else ''}", context)


def _as_of(request: HttpRequest, model: type[AuditedModel], pk: UUID, at: datetime) -> dict[str, Any]:
    """The row as it was, in words, and the event that left it so."""
    found = asof.record(model, pk, at)
    if found is None:
        return {"at": at, "record": None}
    (left,) = sentences.tell(Event.objects.filter(event_uuid=found.step.event_uuid), request.user)
    return {"at": at, "record": found, "facts": sentences.describe(found, request.user), "left": left}


@require_safe
def verification(request: HttpRequest) -> HttpResponse:
    """The last verification, verdict by verdict; those before it; and how far the present one is."""
    require(request, "audit.view")
    found = queries.verifications()
    number = request.GET.get("number", "")
    shown = get_object_or_404(found, number=number) if number.isdecimal() else found.first()
    context = {
        "verification": shown,
        "verdicts": sorted(queries.verdicts(shown), key=lambda verdict: bool(verdict["holds"])),  # what is wrong first
        "earlier": found[:30],
        "under_way": queries.verification_under_way(),
        "given_up": queries.verification_given_up(),
        "form": AcknowledgeForm(),
    }
    return render(request, f"audit/verification.html{'#progress' if is_fragment(request) else ''}", context)


@require_POST
def request_verification(request: HttpRequest) -> HttpResponse:
    require(request, "audit.view")
    actions.request_verification(is_full="everything" in request.POST, by=request.user)
    messages.success(request, "The trail is being verified. The verdict appears here when it is known.")
    return redirect("audit:verification")


@require_POST
def acknowledge_findings(request: HttpRequest, number: int) -> HttpResponse:
    require(request, "audit.view")
    found = get_object_or_404(queries.verifications(), number=number)
    form = AcknowledgeForm(request.POST)
    if form.is_valid():
        with explained(request):
            actions.acknowledge_findings(found, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, f"The findings of verification {number} are acknowledged.")
    else:
        messages.error(request, "Say what was found out and what is being done.")
    return redirect(f"{reverse('audit:verification')}?number={number}")
