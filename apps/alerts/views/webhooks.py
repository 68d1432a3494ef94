"""What detectors are told: webhooks and deliveries."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.alerts import actions, filters, queries
from apps.alerts.forms.webhooks import WebhookForm
from apps.alerts.models import Delivery, Detector, Webhook
from apps.alerts.views.detectors import details
from apps.alerts.views.frame import find_detector, require_intake, sent
from apps.core.forms import RenewSecretForm
from apps.core.http import explained, form_page
from apps.core.outbox import GONE, MAX_ATTEMPTS
from apps.core.paging import page
from apps.core.ui.formats import counted


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_webhook(request: HttpRequest, pk: str) -> HttpResponse:
    """The answer that sets the first address is the only place where the secret is shown."""
    found = find_detector(request, pk)
    require_intake(request, "alerts.set_webhook", found)
    hook = Webhook.objects.filter(detector=found).first()
    form = WebhookForm(sent(request), initial={"url": hook.url, "is_active": hook.is_active} if hook else None)
    if form.is_valid():
        with explained(form):
            secret = actions.set_webhook(found, by=request.user, **form.cleaned_data)
            if not secret:
                messages.success(request, "The webhook is changed.")
                return redirect(found)
            return _with_secret(request, found, secret)
    return form_page(request, "alerts/webhook.html", form, detector=found, webhook=hook)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def renew_webhook_secret(request: HttpRequest, pk: str) -> HttpResponse:
    """The answer that makes the secret is the only place where it is shown."""
    found = find_detector(request, pk)
    require_intake(request, "alerts.renew_webhook_secret", found)
    hook = Webhook.objects.filter(detector=found).first()
    if hook is None:
        messages.error(request, "It has no webhook yet, so there is no secret to renew.")
        return redirect(found)
    form = RenewSecretForm(sent(request))
    if form.is_valid():
        with explained(form):
            return _with_secret(
                request, found, actions.renew_webhook_secret(found, by=request.user, **form.cleaned_data)
            )
    return form_page(request, "alerts/webhook_secret.html", form, detector=found, webhook=hook)


def _with_secret(request: HttpRequest, found: Detector, secret: str) -> HttpResponse:
    return render(request, "alerts/detector.html", details(request, found) | {"new_secret": secret})


@require_safe
def deliveries(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_detector(request, pk)
    narrowed = filters.DeliveryFilter(request.GET, queries.visible_deliveries(request.user, found).defer("body"))
    context: dict[str, Any] = {
        "detector": found,
        "webhook": Webhook.objects.filter(detector=found).first(),
        "filter": narrowed,
        "page": page(queries.with_last_try(narrowed.qs), ("-created_at", "-id"), request.GET),
        "max_attempts": MAX_ATTEMPTS,
        "given_up": queries.given_up(request.user, found),
    }
    return render(request, "alerts/deliveries.html", context)


def _find(request: HttpRequest, pk: str, delivery: str) -> tuple[Detector, Delivery]:
    """A message to a detector, and the detector."""
    found = find_detector(request, pk)
    return found, get_object_or_404(queries.visible_deliveries(request.user, found), pk=delivery)


@require_safe
def delivery(request: HttpRequest, pk: str, delivery: str) -> HttpResponse:
    found, sent = _find(request, pk, delivery)
    tries = list(sent.tries.order_by("-started_at", "-id"))
    context = {
        "detector": found,
        "delivery": sent,
        "tries": tries,
        "is_gone": bool(tries) and tries[0].status == GONE,
        "body": json.dumps(json.loads(sent.body), indent=2, ensure_ascii=False),
        "max_attempts": MAX_ATTEMPTS,
    }
    return render(request, "alerts/delivery.html", context)


@require_POST
def replay_deliveries(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_detector(request, pk)
    with explained(request):
        count = actions.replay_deliveries(found, by=request.user)
        messages.success(request, f"{counted(count, 'message')} will be sent again in a moment, under the same ids.")
    return redirect("alerts:deliveries", found.pk)


@require_POST
def replay_delivery(request: HttpRequest, pk: str, delivery: str) -> HttpResponse:
    found, sent = _find(request, pk, delivery)
    with explained(request):
        actions.replay_delivery(found, delivery=sent, by=request.user)
        messages.success(request, "It will be sent again in a moment, under the same id.")
    return redirect(sent)
