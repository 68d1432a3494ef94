"""Requests as they came in."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.alerts import actions, filters, queries
from apps.alerts.views.frame import require_intake
from apps.audit.reads.asking import asked
from apps.core.http import OCTETS, file_response
from apps.core.paging import page
from apps.staff.queries import names_of


@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    require_intake(request)
    found = filters.BatchFilter(request.GET, queries.visible_batches(request.user))
    rows = page(found.qs, ("-received_at", "-id"), request.GET, within=found.within)
    return render(request, "alerts/batches.html", {"filter": found, "page": rows})


@require_safe
def batch(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_batches(request.user).defer(None), pk=pk)
    rejected = page(queries.visible_rejections(request.user).filter(batch=found), ("position",), request.GET)
    alerts = queries.touched_last(found, request.user).defer("payload").order_by("-severity", "id")[:20]
    context = {
        "batch": found,
        "page": rejected,
        "alerts": alerts,
        "who": found.sent_by and names_of({found.sent_by})[found.sent_by],
        "sends_again": found.sends_again.defer("raw")[:1],
    }
    return render(request, "alerts/batch.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def download_body(request: HttpRequest, pk: str) -> HttpResponseBase:
    """The request of a batch, byte for byte."""
    found = get_object_or_404(queries.visible_batches(request.user), pk=pk)
    if answer := asked(request, actions.download_body, found, back=found.get_absolute_url()):
        return answer
    return file_response(found.body(), filename=f"batch-{found.pk}", media_type=OCTETS, size=found.raw_bytes)
