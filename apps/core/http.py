"""What views share: explaining a refusal where the person is, and sending files out safely."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header

from apps.core.pdf import PdfError
from apps.core.workflow import IllegalTransition

OCTETS = "application/octet-stream"  # bytes of which nothing is claimed

T = TypeVar("T")


@contextmanager
def explained(where: forms.BaseForm | HttpRequest) -> Iterator[None]:
    """Show what an action refuses beside the form's fields, or as a message; the view then goes on to render.

    with explained(form):
        case = actions.open_case(**form.cleaned_data, by=request.user)
        return redirect(case)
    return render(...)
    """
    try:
        yield
    except IllegalTransition as error:
        _explain(where, ValidationError(f"Somebody else was quicker: {error}. Load the page again."))
    except ValidationError as error:
        _explain(where, error)


def _explain(where: forms.BaseForm | HttpRequest, error: ValidationError) -> None:
    if isinstance(where, HttpRequest):
        messages.error(where, " ".join(error.messages))
        return
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for field, problems in by_field.items():
        for problem in problems:
            where.add_error(field if field in where.fields else None, problem)


def require(request: HttpRequest, to_view: str, to_do: str = "", obj: Any = None) -> None:
    """For a page that is about no single object, or a form: 404 for a stranger, 403 for whom the verb is not.

    A form that somebody may not send is not shown either.
    """
    if not request.user.has_perm(to_view):
        raise Http404
    if to_do and not request.user.has_perm(to_do, obj):
        raise PermissionDenied


@dataclass(frozen=True)
class Done(Generic[T]):
    """That an action was taken, and what it returned."""

    result: T


def carried_out(
    request: HttpRequest, form: forms.BaseForm, action: Callable[..., T], *on: Any, done: str | Callable[[T], str]
) -> Done[T] | None:
    """Take the form's action, on an object where there is one, and say so; None where the form has to be shown again.

    `done` is what is said, or says it of what the action returned.
    """
    if form.is_valid():
        with explained(form):
            result = action(*on, **form.cleaned_data, by=request.user)
            messages.success(request, done(result) if callable(done) else done)
            return Done(result)
    return None


def taken(request: HttpRequest, action: Callable[..., Any], on: Any, *, done: str) -> HttpResponse:
    """Take an action that asks for nothing more, say so or why it was not, and go back to the page of its object."""
    with explained(request):
        action(on, by=request.user)
        messages.success(request, done)
    return redirect(on)


def form_page(request: HttpRequest, template: str, form: forms.BaseForm, /, **context: Any) -> HttpResponse:
    """A page around a form; 422 when the form was refused."""
    return render(request, template, {"form": form} | context, status=422 if form.errors else 200)


def is_fragment(request: HttpRequest) -> bool:
    """Asked for by htmx, into a page that is there already."""
    return "HX-Request" in request.headers


def pdf_response(make: Callable[[], bytes], *, name: str) -> HttpResponse:
    """A PDF to be read in a frame of our own page; why there is none, where it cannot be made. See `file_response` for
    one to keep."""
    try:
        response = HttpResponse(make(), content_type="application/pdf")
    except PdfError as error:
        return HttpResponse(str(error), status=503, content_type="text/plain")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    # A browser's viewer styles itself inline.
    response["Content-Security-Policy"] = (
        "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Cache-Control"] = "private, no-store"
    return response


def resumed_at(request: HttpRequest, *, etag: str) -> int:
    """From which byte on somebody takes a file again whose download broke off (RFC 9110, 13.1.5 and 14.2).

    One range without an end; any other, or one of what has changed since, is answered with the whole file.
    """
    asked = re.fullmatch(r"bytes=(\d{1,18})-", request.headers.get("Range", ""))
    return int(asked[1]) if asked and request.headers.get("If-Range", etag) == etag else 0


def file_response(
    chunks: Iterable[bytes], *, filename: str, media_type: str, size: int, start: int = 0, etag: str = ""
) -> StreamingHttpResponse:
    """A file as a download, or what is left of it from the byte `start` on. Whatever it holds, the browser neither
    guesses its type nor runs it in our origin."""
    response = StreamingHttpResponse(chunks, content_type=media_type, status=206 if start else 200)
    response["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    response["Content-Length"] = str(size - start)
    if start:
        response["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    if etag:
        response["ETag"], response["Accept-Ranges"] = etag, "bytes"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"  # no page of another origin may take it in
    return response
