"""Tables that people send in a detector's name."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.alerts import mending
from apps.alerts.formats import table
from apps.alerts.formats.table import columns
from apps.alerts.forms.uploads import UploadForm
from apps.alerts.models import Detector
from apps.alerts.views.frame import find_detector, require_intake
from apps.core import vault
from apps.core.http import explained, form_page
from apps.core.ui.formats import number

PREVIEW_LASTS = 20 * 3600  # seconds; the vault holds its bytes for a day
ROWS_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, pk: str) -> HttpResponse:
    """First the file and what it is taken for, then the very same bytes once somebody has seen that."""
    found = find_detector(request, pk)
    require_intake(request, "alerts.upload")
    if not found.is_active:
        raise PermissionDenied("Nothing is taken in the name of a detector that is switched off.")
    if request.method == "POST" and "seen" in request.POST:
        return _confirmed(request, found)
    form = UploadForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        "detector": found,
        "columns": columns.COLUMNS,
        "required": columns.REQUIRED,
    }
    if form.is_valid():
        context |= _previewed(request, found, form.cleaned_data["file"])
    return form_page(request, "alerts/upload.html", form, **context)


def _previewed(request: HttpRequest, detector: Detector, file: Any) -> dict[str, Any]:
    """What the file is taken for. Where some of it can be taken its bytes are held for the confirmation, which names
    them; the vault lets go of what nobody confirms."""
    body = file.read()
    preview = table.preview(body, source=detector.slug, rows=len(body))  # all of them
    rows = preview.rows
    bad = [verdict for verdict in rows if verdict.item.refusal]
    can_be_taken = len(rows) > len(bad)
    seen = {
        "held": vault.hold(body) if can_be_taken else "",
        "filename": file.name[:200],
        "detector": str(detector.pk),
    }
    return {
        "filename": file.name,
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "preview": preview._replace(rows=rows[:ROWS_SHOWN]),
        "total": len(rows),
        "good": len(rows) - len(bad),
        "bad": bad[:ROWS_SHOWN],
        "bad_total": len(bad),
        "seen": signing.dumps(seen, salt=_salt(request)) if can_be_taken else "",
    }


def _confirmed(request: HttpRequest, detector: Detector) -> HttpResponse:
    try:
        seen = signing.loads(request.POST["seen"], salt=_salt(request), max_age=PREVIEW_LASTS)
    except signing.BadSignature:
        messages.error(request, "This preview is too old, or another person's: choose the file again.")
        return redirect("alerts:upload", detector.pk)
    if seen["detector"] != str(detector.pk):
        raise PermissionDenied("This preview is of another detector's file.")
    try:
        body = vault.held(seen["held"])
    except vault.Missing:
        messages.warning(
            request, "The file was taken already, and is among these; or it waited too long: upload it again."
        )
        return redirect(f"{reverse('alerts:batches')}?{urlencode({'detector': detector.slug})}")
    with explained(request):
        receipt = mending.upload(detector, [body], filename=seen["filename"], by=request.user)
        vault.let_go(seen["held"])
        taken = receipt.count("items") - receipt.count("rejected")
        messages.success(request, f"{number(taken)} of {number(receipt.count('items'))} rows were taken.")
        return redirect(receipt.batches[0])
    return redirect("alerts:upload", detector.pk)


def _salt(request: HttpRequest) -> str:
    return f"alerts.upload:{request.user.pk}"
