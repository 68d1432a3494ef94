"""Erasure of personal data."""

from collections.abc import Callable
from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.models import Event, Leaf
from apps.core.http import carried_out, form_page, require
from apps.core.paging import page
from apps.records import actions, forms, holds, queries
from apps.records.models import Erasure
from apps.records.views.frame import ask, sent


def _find(request: HttpRequest, ref: str) -> Erasure:
    return get_object_or_404(queries.visible_erasures(request.user), ref=ref)


@require_safe
def erasures(request: HttpRequest) -> HttpResponse:
    require(request, "records.view")
    rows = page(queries.visible_erasures(request.user), ("-requested_at", "-id"), request.GET)
    shown = [(row, queries.due_on(row)) for row in rows]
    return render(request, "records/erasures.html", {"page": shown, "rows": rows})


@require_safe
def erasure(request: HttpRequest, ref: str) -> HttpResponse:
    return render(request, "records/erasure.html", _described(_find(request, ref)))


@require_safe
def certificate(request: HttpRequest, ref: str) -> HttpResponse:
    """To be printed: what went, when, by whom, and where the trail says so."""
    found = _find(request, ref)
    if found.state != Erasure.State.CARRIED_OUT:
        raise Http404
    event = Event.objects.filter(object_id=found.pk, action="records.erase_subject").order_by("id").first()
    place = Leaf.objects.filter(event_id=event.pk).values_list("idx", flat=True).first() if event else None
    context = {"event": event, "place": place, "sha256": bytes(event.body_sha256).hex() if event else ""}
    return render(request, "records/certificate.html", _described(found) | context)


def _described(found: Erasure) -> dict[str, Any]:
    kind, name, url = queries.subject_of(found)
    waiting = found.state == Erasure.State.REQUESTED
    return {
        "erasure": found,
        "kind": kind,
        "name": name,
        "url": url,
        "due": queries.due_on(found),
        "holds": list(holds.holding(found.table_name, found.row_id)) if waiting else [],
    }


@require_http_methods(["GET", "HEAD", "POST"])
def request_erasure(request: HttpRequest) -> HttpResponse:
    require(request, "records.view", "records.request_erasure")
    initial = {name: request.GET[name] for name in ("kind", "name") if name in request.GET}
    form = forms.ErasureForm(sent(request), initial=initial)
    made = carried_out(
        request,
        form,
        actions.request_erasure,
        done=lambda erasure: f"{erasure.ref} is on record. Another person carries it out.",
    )
    return redirect(made.result) if made else form_page(request, "records/request_erasure.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def erase_subject(request: HttpRequest, ref: str) -> HttpResponse:
    said = (
        "What casemgr holds of this subject is destroyed, for good: the values behind the trail's commitments with "
        "their key, and what its records say. No copy is kept, and nobody can bring it back."
    )
    form = forms.EraseForm(sent(request), phrase=ref)
    return _decide(
        request, ref, actions.erase_subject, "Erase for {}", said, "Erase it for good", "{} is carried out.", form
    )


@require_http_methods(["GET", "HEAD", "POST"])
def refuse_erasure(request: HttpRequest, ref: str) -> HttpResponse:
    said = "The person has to be told why, and that they may complain to the authority (GDPR Art. 12(4))."
    return _decide(request, ref, actions.refuse_erasure, "Refuse {}", said, "Refuse it", "{} is refused.")


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_erasure(request: HttpRequest, ref: str) -> HttpResponse:
    said = "Nothing is erased. A new request can be made at any time."
    return _decide(request, ref, actions.withdraw_erasure, "Take {} back", said, "Take it back", "{} is taken back.")


def _decide(
    request: HttpRequest,
    ref: str,
    action: Callable[..., Any],
    title: str,
    said: str,
    button: str,
    done: str,
    form: BaseForm | None = None,
) -> HttpResponse:
    found = _find(request, ref)
    require(request, "records.view", action.verb, found)  # type: ignore[attr-defined]
    form = form or forms.ReasonForm(sent(request))
    if carried_out(request, form, action, found, done=done.format(found.ref)):
        return redirect(found)
    return ask(request, form, title.format(found.ref), said, button, found)
