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
