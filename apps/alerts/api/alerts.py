"""The intake, `POST /api/v1/alerts`, and what became of an alert, `GET`.

DRF gives authentication, problem documents and the schema; the body is read here as bytes, because decoding alerts with
serializers costs ten times as much.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.alerts import intake, limits, queries, signatures
from apps.alerts.api import contract, listing
from apps.alerts.models import Alert
from apps.core import admission
from apps.core.problems import Refused, problem

FORMATS_BY_TYPE = {
    "application/json": "document",
    "application/x-ndjson": "lines",
    "application/vnd.casemgr.ocsf+json": "ocsf",
    "application/stix+json": "stix",
}
ENCODINGS = ("identity", "gzip", "zstd")
CHUNK = 256 * 1024
# Of a body that holds nothing else: what is wrong is the request, not an alert of it.
UNREADABLE = frozenset(
    {"body_empty", "body_cut", "body_broken", "body_too_large", "not_json", "not_utf8", "not_an_alert", "too_deep"}
)


class AlertsView(APIView):
    """Alerts as detectors post them and look them up."""

    permission_classes = [IsAuthenticated]
    parser_classes: list = []

    @extend_schema(**contract.POST)
    def post(self, request: Request) -> HttpResponse:
        detector = queries.detector_of(request.user)
        if detector is None:
            raise PermissionDenied("Only a detector's own API key may post alerts.")
        key = admission.idempotency_key(request.headers.get("Idempotency-Key"))
        try:
            with admission.at_work():
                limits.admit(request.auth.pk, detector)
                signed = signatures.demanded(detector, request.headers)
                receipt = intake.take(
                    detector,
                    signed.body(_chunks(request._request, detector.body_limit)),
                    format=_format(request),
                    encoding=_encoding(request),
                    idempotency_key=signed.key(key),
                    by=request.user,
                )
            limits.count(request.auth.pk, receipt.count("items"))
        except Refused as refused:
            return problem(refused.status, refused.reason, code=refused.code, headers=refused.headers)
        except signatures.Refused as unsigned:
            signatures.count(detector, unsigned)
            return problem(unsigned.status, unsigned.reason, code=unsigned.code, headers=unsigned.headers)
        except UnreadablePostError:
            return problem(400, "The body ended before it was complete.", code="body_broken_off")
        except intake.TooLarge as error:
            return problem(413, str(error), code="body_too_large")
        except intake.KeyReused as error:
            return problem(422, str(error), code="idempotency_key_reused")
        return answer(receipt)

    @extend_schema(**contract.LIST)
    def get(self, request: Request) -> HttpResponse:
        if not (request.user.has_perm("alerts.view") or request.user.has_perm("alerts.receive")):
            raise PermissionDenied("You may not read alerts.")
        try:
            asked = listing.asked(request.query_params)
        except ValidationError as error:
            return problem(400, " ".join(error.messages), code="parameters_wrong")
        if asked.is_one:
            return _one(request, asked.cleaned_data["source"], asked.cleaned_data["source_ref"])
        found = listing.page(request.user, asked.cleaned_data)
        alerts = [_shown(alert, request.user) for alert in found.alerts]
        return _json({"alerts": alerts, "next": found.cursor and str(found.cursor), "has_more": found.has_more})


def _one(request: Request, source: str, source_ref: str) -> HttpResponse:
    found = listing.one(request.user, source=source, source_ref=source_ref)
    if found is None:
        raise Http404(f"There is no alert of “{source}” with the reference “{source_ref}”, or none that you may see.")
    return _json(_shown(found, request.user))


class AlertView(APIView):
    """One alert by its id."""

    permission_classes = [IsAuthenticated]

    @extend_schema(**contract.ONE)
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        found = queries.visible_alerts(request.user).filter(pk=pk).first()
        if found is None:
            raise Http404("There is no alert with this id, or none that you may see.")
        return _json(_shown(found, request.user))


def _format(request: Request) -> str:
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in FORMATS_BY_TYPE:
        raise UnsupportedMediaType(
            media_type or "nothing",
            f"Send one of {', '.join(FORMATS_BY_TYPE)}; this is “{media_type or 'nothing'}”.",
        )
    return FORMATS_BY_TYPE[media_type]


def _encoding(request: Request) -> str:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ENCODINGS:
        raise UnsupportedMediaType(encoding, f"Compress with one of {', '.join(ENCODINGS)}; this is “{encoding}”.")
    return encoding


def _chunks(request: HttpRequest, limit: int) -> Iterator[bytes]:
    """The body as it arrives. Only as much as may be kept is read, whatever length was announced."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    read = int(announced) if announced.isdigit() else 0
    if read <= limit:
        read = 0
        while read <= limit and (chunk := request.read(CHUNK)):
            read += len(chunk)
            yield chunk
    if read > limit:
        raise intake.TooLarge(f"The body is larger than {limit:,} bytes.")


def answer(receipt: intake.Receipt) -> HttpResponse:
    """201 when something was created, 200 when the rest changed nothing or updated, 422 when all was rejected."""
    counts = {name: receipt.count(name) for name in ("created", "updated", "duplicates", "rejected")}
    items, verdicts = receipt.count("items"), receipt.verdicts
    said = {"batch": str(receipt.batches[0].pk), "received": items} | counts | {"items": verdicts}
    if len(receipt.batches) > 1:
        said["batches"] = [str(batch.pk) for batch in receipt.batches]
    headers = {"Idempotent-Replayed": "true"} if receipt.is_replayed else None
    first = verdicts[0]
    if items == 1 and first.get("code") in UNREADABLE:
        status = 413 if first["code"] == "body_too_large" else 400
        return problem(status, first["reason"], code=first["code"], headers=headers, **said)
    if counts["rejected"] == items:
        what = "The alert was" if items == 1 else f"All {items:,} alerts were"
        return problem(422, f"{what} rejected; each item says why.", code="all_rejected", headers=headers, **said)
    status = 201 if counts["created"] else 200
    return HttpResponse(msgspec.json.encode(said), status=status, headers=headers, content_type="application/json")


def _json(said: dict[str, Any]) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(said), content_type="application/json")


def _shown(alert: Alert, reader: Any) -> dict[str, Any]:
    """What is said of an alert. Its own text goes out to its detector, as it lies there: it names people, so that a
    person reads it on its page, where the look is counted."""
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
        "ref_collision": alert.ref_collision,
        "alert": msgspec.Raw(alert.payload.encode()) if reader.actor_kind == "detector" else None,
    }
