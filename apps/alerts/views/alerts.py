"""One alert."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.accounts.queries import visible_accounts
from apps.alerts import queries, regrouping
from apps.alerts.portrait import error_rate


@require_safe
def alert(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_alerts(request.user).select_related("batch"), pk=pk)
    named = visible_accounts(request.user).filter(pk__in=found.account_ids).order_by("ref")
    context = {
        "alert": found,
        "why": regrouping.why([found])[found.pk],
        "rate": error_rate(found.detector),
        "accounts": named[:20],
        "payload": json.dumps(found.said, indent=2, ensure_ascii=False),
    }
    return render(request, "alerts/alert.html", context)
