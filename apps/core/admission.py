"""What every way in asks of a request before anything is made of it: room to work, and what its key may be."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter

from apps.core.problems import Refused

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    OpenApiParameter.HEADER,
    description="1 to 255 printable characters. The same key with another body is refused with 422.",
)

_at_work = BoundedSemaphore(settings.INTAKE_AT_WORK)


@contextmanager
def at_work() -> Iterator[None]:
    """One of the requests that this process works on. Raises Refused at once when there are enough of them."""
    if not _at_work.acquire(blocking=False):
        raise Refused(503, "busy", "Too many requests are being taken in at this moment: send it again.", 1)
    try:
        yield
    finally:
        _at_work.release()


def idempotency_key(given: str | None) -> str | None:
    """The key that a request came with, if it came with one. Raises Refused for what is none."""
    if given is not None and not (0 < len(given) <= 255 and given.isprintable()):
        raise Refused(400, "idempotency_key_invalid", "Idempotency-Key has 1 to 255 printable characters.")
    return given
