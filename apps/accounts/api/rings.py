"""Rings for programs: which there are, what ties each, and who is in it. Read with a session or a key; nothing is
judged here, and no identifier is shown."""

from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import ring_words
from apps.accounts.models import Ring, RingMember
from apps.accounts.queries import rings
from apps.core.contract import Problem, problems
from apps.core.paging import page
from apps.staff.models import User

TAGS = ["Rings"]
ROWS = 200  # of one answer
ANSWER = {(200, "application/json"): OpenApiResponse({"type": "object", "additionalProperties": True})}
AFTER = [OpenApiParameter("after", str, description="`next` of the answer before")]
UNSEEN = problems(
    _401=(Problem, "Nobody is signed in, or the API key is not valid."),
    _403=(Problem, "Nobody is signed in."),
    _404=(Problem, "There is nothing here, or nothing that you may see."),
)


def _ring(ring: Ring) -> dict[str, Any]:
    return {
        "ref": ring.ref,
        "id": str(ring.pk),
        "state": ring.state,
        "size": ring.size,
        "families": dict(ring_words.families(ring)),
        "judged_why": ring.judged_why,
    }


class RingsView(APIView):
    """All rings that there are, largest first."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=TAGS,
        operation_id="list_rings",
        summary="Rings, largest first",
        parameters=AFTER,
        responses=ANSWER | UNSEEN,
    )
    def get(self, request: Request) -> Response:
        shown = page(_visible(request).exclude(state="dissolved"), ("-size", "-id"), request.query_params, size=ROWS)
        return Response({"rings": [_ring(ring) for ring in shown], "next": shown.older})


class RingView(APIView):
    """One ring, in words and measures."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=TAGS,
        operation_id="read_ring",
        summary="A ring, what ties it and what speaks against it",
        responses=ANSWER | UNSEEN,
    )
    def get(self, request: Request, ref: str) -> Response:
        ring = _found(request, ref)
        shared = [
            {"kind": one.kind, "members": one.members, "background_rate": one.rate, "bits": one.bits}
            for one in rings.shared_values(ring)
        ]
        words = {"summary": ring_words.summary(ring), "against": ring_words.against(ring)}
        measures = {name: value for name, value in ring.measures.items() if name not in ("bridges", "hub")}
        return Response(_ring(ring) | words | {"measures": measures, "shared": shared})


class RingMembersView(APIView):
    """Who is in a ring."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=TAGS,
        operation_id="list_ring_members",
        summary="Accounts of a ring",
        parameters=AFTER,
        responses=ANSWER | UNSEEN,
    )
    def get(self, request: Request, ref: str) -> Response:
        found = rings.memberships(cast(User, request.user), _found(request, ref))
        shown = page(found, ("id",), request.query_params, size=ROWS)
        return Response({"members": [_member(member) for member in shown], "next": shown.older})


def _member(member: RingMember) -> dict[str, Any]:
    return {"account": member.account.ref, "how": member.how, "probability": member.probability}


def _visible(request: Request) -> QuerySet[Ring]:
    visible = rings.visible_rings(cast(User, request.user))
    if not request.user.has_perm("accounts.view"):
        raise Http404("There is nothing here, or nothing that you may see.")
    return visible


def _found(request: Request, ref: str) -> Ring:
    ring = _visible(request).filter(ref=ref).first()
    if ring is None:
        raise Http404("There is nothing here, or nothing that you may see.")
    return ring
