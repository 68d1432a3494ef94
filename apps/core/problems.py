"""RFC 9457 problem documents: every error of the API, in one shape, in words."""

import errno
import logging
import math
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

log = logging.getLogger(__name__)

AGAIN = {"Retry-After": "5"}
MEDIA_TYPE = "application/problem+json"


class Refused(Exception):
    """A request that is not taken, or not now: why, and after how many seconds it may be tried again."""

    def __init__(self, status: int, code: str, reason: str, wait: float = 0) -> None:
        super().__init__(reason)
        self.status, self.code, self.reason, self.wait = status, code, reason, max(1, math.ceil(wait)) if wait else 0

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.wait)} if self.wait else {}


def problem(
    status: int, detail: str, *, code: str = "", headers: dict[str, str] | None = None, **extra: Any
) -> Response:
    """A response whose `type` is `about:blank` or a code of ours, with whatever else helps the client to act."""
    body = {
        "type": f"urn:casemgr:problem:{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **extra,
    }
    return Response(body, status=status, content_type=MEDIA_TYPE, headers=headers)


def handle(error: Exception, context: dict) -> Response | None:
    """DRF's exception handler. What nobody foresaw stays an error of the server and reaches the log."""
    set_rollback()
    if isinstance(error, Http404):
        return problem(404, str(error) or "There is nothing here, or nothing that you may see.")
    if isinstance(error, PermissionDenied):
        return problem(403, str(error) or "You may not do this.")
    if isinstance(error, ValidationError):
        by_field: dict[str, Any] = {"errors": error.message_dict} if hasattr(error, "error_dict") else {}
        return problem(422, " ".join(error.messages), code="refused", **by_field)
    if isinstance(error, Refused):
        return problem(error.status, error.reason, code=error.code, headers=error.headers)
    if isinstance(error, exceptions.APIException):
        return _of_drf(error)
    if reason := unavailable(error):
        log.error("%s: %s", reason, error)
        return problem(503, reason, code="unavailable", headers=AGAIN)
    return None


def unavailable(error: BaseException) -> str:
    """In words, where it is nobody's fault but of what we stand on: the database, the disk. Else ""."""
    if isinstance(error, OperationalError | InterfaceError):
        return "The database does not answer at this moment. Nothing is acknowledged: send the same again."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
        return "There is no room to keep anything at this moment. Nothing is acknowledged: send the same again."
    return ""


def _of_drf(error: exceptions.APIException) -> Response:
    headers = {}
    if auth := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    detail = error.detail
    if isinstance(detail, dict | list):
        return problem(
            error.status_code, "The request does not have the expected shape.", headers=headers, errors=detail
        )
    return problem(error.status_code, str(detail), code=str(error.get_codes()), headers=headers)


def not_found(request, exception=None) -> JsonResponse:
    """For paths under /api/ that no view has."""
    return plain(404, f"The API has no {request.path}.")


def plain(status: int, detail: str) -> JsonResponse:
    """A problem document from where no view of the API was reached."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)
