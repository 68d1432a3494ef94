"""The verification of the trail for programs: what the last one found, and asking for the next."""

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.audit import actions, queries
from apps.audit.models import Verification

PROBLEM = {  # RFC 9457
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
REFUSED = {
    (401, "application/problem+json"): OpenApiResponse(PROBLEM, description="No API key, or one that is not valid."),
    (403, "application/problem+json"): OpenApiResponse(PROBLEM, description="This key or person may not ask."),
}
UNREADABLE = {
    (400, "application/problem+json"): OpenApiResponse(PROBLEM, description="The body cannot be read, or is wrong."),
    (415, "application/problem+json"): OpenApiResponse(PROBLEM, description="A media type other than JSON."),
}

FINDING = inline_serializer(
    "TrailFinding",
    {
        name: serializers.CharField(allow_blank=True)
        for name in ("sentence", "means", "do", "table", "row", "column", "event")
    },
    many=True,
)
VERDICT = inline_serializer(
    "TrailVerdict",
    {
        "name": serializers.ChoiceField(["integrity", "completeness", "agreement", "time"]),
        "question": serializers.CharField(),
        "holds": serializers.BooleanField(),
        "is_proven": serializers.BooleanField(help_text="false: nothing was found wrong, and nothing is proven"),
        "remark": serializers.CharField(allow_blank=True),
        "wrong": serializers.IntegerField(help_text="how many things, of which the first 1,000 are named"),
        "checked": serializers.DictField(child=serializers.IntegerField()),
        "findings": FINDING,
    },
    many=True,
)
LAST = inline_serializer(
    "TrailVerification",
    {
        "number": serializers.IntegerField(),
        "holds": serializers.BooleanField(),
        "is_full": serializers.BooleanField(help_text="everything was read, not only what came since the last one"),
        "started_at": serializers.DateTimeField(),
        "finished_at": serializers.DateTimeField(),
        "size": serializers.IntegerField(help_text="entries in the log"),
        "key": serializers.CharField(help_text="whose signatures were checked"),
        "acknowledged": serializers.BooleanField(),
        "skipped": serializers.ListField(child=serializers.CharField(), help_text="what was not looked at"),
        "verdicts": VERDICT,
    },
    allow_null=True,
)
ANSWER = inline_serializer(
    "TrailVerifications",
    {
        "last": LAST,
        "under_way": inline_serializer(
            "TrailVerificationUnderWay",
            {
                "asked_at": serializers.DateTimeField(),
                "percent": serializers.IntegerField(min_value=0, max_value=99),
                "last_error": serializers.CharField(allow_blank=True),
            },
            allow_null=True,
        ),
    },
)
ASKED = inline_serializer("TrailVerificationRequest", {"everything": serializers.BooleanField(default=False)})


class VerificationView(APIView):
    """Whether the trail holds."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=["trail"],
        operation_id="read_trail_verification",
        summary="Read the last verification of the trail",
        description="For monitors, auditors and administrators. `last.holds` says whether anything was found wrong.",
        responses={200: OpenApiResponse(ANSWER, description="The last one that ended, and one under way.")} | REFUSED,
    )
    def get(self, request: Request) -> Response:
        _require(request, "audit.view", "audit.request_verification")
        return Response(_answer())

    @extend_schema(
        tags=["trail"],
        operation_id="request_trail_verification",
        summary="Ask for a verification of the trail",
        description="It is done in the background; read what came of it with GET. With `everything` all of the log and "
        "of the tables is read, else what came since the last verification that held.",
        request=ASKED,
        responses={202: OpenApiResponse(ANSWER, description="It was asked for.")} | REFUSED | UNREADABLE,
    )
    def post(self, request: Request) -> Response:
        sent = request.data if isinstance(request.data, dict) else {}
        asked = serializers.BooleanField(default=False).run_validation(sent.get("everything", False))
        actions.request_verification(is_full=asked, by=request.user)
        return Response(_answer(), status=202)


def _require(request: Request, *permissions: str) -> None:
    if not any(request.user.has_perm(permission) for permission in permissions):
        raise PermissionDenied("The trail is for auditors, administrators and monitors.")


def _answer() -> dict[str, Any]:
    last, under_way = queries.verifications().first(), queries.verification_under_way()
    return {
        "last": last and _told(last),
        "under_way": under_way
        and {"asked_at": under_way.asked_at, "percent": under_way.share, "last_error": under_way.last_error},
    }


def _told(last: Verification) -> dict[str, Any]:
    report = last.state["report"]
    return {
        "number": last.number,
        "holds": last.holds,
        "is_full": last.is_full,
        "started_at": last.started_at,
        "finished_at": last.finished_at,
        "size": report["size"],
        "key": report["key"],
        "acknowledged": last.acknowledged_at is not None,
        "skipped": report["skipped"],
        "verdicts": queries.verdicts(last),
    }
