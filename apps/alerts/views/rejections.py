"""Pages of what came in: its bytes to keep, what was rejected to put right, and tables that people send themselves."""

from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.alerts import actions, filters, intake, mending, queries
from apps.alerts.actions.mending import MAX_REPLAYED
from apps.alerts.formats import table
from apps.alerts.formats.table import columns
from apps.alerts.forms import detectors as forms
from apps.alerts.models import Detector, Rejection
from apps.core import vault
from apps.core.http import explained, file_response, require
from apps.core.ui.formats import number
from apps.staff.queries import names_of

OCTETS = "application/octet-stream"
PREVIEW_LASTS = 24 * 3600  # seconds
ROWS_SHOWN = 50


# --- as it came ------------------------------------------------------------------------------------------------------


@require_safe
def batch_body(request: HttpRequest, pk: str) -> StreamingHttpResponse:
    """The request of a batch, byte for byte."""
    found = get_object_or_404(queries.visible_batches(request.user), pk=pk)
    return file_response(found.body(), filename=f"batch-{found.pk}", media_type=OCTETS, size=found.raw_bytes)


@require_safe
def rejection_item(request: HttpRequest, pk: str) -> StreamingHttpResponse:
    """A rejected item, byte for byte."""
    found = get_object_or_404(queries.visible_rejections(request.user), pk=pk)
    raw = bytes(found.raw)
    return file_response([raw], filename=f"rejected-{found.pk}", media_type=OCTETS, size=len(raw))


# --- put right -------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def send_again(request: HttpRequest, pk: str) -> HttpResponse:
    """An item's bytes to correct; what is still wrong is said beside them, and only what is right is sent."""
    found = get_object_or_404(queries.visible_rejections(request.user), pk=pk)
    _require(request, "alerts.send_again", found)
    if found.sent_again_in_id or not found.is_whole:
        return redirect(found)
    form = forms.SendAgainForm(request.POST or None, initial={"body": bytes(found.raw).decode(errors="replace")})
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


@require_http_methods(["GET", "HEAD", "POST"])
def replay(request: HttpRequest) -> HttpResponse:
    """All rejections that a filter chose, sent in again as they came."""
    _require(request, "alerts.replay")
    chosen = _chosen(request)
    if request.method == "POST":
        with explained(request):
            about = _about(request)
            return redirect(actions.replay(rejections=list(chosen[:MAX_REPLAYED]), about=about, by=request.user))
    count = chosen[: MAX_REPLAYED + 1].count()
    context = {
        "count": min(count, MAX_REPLAYED),
        "is_cut": count > MAX_REPLAYED,
        "about": _about(request),
        "samples": chosen.select_related("batch__detector")[:5],
        "query": request.GET.urlencode(),
    }
    return render(request, "alerts/replay.html", context)


def _chosen(request: HttpRequest) -> QuerySet[Rejection]:
    """What the filter chose and can be sent again, the eldest first: later news comes after earlier."""
    found = filters.RejectionFilter(request.GET, queries.visible_rejections(request.user)).qs
    waiting = found.filter(sent_again_in=None, replay=None, batch__detector__is_active=True)
    return waiting.exclude(raw=b"").defer("raw").order_by("received_at", "id")


def _about(request: HttpRequest) -> str:
    given = [
        f"{name} {request.GET[name]}" for name in ("detector", "code", "batch", "source_ref") if request.GET.get(name)
    ]
    return f"rejections of {', '.join(given)}"[:300] if given else "all rejections"


@require_safe
def replayed(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_replays(request.user), pk=pk)
    shown = queries.progress(found)
    labels = dict(Rejection.Became.choices)
    context = {
        "replay": found,
        "progress": shown,
        "became": [(label, shown.became.get(value, 0)) for value, label in labels.items()],
        "again": queries.visible_rejections(request.user).filter(replay=found, became="rejected").defer("raw")[:20],
        "who": names_of({found.asked_by})[found.asked_by],
    }
    name = "alerts/replayed.html#progress" if "HX-Request" in request.headers else "alerts/replayed.html"
    return render(request, name, context)


# --- tables that people send -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, pk: str) -> HttpResponse:
    """First the file and what it is taken for, then the very same bytes once somebody has seen that."""
    found = get_object_or_404(queries.visible_detectors(request.user), pk=pk)
    _require(request, "alerts.upload")
    if not found.is_active:
        raise PermissionDenied("Nothing is taken in the name of a detector that is switched off.")
    if request.method == "POST" and "seen" in request.POST:
        return _confirmed(request, found)
    form = forms.UploadForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        "detector": found,
        "form": form,
        "columns": columns.COLUMNS,
        "required": columns.REQUIRED,
    }
    if form.is_valid():
        context |= _previewed(request, found, form.cleaned_data["file"])
    return render(request, "alerts/upload.html", context, status=422 if form.errors else 200)


def _previewed(request: HttpRequest, detector: Detector, file: Any) -> dict[str, Any]:
    """What the file is taken for. Its bytes are kept under their hash, which the confirmation names."""
    body = file.read()
    stored = vault.put(body)
    seen = {"sha256": stored.sha256, "filename": file.name[:200], "detector": str(detector.pk)}
    rows = table.preview(body, source=detector.slug, rows=len(body)).rows
    bad = [verdict for verdict in rows if verdict.item.refusal]
    return {
        "filename": file.name,
        "size": len(body),
        "sha256": stored.sha256,
        "preview": table.preview(body, source=detector.slug, rows=ROWS_SHOWN),
        "total": len(rows),
        "good": len(rows) - len(bad),
        "bad": bad[:ROWS_SHOWN],
        "bad_total": len(bad),
        "seen": signing.dumps(seen, salt=_salt(request)),
    }


def _confirmed(request: HttpRequest, detector: Detector) -> HttpResponse:
    try:
        seen = signing.loads(request.POST["seen"], salt=_salt(request), max_age=PREVIEW_LASTS)
    except signing.BadSignature:
        messages.error(request, "This preview is too old, or another person's: choose the file again.")
        return redirect("alerts:upload", detector.pk)
    if seen["detector"] != str(detector.pk):
        raise PermissionDenied("This preview is of another detector's file.")
    with explained(request):
        receipt = mending.upload(detector, vault.chunks(seen["sha256"]), filename=seen["filename"], by=request.user)
        taken = receipt.count("items") - receipt.count("rejected")
        messages.success(request, f"{number(taken)} of {number(receipt.count('items'))} rows were taken.")
        return redirect(receipt.batches[0])
    return redirect("alerts:upload", detector.pk)


def _salt(request: HttpRequest) -> str:
    return f"alerts.upload:{request.user.pk}"


def _require(request: HttpRequest, to_do: str, obj: object = None) -> None:
    seen = "alerts.view_detectors" if request.user.has_perm("alerts.view_detectors") else "alerts.view"
    require(request, seen, to_do, obj)
