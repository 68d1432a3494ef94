"""Pages for everybody: without an account, without a script, in the language that their browser asks for, and kept by
nobody on the way."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language_from_request
from django.utils.translation import override as in_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect

View = Callable[..., HttpResponseBase]


def for_everybody(*, most: int, too_large: str, **context: Any) -> Callable[[View], View]:
    """A view that a stranger may ask. A request of more than `most` bytes is refused before it is read, with the page
    `too_large` and its context."""

    def decorate(view: View) -> View:
        @wraps(view)
        def bounded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            length = request.META.get("CONTENT_LENGTH") or "0"
            with in_language(get_language_from_request(request)):
                if not length.isdigit() or int(length) > most:
                    response: HttpResponseBase = render(request, too_large, context, status=413)
                else:
                    response = csrf_protect(view)(request, *args, **kwargs)
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return csrf_exempt(never_cache(login_not_required(bounded)))

    return decorate
