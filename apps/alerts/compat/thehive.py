"""The calls that TheHive's clients make about alerts: v0 (`/api/alert`) and v1 (`/api/v1/alert`).

A detector sends, adds, corrects and reads its own alerts. What becomes of them is decided by people: those calls are
answered with a sentence that says so, in the form the client expects of an error.
"""

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.alerts.compat import search
from apps.alerts.compat import thehive_shown as shown
from apps.alerts.compat.client import ClientView, Refused
from apps.alerts.formats import reading
from apps.alerts.models import Alert
from apps.alerts.wire import Refusal

TYPES = {
    400: "BadRequest",
    401: "AuthenticationError",
    403: "AuthorizationError",
    404: "NotFoundError",
    405: "MethodNotAllowed",
    413: "PayloadTooLarge",
    429: "TooManyRequests",
}
MOST_AT_ONCE = 100


class TheHiveView(ClientView):
    """`generation` is 0 or 1, by the address."""

    format = "thehive"
    generation = 1

    def problem(self, status: int, reason: str, extra: dict[str, Any]) -> Response:
        body: dict[str, Any] = {"type": extra.get("type") or TYPES.get(status, "BadRequest"), "message": reason}
        if known := extra.get("known"):
            body["object"] = {"_id": str(known.pk), "id": str(known.pk)}
        return Response(body, status=status)

    def shown(self, alert: Alert) -> dict[str, Any]:
        return shown.v1(alert) if self.generation else shown.v0(alert)

    def document(self) -> dict[str, Any]:
        try:
            return reading.document(self.body())
        except Refusal as refusal:
            raise Refused(400, str(refusal)) from refusal


class Alerts(TheHiveView):
    """A new alert; one that is known already is answered with itself, as it is now."""

    def post(self, request: Request) -> Response:
        return Response(self.shown(self.create(self.body()).alert), status=201)


class OneAlert(TheHiveView):
    def get(self, request: Request, pk: str) -> Response:
        return Response(self.shown(self.own(pk)))

    def patch(self, request: Request, pk: str) -> Response:
        changed = self.update(self.own(pk), self.body()).alert
        return Response(status=204) if self.generation else Response(self.shown(changed))

    def delete(self, request: Request, pk: str) -> Response:
        raise Refused(403, "Nothing is deleted in casemgr. A detector takes an alert back through its own API.")


class ManyAlerts(TheHiveView):
    """The same change of several alerts."""

    def patch(self, request: Request) -> Response:
        body = self.body()
        ids = self._ids(body)
        for alert in [self.own(pk) for pk in ids]:
            self.update(alert, body)
        return Response(status=204)

    def _ids(self, body: bytes) -> list[Any]:
        try:
            ids = reading.document(body).get("ids")
        except Refusal as refusal:
            raise Refused(400, str(refusal)) from refusal
        if not isinstance(ids, list) or not 0 < len(ids) <= MOST_AT_ONCE:
            raise Refused(400, f"ids is a list of 1 to {MOST_AT_ONCE} alerts.")
        return ids


class Observables(TheHiveView):
    """One more observable of an alert; the answer is what it became, as a list in v1."""

    def post(self, request: Request, pk: str) -> Response:
        known = self.own(pk)
        before = {(one["dataType"], one.get("data")) for one in shown.observables_of(known)}
        alert = self.update(known, self.body()).alert
        found = shown.observables_of(alert)
        added = [one for one in found if (one["dataType"], one.get("data")) not in before] or found[-1:]
        if self.generation:
            return Response([shown.v1_observable(alert, one) for one in added], status=201)
        return Response([shown.v0_observable(alert, one) for one in added], status=201)


class Follow(TheHiveView):
    """What a detector says later is always taken in: there is nothing to switch on."""

    def post(self, request: Request, pk: str) -> Response:
        self.own(pk)
        return Response(status=204)


class Search(TheHiveView):
    """v0: the detector's own alerts, with the number of all in `X-Total`."""

    generation = 0
    is_reading = True

    def post(self, request: Request) -> Response:
        filters = self.document().get("query") or {}
        found = self.own_alerts().filter(search.condition(filters))
        rows = found.order_by(*search.order(request.query_params.getlist("sort")))[self._range(request)]
        return Response([self.shown(alert) for alert in rows], headers={"X-Total": str(found.count())})

    def _range(self, request: Request) -> slice:
        given = request.query_params.get("range", "0-10")
        first, _, last = ("0", "-", str(search.MOST)) if given == "all" else given.partition("-")
        if not (first.isdecimal() and last.isdecimal() and len(first + last) < 20):
            raise Refused(400, "A range is two numbers, such as 0-10, or “all”.")
        return search.page(int(first), int(last))


class Query(TheHiveView):
    """v1: `listAlert` and `getAlert` with filters, order, pages, counts, and an alert's observables."""

    is_reading = True

    def post(self, request: Request) -> Response:
        steps = self.document().get("query")
        if not (isinstance(steps, list) and steps and all(isinstance(step, dict) for step in steps)):
            raise Refused(400, "A query is a list of steps, the first of them listAlert or getAlert.")
        first, *rest = steps
        match first.get("_name"):
            case "listAlert":
                return self._list(rest)
            case "getAlert":
                return self._of_one(self.own(first.get("idOrName")), rest)
        raise Refused(400, f"{str(first.get('_name'))[:40]}: casemgr answers queries for a detector's own alerts only.")

    def _list(self, steps: list[dict[str, Any]]) -> Response:
        found, order, page = self.own_alerts(), search.ORDER, slice(0, search.MOST)
        for step in steps:
            match step.get("_name"):
                case "filter":
                    found = found.filter(search.condition(step))
                case "sort":
                    order = search.order(step.get("_fields"))
                case "page":
                    page = search.page(step.get("from"), step.get("to"))
                case "count":
                    return Response(found.count())
                case other:
                    raise Refused(400, f"casemgr does not know the step “{str(other)[:40]}” of a query.")
        return Response([self.shown(alert) for alert in found.order_by(*order)[page]])

    def _of_one(self, alert: Alert, steps: list[dict[str, Any]]) -> Response:
        match [step.get("_name") for step in steps]:
            case []:
                return Response([self.shown(alert)])
            case ["observables"]:
                return Response([shown.v1_observable(alert, one) for one in shown.observables_of(alert)])
            case ["observables", "page"]:
                page = search.page(steps[1].get("from"), steps[1].get("to"))
                return Response([shown.v1_observable(alert, one) for one in shown.observables_of(alert)[page]])
            case ["comments" | "procedures" | "attachments" as what, *_]:
                raise Refused(400, f"The {what} of an alert are not given to detectors.")
        raise Refused(400, "Of one alert, a query gives the alert or its observables, by pages.")


class CurrentUser(TheHiveView):
    """Whom the key belongs to: how clients try out a connection."""

    def get(self, request: Request) -> Response:
        detector = self.detector()
        made = {"login": detector.slug, "name": detector.name, "organisation": "casemgr", "locked": False}
        if not self.generation:
            return Response(made | {"id": detector.slug, "_id": detector.slug, "roles": ["alert"], "status": "Ok"})
        return Response(made | {"_id": str(detector.pk), "_type": "User", "profile": "alert", "permissions": []})


class Health(TheHiveView):
    """How clients ask whether anybody is there."""

    def get(self, request: Request) -> Response:
        return Response({"status": "Ok"})


class Decided(TheHiveView):
    """A call that would decide what only people decide; `reason` says what it was."""

    reason = ""

    def _refuse(self, request: Request, **parts: str) -> Response:
        raise Refused(403, self.reason)

    get = post = put = patch = delete = _refuse


class Unknown(TheHiveView):
    """A call of TheHive that casemgr does not offer."""

    def _refuse(self, request: Request, **parts: str) -> Response:
        raise Http404(f"casemgr does not offer {request.method} {request.path[:200]}.")

    get = post = put = patch = delete = _refuse
