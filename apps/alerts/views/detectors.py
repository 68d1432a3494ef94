"""Detectors: what is known of them, and their keys."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.alerts import actions, queries, verdicts
from apps.alerts.forms.detectors import ChangeForm, RegisterForm, RestoreForm, RevokeForm
from apps.alerts.models import Detector
from apps.alerts.portrait import error_rate
from apps.alerts.reliability import record
from apps.alerts.views.frame import find_detector, require_intake, sent
from apps.core.http import carried_out, form_page
from apps.staff import actions as staff
from apps.staff.models import ApiKey


@require_safe
def detectors(request: HttpRequest) -> HttpResponse:
    require_intake(request)
    rows = queries.traffic(queries.visible_detectors(request.user))
    measured = verdicts.of_all()
    shown = [(row, error_rate(row.detector), record.shares(measured.get(row.detector.pk))) for row in rows]
    return render(request, "alerts/detectors.html", {"rows": shown})


@require_safe
def detector(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_detector(request, pk)
    return render(request, "alerts/detector.html", details(request, found))


def details(request: HttpRequest, found: Detector) -> dict[str, Any]:
    """What the page of one detector shows."""
    newest = queries.visible_batches(request.user).filter(detector=found).order_by("-received_at", "-id")
    return {
        "detector": found,
        "rate": error_rate(found),
        "keys": queries.keys_of(found),
        "batches": newest[: queries.NEWEST_BATCHES],
    } | record.of(found, request.user)


@require_http_methods(["GET", "HEAD", "POST"])
def register_detector(request: HttpRequest) -> HttpResponse:
    require_intake(request, "alerts.register_detector")
    form = RegisterForm(sent(request))
    made = carried_out(
        request,
        form,
        actions.register_detector,
        done=lambda found: f"{found.name} is registered. It needs a key to post.",
    )
    return redirect(made.result) if made else form_page(request, "alerts/detector_form.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def change_detector(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_detector(request, pk)
    require_intake(request, "alerts.change_detector", found)
    now = {name: getattr(found, name) for name in ChangeForm.base_fields}
    now["known_false_positives"] = ", ".join(found.known_false_positives)
    form = ChangeForm(sent(request), initial=now)
    if carried_out(request, form, actions.change_detector, found, done=lambda _: f"{found.name} is changed."):
        return redirect(found)
    return form_page(request, "alerts/detector_form.html", form, detector=found)


@require_http_methods(["GET", "HEAD", "POST"])
def restore_detector(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_detector(request, pk)
    require_intake(request, "alerts.restore_detector", found)
    form = RestoreForm(sent(request))
    if carried_out(request, form, actions.restore_detector, found, done=f"{found.name} counts as before."):
        return redirect(found)
    return form_page(request, "alerts/restore_detector.html", form, detector=found)


@never_cache
@require_POST
def issue_key(request: HttpRequest, pk: str) -> HttpResponse:
    """The answer to this request is the only place where the key's text is ever shown."""
    found = find_detector(request, pk)
    if not found.is_active:
        raise PermissionDenied("A detector that is switched off gets no key.")
    key, text = staff.issue_api_key(found.service_account, by=request.user)
    return render(request, "alerts/detector.html", details(request, found) | {"new_key": key, "new_key_text": text})


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_key(request: HttpRequest, pk: str, key: str) -> HttpResponse:
    found = find_detector(request, pk)
    revoked: ApiKey = get_object_or_404(queries.keys_of(found).filter(revoked_at=None), pk=key)
    require_intake(request, "staff.revoke_api_key", revoked)
    form = RevokeForm(sent(request))
    if form.is_valid():
        staff.revoke_api_key(revoked, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, f"{revoked} is revoked: its next request is refused.")
        return redirect(found)
    return render(request, "alerts/revoke_key.html", {"detector": found, "key": revoked, "form": form})
