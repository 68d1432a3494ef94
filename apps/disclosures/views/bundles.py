from collections.abc import Iterator

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.log.proofs import NotSequenced
from apps.cases.queries import visible_cases
from apps.core.forms import ReasonForm
from apps.core.http import carried_out, explained, file_response, form_page, require, resumed_at
from apps.core.paging import page
from apps.disclosures import actions, forms, queries
from apps.disclosures.bundle import assembly, policy
from apps.disclosures.models import Bundle


@require_safe
def bundles(request: HttpRequest) -> HttpResponse:
    require(request, "disclosures.view")
    found = page(queries.visible_bundles(request.user), ("-compiled_at", "-id"), request.GET)
    return render(request, "disclosures/bundles.html", {"page": found})


@require_http_methods(["GET", "POST"])
def compile_bundle(request: HttpRequest, ref: str) -> HttpResponse:
    case = get_object_or_404(visible_cases(request.user), ref=ref)
    require(request, "disclosures.view", "disclosures.compile_bundle")
    form = forms.CompileBundleForm(request.POST or None, case=case)
    if form.is_valid():
        with explained(form):
            bundle = actions.compile_bundle(case, by=request.user, **form.cleaned_data)
            messages.success(request, f"{bundle.ref} is being put together.")
            return redirect("disclosures:bundle", bundle.pk)
    return form_page(request, "disclosures/compile_bundle.html", form, case=case)


@require_safe
def bundle(request: HttpRequest, pk) -> HttpResponse:
    return _bundle_page(request, _find(request, pk))


def _bundle_page(request: HttpRequest, found: Bundle, form: ReasonForm | None = None) -> HttpResponse:
    context = {
        "bundle": found,
        "reason": form or ReasonForm(),
        "work": queries.work_on(found) if found.state == Bundle.State.ASSEMBLING else None,
        "size": assembly.archive_size(found) if found.made_bytes else None,
        "with_files": policy.gets(found.audience, "files"),
        "numbered": [_with_span(found, row) for row in found.numbered],
        "never_produced": queries.never_produced(found),
        "verdicts": found.verdict["verdicts"] if found.verdict else [],
        "verifier_sha256": found.verdict["verifier_sha256"] if found.verdict else "",
    }
    return render(request, "disclosures/bundle.html", context, status=422 if form and form.errors else 200)


def _with_span(bundle: Bundle, row: dict) -> dict:
    return row | {"span": bundle.bates(row["first"], row["last"]), "pages": row["last"] - row["first"] + 1}


@require_POST
def release(request: HttpRequest, pk) -> HttpResponse:
    return _with_reason(request, pk, actions.release_bundle, "It is released and can be taken now.")


@require_POST
def discard(request: HttpRequest, pk) -> HttpResponse:
    return _with_reason(request, pk, actions.discard_bundle, "The bundle was discarded; it stays on record.")


def _with_reason(request: HttpRequest, pk, action, done: str) -> HttpResponse:
    found = _find(request, pk)
    require(request, "disclosures.view", action.verb, found)
    form = ReasonForm(request.POST)
    if carried_out(request, form, action, found, done=done):
        return redirect("disclosures:bundle", pk)
    return _bundle_page(request, found, form)


@require_safe
def archive(request: HttpRequest, pk) -> HttpResponseBase:
    """The bundle itself, streamed out of the vault; from where it broke off, for whom it did."""
    found = _find(request, pk)
    actions.open_bundle(found, what="the bundle", by=request.user)
    name, size, etag = f"{found.ref}.tar", assembly.archive_size(found), f'"{found.tagmanifest_sha256}"'
    start = resumed_at(request, etag=etag)
    if start >= size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    parts = assembly.archive(found, start)
    return file_response(parts, filename=name, media_type="application/x-tar", size=size, start=start, etag=etag)


@require_safe
def receipt(request: HttpRequest, pk) -> HttpResponseBase:
    """The proof that the log holds the hash of the whole bag: delivered beside it, as it cannot lie in it."""
    found = _find(request, pk)
    try:
        with transaction.atomic():
            actions.open_bundle(found, what="the receipt", by=request.user)
            text = assembly.receipt(found).encode()
    except NotSequenced:
        messages.error(request, "The log has not taken it up yet. That takes about a second: try again.")
        return redirect("disclosures:bundle", pk)
    return file_response(_one(text), filename=f"{found.ref}.receipt", media_type="text/plain", size=len(text))


def _one(data: bytes) -> Iterator[bytes]:
    yield data


def _find(request: HttpRequest, pk) -> Bundle:
    return get_object_or_404(queries.visible_bundles(request.user), pk=pk)
