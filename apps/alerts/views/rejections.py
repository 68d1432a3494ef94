"""What was rejected, and putting it right."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.alerts import actions, filters, intake, mending, queries
from apps.alerts.forms.rejections import SendAgainForm
from apps.alerts.models import Rejection
from apps.alerts.views.frame import require_intake
from apps.core.http import OCTETS, explained, file_response
from apps.core.paging import page
from apps.staff.queries import names_of

RAW_SHOWN = 64 * 1024


@require_safe
def rejections(request: HttpRequest) -> HttpResponse:
    require_intake(request)
    found = filters.RejectionFilter(request.GET, queries.visible_rejections(request.user).defer("raw"))
    rows = page(found.qs, ("-received_at", "-id"), request.GET, within=found.within)
    wrong = queries.what_is_wrong(found.qs)
    for line in wrong:
        line["url"] = f"?{_narrowed(request, code=line['code'], field=line['field'])}"
    return render(request, "alerts/rejections.html", {"filter": found, "page": rows, "wrong": wrong})


def _narrowed(request: HttpRequest, **further: str) -> str:
    """The address's filter, narrowed further."""
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in further.items():
        query[name] = value
    return query.urlencode()


@require_safe
def rejection(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_rejections(request.user), pk=pk)
    actions.open_rejection(found, by=request.user)
    raw = bytes(found.raw)
    context = {
        "rejection": found,
        "raw": raw[:RAW_SHOWN].decode(errors="backslashreplace"),
        "length": len(raw),
        "cut": len(raw) > RAW_SHOWN,
        "is_cut_off": len(raw) >= settings.ALERT_MAX_BYTES,
        "who": found.sent_again_by and names_of({found.sent_again_by})[found.sent_again_by],
    }
    return render(request, "alerts/rejection.html", context)


@require_safe
def rejection_item(request: HttpRequest, pk: str) -> StreamingHttpResponse:
    """A rejected item, byte for byte."""
    found = get_object_or_404(queries.visible_rejections(request.user), pk=pk)
    actions.open_rejection(found, by=request.user)
    raw = bytes(found.raw)
    return file_response([raw], filename=f"rejected-{found.pk}", media_type=OCTETS, size=len(raw))


@require_http_methods(["GET", "HEAD", "POST"])
def send_again(request: HttpRequest, pk: str) -> HttpResponse:
    """An item's bytes to correct; what is still wrong is said beside them, and only what is right is sent."""
    found = get_object_or_404(queries.visible_rejections(request.user), pk=pk)
    require_intake(request, "alerts.send_again", found)
    if found.sent_again_in_id or not found.is_whole:
        return redirect(found)
    actions.open_rejection(found, by=request.user)
    form = SendAgainForm(request.POST or None, initial={"body": bytes(found.raw).decode(errors="replace")})
    refusals = None
    if form.is_valid():
        body = form.cleaned_data["body"].encode()
        refusals = intake.refusals(found.batch.detector, body, format=found.batch.format)
        if not refusals:
            with explained(form):
                mending.send_again(found, body, by=request.user)
                messages.success(request, f"Sent in again: {found.get_became_display()}.")
                return redirect(found)
    context = {"form": form, "rejection": found, "refusals": refusals, "is_altered": _is_altered(found)}
    return render(request, "alerts/send_again.html", context, status=422 if form.errors or refusals else 200)


def _is_altered(rejection: Rejection) -> bool:
    """Whether the bytes cannot be shown as text without a change."""
    raw = bytes(rejection.raw)
    return raw.decode(errors="replace").encode() != raw
