"""What the views for other people's clients have in common: whose key it is, the body, the one way into the intake."""

import logging
from abc import ABC, abstractmethod
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import JSONField, QuerySet
from django.db.models.functions import Cast
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback

from apps.alerts import intake, limits, queries, signatures
from apps.alerts.formats import FORMATS
from apps.alerts.models import Alert, Batch, Detector
from apps.core import admission, problems
from apps.core.problems import unavailable
from apps.staff.authentication import ClientKeyAuthentication

log = logging.getLogger(__name__)


class Refused(Exception):
    """What the client asked for is not done: the status, and a sentence for its owner."""

    def __init__(self, status: int, reason: str, **extra: Any) -> None:
        super().__init__(reason)
        self.status, self.reason, self.extra = status, reason, extra


class Verdict(NamedTuple):
    """What became of the one alert of a request."""

    said: str  # created, updated or duplicate
    alert: Alert


class ClientView(APIView, ABC):
    """A view that reads bytes and answers errors in the client's own form; it is no part of our own API's schema."""

    authentication_classes = [ClientKeyAuthentication]
    permission_classes = [IsAuthenticated]
    parser_classes: list = []
    schema = None
    format: str
    is_reading = False  # whether its body asks for something, and changes nothing
    signed: signatures.Unsigned  # how the body was to be read; what writes has read it
    _detector: Detector | None = None
    _writes = 0

    @abstractmethod
    def problem(self, status: int, reason: str, extra: dict[str, Any]) -> Response:
        """An error in the form of the client."""

    def get_exception_handler(self) -> Any:
        return self._handle

    def _handle(self, error: Exception, context: dict[str, Any]) -> Response | None:
        set_rollback()
        if isinstance(error, Refused):
            answer = self.problem(error.status, error.reason, error.extra)
            if error.status == 401:
                answer["WWW-Authenticate"] = signatures.CHALLENGE
            return answer
        if isinstance(error, problems.Refused):
            answer = self.problem(error.status, error.reason, {})
            answer["Retry-After"] = str(error.wait)
            return answer
        if reason := unavailable(error):
            log.error("%s: %s", reason, error)
            return self.problem(503, reason, {})
        if isinstance(error, Http404):
            return self.problem(404, str(error) or "There is nothing here, or nothing that you may see.", {})
        if isinstance(error, PermissionDenied):
            return self.problem(403, str(error) or "You may not do this.", {})
        if isinstance(error, ValidationError):
            return self.problem(400, " ".join(error.messages), {})
        if isinstance(error, exceptions.APIException):
            answer = self.problem(error.status_code, str(error.detail), {})
            if header := getattr(error, "auth_header", None):
                answer["WWW-Authenticate"] = header
            return answer
        return None

    # --- what a view asks for ---

    def detector(self) -> Detector:
        """The detector whose key it is. Raises Refused."""
        if self._detector is None:
            self._detector = queries.detector_of(self.request.user)
        if self._detector is None:
            raise Refused(403, "Only a detector's own API key may send and read alerts here.")
        return self._detector

    def body(self) -> bytes:
        """The client's bytes; where they are to be written, signed as the detector has to."""
        if self.is_reading:
            return self._read()
        detector = self.detector()
        try:
            self.signed = signatures.demanded(detector, self.request.headers)
            return b"".join(self.signed.body([self._read()]))
        except signatures.Refused as refused:
            limits.admit(self.request.auth.pk, detector)
            signatures.count(detector, refused)
            raise Refused(refused.status, refused.reason, code=refused.code, data=[refused.reason]) from refused

    def _read(self) -> bytes:
        """Only as much as may be kept is read, whatever length was announced."""
        limit, announced = settings.INTAKE_MAX_BYTES, self.request.META.get("CONTENT_LENGTH") or "0"
        try:
            found = b"" if announced.isdigit() and int(announced) > limit else self.request._request.read(limit + 1)
        except UnreadablePostError as error:
            raise Refused(400, "The body ended before it was complete.") from error
        if len(found) > limit or int(announced if announced.isdigit() else 0) > limit:
            raise Refused(413, f"The body is larger than {limit:,} bytes.")
        return found

    def own_alerts(self) -> QuerySet[Alert]:
        return queries.visible_alerts(self.request.user).annotate(content=Cast("payload", JSONField()))

    def own(self, pk: Any) -> Alert:
        """An alert that this key may see, by its id. Raises Http404."""
        try:
            found = self.own_alerts().filter(pk=UUID(str(pk))).first()
        except ValueError:
            found = None
        if found is None:
            raise Http404(f"There is no alert {str(pk)[:80]}, or none that this key may see.")
        return found

    def create(self, body: bytes, *, repeatable: bool = True) -> Verdict:
        """Take a new alert in. The same bytes again are the same request: a client repeats what was not answered."""
        detector = self.detector()
        if detector.refuses_repeats:
            self._refuse_known(detector, body)
        key = f"{self.format}:{sha256(body).hexdigest()}" if repeatable else None
        try:
            return self._verdict(self._receive(detector, body, self.signed.key(key)))
        except intake.KeyReused as error:
            raise Refused(400, str(error)) from error

    def _refuse_known(self, detector: Detector, body: bytes) -> None:
        """What a strict detector gets instead of an update, as the other systems answer."""
        (item,) = FORMATS[self.format].items([body], source=detector.slug)
        ref = msgspec.json.decode(item.native)["source_ref"] if item.native else ""
        if known := self.own_alerts().filter(detector=detector, source_ref=ref).first():
            reason = f"Alert {ref} already exist in organisation casemgr"  # in the words that clients look for
            raise Refused(400, reason, type="CreateError", known=known)

    def update(self, alert: Alert, said: bytes) -> Verdict:
        """Take in what a client says about an alert that is there."""
        body, key = FORMATS[self.format].change(alert.said, said), self.signed.key(None, part=self._writes)
        self._writes += 1
        try:
            return self._verdict(self._receive(self.detector(), body, key))
        except intake.KeyReused:
            return self._verdict(self._answered(alert, key))

    def _answered(self, alert: Alert, key: str | None) -> dict[str, Any]:
        """What a signed message was answered that came before: the alert has moved on since, and is not moved back.

        The signature does not cover the address, so a message about another alert is told from this one here.
        """
        batch = Batch.objects.filter(detector=self.detector(), idempotency_key=key, part=0).get()
        verdict: dict[str, Any] = msgspec.json.decode(batch.verdicts)[0]
        if verdict["verdict"] != "rejected" and verdict["id"] != str(alert.pk):
            raise Refused(400, f"This {signatures.ID} was used for another message: take a new one.")
        return verdict

    def _receive(self, detector: Detector, body: bytes, key: str | None) -> dict[str, Any]:
        """What became of the one alert in the body, within the limits of the client's key."""
        if len(body) > detector.body_limit:
            raise Refused(413, f"The body is larger than {detector.body_limit:,} bytes.")
        with admission.at_work():
            limits.admit(self.request.auth.pk, detector)
            verdict = receive(detector, body, format=self.format, key=key, by=self.request.user)
        limits.count(self.request.auth.pk, 1)
        return verdict

    def _verdict(self, verdict: dict[str, Any]) -> Verdict:
        if verdict["verdict"] != "rejected":
            return Verdict(verdict["verdict"], self.own(verdict["id"]))
        status = {"for_people": 403, "too_large": 413}.get(verdict["code"], 400)
        raise Refused(status, verdict["reason"], code=verdict["code"], field=verdict["field"])


def receive(detector: Detector, body: bytes, *, format: str, key: str | None, by: Any) -> dict[str, Any]:
    """The one way from here into the intake: what became of the one alert in a client's body."""
    return intake.take(detector, [body], format=format, idempotency_key=key, by=by).verdicts[0]
