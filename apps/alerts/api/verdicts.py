"""The feed of verdicts, `GET /api/v1/verdicts`: what became of alerts, for the detectors that sent them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from msgspec import Meta, Struct
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.alerts import deliveries, native, queries, verdicts
from apps.alerts.api import contract
from apps.core.contract import Problem, problems, schema
from apps.core.problems import problem

LIMIT, MOST = 100, 1000


class Line(Struct):
    """What was decided about one alert."""

    verdict: Annotated[str, Meta(description="one decision about a group; its lines share it")]
    source: str
    source_ref: str
    alert: str
    group: str
    outcome: Literal["dismissed", "in_case", "reopened"]
    reason: Annotated[
        Literal["benign", "authorised", "detector_fault", "duplicate", "too_weak"] | None,
        Meta(description="of a dismissal"),
    ]
    counts_as: Annotated[
        Literal["true", "false"] | None, Meta(description="how it goes into the detector's measured precision")
    ]
    decided_at: native.Moment
    supersedes: Annotated[str | None, Meta(description="the earlier verdict on this group that it takes back")]
    drill: str | None


class Feed(Struct):
    """A page of the feed."""

    items: list[Line]
    next_cursor: Annotated[str | None, Meta(description="where to go on, also from an empty page")]
    has_more: bool


GET: dict[str, Any] = {
    "tags": contract.TAGS,
    "operation_id": "list_verdicts",
    "summary": "Follow what becomes of alerts",
    "description": (
        "One line for each alert of each decision, in an order that never changes. Keep `next_cursor` and go on from "
        "it: nothing is left out, however many people decide at once, and nothing comes twice. A detector reads what "
        "is about its own alerts; people who may see alerts read all. A dismissal that is taken back comes as "
        "`reopened`, and the next decision supersedes that."
    ),
    "parameters": [
        OpenApiParameter("cursor", str, description="`next_cursor` of the page before; from the beginning without it"),
        OpenApiParameter(
            "limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}, description="lines at most"
        ),
        OpenApiParameter(
            "since", {"type": "string", "format": "date-time"}, description="only what was decided from then on"
        ),
    ],
    "responses": {
        200: OpenApiResponse(schema(Feed), description="A page, perhaps empty."),
        **problems(
            _400=(Problem, "A parameter cannot be read; the code says which."),
            _401=(Problem, "No API key, or one that is not valid."),
            _403=(Problem, "This key may not read verdicts."),
        ),
    },
}


class VerdictsView(APIView):
    """What became of alerts."""

    permission_classes = [IsAuthenticated]

    @extend_schema(**GET)
    def get(self, request: Request) -> Response:
        if not (request.user.has_perm("alerts.view") or request.user.has_perm("alerts.receive")):
            raise PermissionDenied("Verdicts are for detectors and for people who may see alerts.")
        asked = request.query_params
        cursor = asked.get("cursor") or ""
        try:
            after = deliveries.position_of(cursor) if cursor else 0
        except ValueError:
            return problem(400, "`cursor` is none that casemgr gave: begin without it.", code="cursor_invalid")
        limit = asked.get("limit", str(LIMIT))
        if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= MOST):
            return problem(400, f"`limit` is a number from 1 to {MOST}.", code="limit_invalid")
        try:
            since = _moment(asked["since"]) if "since" in asked else None
        except ValueError:
            return problem(400, "`since` is a time with its zone, such as 2026-06-05T10:00:00Z.", code="since_invalid")
        lines = verdicts.follow(queries.visible_verdicts(request.user), after=after, limit=int(limit) + 1, since=since)
        page = lines[: int(limit)]
        place = deliveries.cursor(page[-1].position or 0) if page else cursor or None
        return Response(
            {"items": [verdicts.said(line) for line in page], "next_cursor": place, "has_more": len(lines) > len(page)}
        )


def _moment(text: str) -> datetime:
    # An unescaped + of an offset arrives as a space.
    moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError("which zone?")
    return moment
