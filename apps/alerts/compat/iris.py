"""The calls that DFIR-IRIS's clients make about alerts.

A detector sends, adds, corrects and reads its own alerts. What becomes of them is decided by people: those calls are
answered with a sentence that says so, in the envelope that the client expects.
"""

from math import ceil
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts.compat import iris_shown as shown
from apps.alerts.compat.client import ClientView, Refused
from apps.alerts.formats import iris, reading
from apps.alerts.models import Alert
from apps.alerts.wire import Refusal

VERSIONS = {"api_min": "2.0.4", "api_current": "2.0.5", "iris_current": "casemgr"}
MOST_PER_PAGE = 1000


class IrisView(ClientView):
    format = "iris"

    def problem(self, status: int, reason: str, extra: dict[str, Any]) -> Response:
        reason = "Authentication required" if status == 401 else reason
        data = extra.get("data", [])
        if known := extra.get("known"):
            data = {"alert_id": shown.number(known), "alert_uuid": str(known.pk)}
        return Response({"status": "error", "message": reason, "data": data}, status=status)

    def success(self, data: Any, message: str = "") -> Response:
        return Response({"status": "success", "message": message, "data": data})

    def numbered(self, number: int) -> Alert:
        """The alert with this number. Raises Http404."""
        if number >= 2**128:
            raise Http404("Alert not found")
        return self.own(UUID(int=number))

    def said(self, body: bytes) -> dict[str, Any]:
        try:
            return reading.document(body)
        except Refusal as refusal:
            raise Refused(400, str(refusal)) from refusal


class Ping(IrisView):
    def get(self, request: Request) -> Response:
        return self.success([], "pong")


class Versions(IrisView):
    """The versions of IRIS's API that a client may be made for."""

    def get(self, request: Request) -> Response:
        return self.success(VERSIONS)


class Add(IrisView):
    """A new alert; one that is known already is answered with itself, as it is now."""

    def post(self, request: Request) -> Response:
        body = self.body()
        said = self.said(body)
        if absent := iris.missing(said):
            errors = {name: ["Missing data for required field."] for name in absent}
            raise Refused(400, str(errors), data=errors)
        return self.success(shown.alert(self.create(body, repeatable=iris.names_itself(said)).alert), "Alert added")


class One(IrisView):
    def get(self, request: Request, number: int) -> Response:
        return self.success(shown.alert(self.numbered(number)))


class Update(IrisView):
    def post(self, request: Request, number: int) -> Response:
        known, body = self.numbered(number), self.body()
        status = self.said(body).get("alert_status_id")
        if status is not None and status != shown.status(known):
            raise Refused(
                403, "What becomes of an alert is decided by people in casemgr; its status follows from that."
            )
        return self.success(shown.alert(self.update(known, body).alert), "Alert updated")


class Filter(IrisView):
    """The detector's own alerts, by pages."""

    def get(self, request: Request) -> Response:
        page, per_page = self._number("page", 1), min(self._number("per_page", 10), MOST_PER_PAGE)
        way = "" if request.query_params.get("sort") == "asc" else "-"
        found = self.own_alerts().filter(self._condition())
        total = found.count()
        last = max(1, ceil(total / per_page))
        rows = found.order_by(f"{way}received_at", f"{way}id")[(page - 1) * per_page : page * per_page]
        return self.success(
            {
                "total": total,
                "alerts": [shown.alert(row) for row in rows],
                "last_page": last,
                "current_page": page,
                "next_page": page + 1 if page < last else None,
            }
        )

    def _number(self, name: str, default: int) -> int:
        given = self.request.query_params.get(name) or str(default)
        if not (given.isascii() and given.isdigit() and int(given[:9]) > 0):
            raise Refused(400, f"{name} is a number from 1.")
        return int(given[:9])

    def _condition(self) -> Q:
        found = Q()
        for name, value in self.request.query_params.items():
            if value and name not in ("page", "per_page", "sort", "cid"):
                found &= self._one(name, str(value))
        return found

    def _one(self, name: str, value: str) -> Q:
        held = f"content__ext__{iris.NAME}"
        match name:
            case "alert_title":
                return Q(title__icontains=value)
            case "alert_source" | "alert_description":
                return Q(**{f"{held}__{name}__icontains": value})
            case "alert_source_ref" | "source_reference":
                return Q(**{f"{held}__alert_source_ref": value})
            case "alert_tags":
                return Q(**{f"{held}__alert_tags__contains": [tag.strip() for tag in value.split(",")]})
            case "alert_severity_id":
                return Q(severity=iris.SEVERITIES.get(self._number(name, 1), -1))
            case "alert_status_id":
                wanted = self._number(name, 1)
                return Q(group__state__in=[state for state, number in shown.STATUS_IDS.items() if number == wanted])
            case "alert_customer_id":
                return Q(**{f"{held}__alert_customer_id": self._number(name, 1)})
            case "alert_ids":
                numbers = [int(one) for one in value.split(",") if one.strip().isascii() and one.strip().isdigit()]
                return Q(pk__in=[UUID(int=one) for one in numbers if one < 2**128])
        raise Refused(400, f"Alerts cannot be found by “{name[:40]}” here.")


class Decided(IrisView):
    """A call that would decide what only people decide; `reason` says what it was."""

    reason = ""

    def _refuse(self, request: Request, **parts: Any) -> Response:
        raise Refused(403, self.reason)

    get = post = put = patch = delete = _refuse


class Unknown(IrisView):
    """A call of DFIR-IRIS that casemgr does not offer."""

    def _refuse(self, request: Request, **parts: Any) -> Response:
        raise Http404(f"casemgr does not offer {request.method} {request.path[:200]}.")

    get = post = put = patch = delete = _refuse


@csrf_exempt
@login_not_required
def search(request: HttpRequest) -> HttpResponseBase:
    """IRIS's client posts here; a person who leaves out the slash wants the page."""
    return Unknown.as_view()(request) if request.method == "POST" else redirect("/search/", permanent=True)
