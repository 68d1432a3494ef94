"""What programs and people read of query logs: the profile of one, with all that is needed to compute it again."""

from typing import Annotated, Any, Literal

import msgspec
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from msgspec import Meta
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.contract import Problem, problems, schema
from apps.evidence import actions, queries
from apps.evidence.logs import as_json


class Source(msgspec.Struct):
    """An item of evidence."""

    ref: str
    sha256: str


class Counted(msgspec.Struct):
    """Rows: `read` is `kept` and `rejected`."""

    read: int
    kept: int
    rejected: int
    reasons: Annotated[dict[str, int], Meta(description="why rows were rejected, and how many")]


class ProfileFigure(msgspec.Struct):
    """A figure, and how it was made."""

    name: str
    title: str
    value: Annotated[dict[str, Any] | None, Meta(description="sentence, numbers and a table; null with `why_not`")]
    why_not: Annotated[str, Meta(description="why there is no value, such as a column that the log has not")]
    counting: Annotated[str, Meta(description="what is counted how, in words")]
    sql: Annotated[str, Meta(description="exactly as it was run; `log` is the input")]
    input_sha256: str
    engine: str
    settings: dict[str, Any]


class Profile(msgspec.Struct):
    """A query log as it was read, and its figures. Those that are not computed yet are not in it."""

    log: str
    item: Source
    input: Annotated[Source | None, Meta(description="the normalised log, once there is one")]
    state: Literal["proposed", "reading", "assembling", "profiling", "ready", "failed", "given_up"]
    columns: Annotated[dict[str, str], Meta(description="what each column means")]
    missing_columns: list[str]
    zone: Annotated[str, Meta(description="of times that name none")]
    rows: Counted
    figures: list[ProfileFigure]


class ProfileView(APIView):
    """The profile of a query log."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=["Query logs"],
        operation_id="get_query_log_profile",
        summary="One query log with every figure, its SQL and its input",
        description="It names accounts, so reading it is recorded as a look at the item.",
        responses={(200, "application/json"): OpenApiResponse(schema(Profile), description="The profile.")}
        | problems(
            _401=(Problem, "Nobody is signed in, or the API key is not valid."),
            _403=(Problem, "A reason is needed to look at this item, or this person may not: look at its page."),
            _404=(Problem, "No such log, or none that you may see."),
        ),
    )
    def get(self, request: Request, ref: str) -> Response:
        found = queries.visible_logs(request.user).filter(ref=ref).first()
        if found is None:
            raise Http404("There is no query log with this reference, or none that you may see.")
        actions.open_item(found.item, by=request.user)
        return Response(as_json(found))
