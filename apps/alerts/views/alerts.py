"""One alert."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import identifiers
from apps.accounts.queries import visible_accounts
from apps.alerts import actions, queries, regrouping
from apps.alerts.portrait import error_rate
from apps.audit.reads.asking import asked
from apps.core.http import require


@require_safe
def alert(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_alerts(request.user).select_related("batch"), pk=pk)
    named = visible_accounts(request.user).filter(pk__in=found.account_ids).order_by("ref")
    context = {
        "alert": found,
        "why": regrouping.why([found])[found.pk],
        "rate": error_rate(found.detector),
        "accounts": named[:20],
        "indicators": _masked(found.said),
    }
    return render(request, "alerts/alert.html", context)


def _masked(said: dict[str, Any]) -> list[dict[str, Any]]:
    """Indicators without the values that name people. What the detector hashed itself names nobody."""
    return [
        one if one.get("key_id") else one | {"value": identifiers.mask_any(one["type"], one["value"])}
        for one in said.get("indicators") or []
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def open_payload(request: HttpRequest, pk: str) -> HttpResponse:
    """What the detector sent, word for word: with the values that the alert's own page masks."""
    found = get_object_or_404(queries.visible_alerts(request.user), pk=pk)
    require(request, "alerts.view", "alerts.open_payload", found)
    if answer := asked(request, actions.open_payload, found, back=found.get_absolute_url()):
        return answer
    context = {"alert": found, "payload": json.dumps(found.said, indent=2, ensure_ascii=False)}
    return render(request, "alerts/payload.html", context)
