from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from apps.core.problems import plain

NULL = "The address holds a null character."


def refuse_null_characters(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """PostgreSQL's text holds no U+0000: an address with one names nothing. Forms and the API refuse it in bodies."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            if request.path.startswith("/api/"):
                return plain(400, NULL)
            raise BadRequest(NULL)
        return get_response(request)

    return middleware


# How browsers and htmx's preload extension say that nobody has asked for the page yet.
AHEAD = (("Sec-Purpose", "prefetch"), ("Purpose", "prefetch"), ("X-Moz", "prefetch"), ("X-Purpose", "preview"))


def refuse_prefetch(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """What is fetched before anybody asked for it would be on record as read by somebody who never saw it, or be seen
    by somebody who is not on record. A browser that is refused asks again when the page is wanted."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if any(word in request.headers.get(name, "") for name, word in AHEAD) or "HX-Preloaded" in request.headers:
            return HttpResponse(status=503, headers={"Cache-Control": "no-store"})
        return get_response(request)

    return middleware
