"""What the trail says about the request in which something happened."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.core.ids import uuid7


@dataclass(frozen=True)
class RequestFacts:
    request_id: str = ""
    source_ip: str = ""
    session: str = ""  # hash, so that two events can be told to be of one session
    shows_nothing: bool = False  # the answer has no content, so nobody reads what it is about


current: ContextVar[RequestFacts] = ContextVar("request_facts", default=RequestFacts())  # noqa: B039 - frozen


def client_address(request: HttpRequest) -> str:
    """The address as our outermost proxy saw it. A header that the client wrote itself is never believed."""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        return hops[-settings.TRUSTED_PROXIES]
    return request.META.get("REMOTE_ADDR", "")


class RequestFactsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.session.session_key or ""
        token = current.set(
            RequestFacts(
                request_id=str(uuid7()),
                source_ip=client_address(request),
                session=sha256(key.encode()).hexdigest()[:16] if key else "",
                shows_nothing=request.method == "HEAD",
            )
        )
        try:
            return self.get_response(request)
        finally:
            current.reset(token)
