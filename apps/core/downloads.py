"""Downloads of what others brought: by a signed link, for one person, once, within minutes, and from a host of its own.

What was uploaded is never shown by casemgr, only sent. With DOWNLOAD_ORIGIN it is sent by a host name to which no
session and no page belongs, so that nothing in a file can reach them, whatever a browser makes of it (OWASP ASVS 5.0,
3.2.1 and 3.5.4). Who asks there is not asked to sign in: the link says for whom it was made.

A room registers what a kind of link sends:

    @downloads.sends("evidence.copy")
    def send(person, item_id, *, purpose): ... -> HttpResponse
    link = downloads.link("evidence.copy", item.pk, person=request.user, purpose="…")
"""

import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

SECONDS = 120
SALT = "casemgr.downloads"
OVER = "This link was used already, or its two minutes are over. Ask for the copy again on the page of the item."

_senders: dict[str, Callable[..., HttpResponseBase]] = {}


def sends(kind: str) -> Callable:
    """Register the function that sends what a link of this kind is about: it takes the action and returns the file."""

    def register(function: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        _senders[kind] = function
        return function

    return register


def link(kind: str, key: object, *, person: Any, **facts: Any) -> str:
    """An address that sends it once. What it is about stays here: an address is seen by proxies and in histories."""
    number = secrets.token_urlsafe(16)
    wanted = {"kind": kind, "key": str(key), "person": str(person.pk), "facts": facts}
    cache.add(_place(number), wanted, timeout=SECONDS)
    path = reverse("download", args=[signing.TimestampSigner(salt=SALT).sign(number)])
    return f"{settings.DOWNLOAD_ORIGIN}{path}"


@csrf_exempt
@login_not_required
@require_GET
def download(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send it, if the link is ours, fresh and unused, and its person may still have it."""
    wanted = _taken(token)
    if wanted is None:
        return _refusal(OVER, status=410)
    person = get_user_model().objects.filter(pk=wanted["person"], is_active=True).first()
    if person is None or wanted["kind"] not in _senders:
        return _refusal(OVER, status=410)
    try:
        return _senders[wanted["kind"]](person, wanted["key"], **wanted["facts"])
    except (PermissionDenied, Http404):
        return _refusal("You may not have this file, or not any more.", status=403)


def _taken(token: str) -> dict[str, Any] | None:
    try:
        number = signing.TimestampSigner(salt=SALT).unsign(token, max_age=SECONDS)
    except signing.BadSignature:
        return None
    wanted = cache.get(_place(number))
    return wanted if wanted and cache.delete(_place(number)) else None  # of two at a time one is told so


def _place(number: str) -> str:
    return f"download:{number}"


def _refusal(words: str, *, status: int) -> HttpResponse:
    answer = HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def on_their_own_host(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable:
    """With DOWNLOAD_ORIGIN: that host has downloads and nothing else, no other host has them, and no cookie counts."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not settings.DOWNLOAD_ORIGIN:
            return get_response(request)
        is_theirs = request.get_host() == urlsplit(settings.DOWNLOAD_ORIGIN).netloc
        is_download = request.path.startswith(reverse("download", args=["-"]).removesuffix("-"))
        if is_theirs != is_download and request.path != "/healthz":
            return _refusal("There is nothing here.", status=404)
        if is_download:
            request.META.pop("HTTP_COOKIE", None)
        return get_response(request)

    return middleware
