"""The intake, `POST /api/v1/alerts`, and what became of an alert, `GET`.

DRF gives authentication, problem documents and the schema; the body is read here as bytes, because decoding alerts with
serializers costs ten times as much.
"""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, UnreadablePostError
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.alerts import actions, contract, queries
from apps.alerts.models import Alert, Batch
from apps.core.problems import problem

JSON, LINES = "application/json", "application/x-ndjson"


class AlertsView(APIView):
    """Alerts as detectors post them and look them up."""

    permission_classes = [IsAuthenticated]
    parser_classes: list = []

    @extend_schema(**contract.POST)
    def post(self, request: Request) -> Response:
        detector = queries.detector_of(request.user)
        if detector is None:
            raise PermissionDenied("Only a detector's own API key may post alerts.")
        lines = _media_type(request) == LINES
        try:
            body = _body(request._request)
        except UnreadablePostError:
            return problem(400, "The body ended before it was complete.", code="body_broken_off")
        if body is None:
            return problem(413, f"The body is larger than {settings.INTAKE_MAX_BYTES:,} bytes.", code="body_too_large")
        key = request.headers.get("Idempotency-Key")
        if key is not None and not (0 < len(key) <= 255 and key.isprintable()):
            return problem(400, "Idempotency-Key has 1 to 255 printable characters.", code="idempotency_key_invalid")
        try:
            batch, replayed = actions.receive(detector, body=body, idempotency_key=key, lines=lines, by=request.user)
        except actions.KeyReused as error:
            return problem(422, str(error), code="idempotency_key_reused")
        return _answer(batch, replayed)

    @extend_schema(**contract.FIND)
    def get(self, request: Request) -> Response:
        source, source_ref = request.query_params.get("source"), request.query_params.get("source_ref")
        if not source or not source_ref:
            return problem(400, "Name the alert by both `source` and `source_ref`.", code="parameters_missing")
        found = queries.visible_alerts(request.user).filter(detector__slug=source, source_ref=source_ref).first()
        if found is None:
            raise Http404(
                f"There is no alert of “{source}” with the reference “{source_ref}”, or none that you may see."
            )
        return Response(_shown(found))


class AlertView(APIView):
    """One alert by its id."""

    permission_classes = [IsAuthenticated]

    @extend_schema(**contract.ONE)
    def get(self, request: Request, pk) -> Response:
        found = queries.visible_alerts(request.user).filter(pk=pk).first()
        if found is None:
            raise Http404("There is no alert with this id, or none that you may see.")
        return Response(_shown(found))


def _media_type(request: Request) -> str:
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in (JSON, LINES) or request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType(
            media_type or "nothing", f"Send {JSON} or {LINES}, not compressed; this is “{media_type or 'nothing'}”."
        )
    return media_type


def _body(request: HttpRequest) -> bytes | None:
    """The body, or None when it is too large. Only as much as may be kept is read, whatever length was announced."""
    limit = settings.INTAKE_MAX_BYTES
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if announced.isdigit() and int(announced) > limit:
        return None
    body = request.read(limit + 1)
    return None if len(body) > limit else body


def _answer(batch: Batch, replayed: bool) -> Response:
    """201 when something was created, 200 when the rest changed nothing or updated, 422 when all was rejected."""
    answer = {
        "batch": str(batch.pk),
        "received": batch.items,
        "created": batch.created,
        "updated": batch.updated,
        "duplicates": batch.duplicates,
        "rejected": batch.rejected,
        "items": batch.verdicts,
    }
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    first = batch.verdicts[0]
    if first.get("code", "").startswith("body_"):
        status = 413 if first["code"] == "body_too_many" else 400
        return problem(status, first["reason"], code=first["code"], headers=headers, batch=answer["batch"])
    if batch.rejected == batch.items:
        what = "The alert was" if batch.items == 1 else f"All {batch.items:,} alerts were"
        return problem(422, f"{what} rejected; each item says why.", code="all_rejected", headers=headers, **answer)
    return Response(answer, status=201 if batch.created else 200, headers=headers)


def _shown(alert: Alert) -> dict:
    group = alert.group
    return {
        "id": str(alert.pk),
        "source": alert.detector.slug,
        "source_ref": alert.source_ref,
        "is_open": alert.is_open,
        "occurrences": alert.occurrences,
        "received_at": alert.received_at,
        "updated_at": alert.updated_at,
        "content_sha256": alert.content_sha256,
        "group": group
        and {"id": str(group.pk), "title": group.title, "state": group.state, "priority": group.priority},
        "alert": alert.payload,
    }
