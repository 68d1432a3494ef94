"""What the receiver posts, `POST /api/v1/enforcement/results`: what became of accounts."""

from collections import defaultdict

import msgspec
from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.contract import Problem, problems, response, schema
from apps.core.problems import problem
from apps.enforcement import actions, wire
from apps.enforcement.models import Order
from apps.enforcement.results import Outcome
from apps.enforcement.wire import Judged, Result, Results

MOST_BYTES = 4 * 1024 * 1024


class Answer(msgspec.Struct):
    """What each result did, in the order in which they came."""

    results: list[Judged]


class ResultsView(APIView):
    permission_classes = [IsAuthenticated]
    parser_classes: list = []

    @extend_schema(
        tags=["Enforcement"],
        operation_id="record_enforcement_results",
        summary="Say what became of accounts",
        description=(
            f"Up to {wire.RESULTS:,} results, of any orders. Each is answered by itself; what cannot be taken keeps no "
            "other from being taken. The same request again changes nothing, and neither does a late one: of two "
            "results about an account of an order the one of the later attempt counts, and of the same attempt the one "
            "with the higher sequence number. docs/enforcement.md has the whole protocol."
        ),
        request={"application/json": schema(Results)},
        responses={(200, "application/json"): response(Answer, "Each result was looked at.")}
        | problems(
            _400=(Problem, "The body is not JSON of this shape, or holds too many results."),
            _401=(Problem, "No API key, or one that is not valid."),
            _403=(Problem, "This key may not say what became of accounts."),
            _413=(Problem, "The body is too large."),
        ),
    )
    def post(self, request: Request) -> Response:
        if not request.user.has_perm("enforcement.record_results"):
            raise PermissionDenied("This key may not say what became of accounts.")
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return problem(413, f"A request has {MOST_BYTES:,} bytes at most.", code="too_large")
        try:
            sent = msgspec.json.decode(request.body, type=Results).results
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return problem(400, f"The body does not have the expected shape: {error}.", code="wrong_shape")
        if len(sent) > wire.RESULTS:
            return problem(400, f"A request holds {wire.RESULTS:,} results at most.", code="too_many")
        outcomes = self._record(sent, request.user)
        return Response(
            {"results": [msgspec.to_builtins(wire.judged(*pair)) for pair in zip(sent, outcomes, strict=True)]}
        )

    def _record(self, sent: list[Result], by) -> list[Outcome]:
        places: dict[str, list[int]] = defaultdict(list)
        for place, result in enumerate(sent):
            places[result.order].append(place)
        outcomes = [Outcome.UNKNOWN_ORDER] * len(sent)
        for order in Order.objects.filter(ref__in=places).order_by("ref"):
            mine = places[order.ref]
            for place, outcome in zip(
                mine, actions.record_results(order, results=[sent[i].said for i in mine], by=by), strict=True
            ):
                outcomes[place] = outcome
        return outcomes
