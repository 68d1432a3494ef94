"""An alert as TheHive's clients expect to see it, in both generations."""

from datetime import datetime
from typing import Any
from uuid import uuid5

from apps.alerts.formats import reading, thehive
from apps.alerts.models import Alert, AlertGroup

State = AlertGroup.State
SEVERITIES = {1: "LOW", 2: "MEDIUM", 3: "HIGH", 4: "CRITICAL"}
TLP = ("CLEAR", "GREEN", "AMBER", "RED", "AMBER+STRICT")
PAP = ("CLEAR", "GREEN", "AMBER", "RED")
V0_STATUS: dict[str, str] = {State.DISMISSED: "Ignored", State.ESCALATED: "Imported"}
V1_STATUS: dict[str, str] = {
    State.OPEN: "New",
    State.CLAIMED: "InProgress",
    State.DISMISSED: "Ignored",
    State.ESCALATED: "Imported",
}
V1_STAGE = V1_STATUS | {State.DISMISSED: "Closed"}


def v0(alert: Alert) -> dict[str, Any]:
    return _common(alert) | {
        "id": str(alert.pk),
        "_type": "alert",
        "createdBy": alert.detector.slug,
        "createdAt": _ms(alert.received_at),
        "updatedBy": alert.detector.slug,
        "updatedAt": _ms(alert.updated_at),
        "status": V0_STATUS.get(_state(alert), "Updated" if alert.occurrences > 1 else "New"),
        "case": None,
        "customFields": _v0_fields(thehive.held_of(alert.said)),
        "artifacts": [v0_observable(alert, one) for one in observables_of(alert)],
        "similarCases": [],
    }


def v1(alert: Alert) -> dict[str, Any]:
    shown = _common(alert)
    fields = thehive.held_of(alert.said).get("customFields", [])
    return shown | {
        "_type": "Alert",
        "_createdBy": alert.detector.slug,
        "_createdAt": _ms(alert.received_at),
        "_updatedBy": alert.detector.slug,
        "_updatedAt": _ms(alert.updated_at),
        "severityLabel": SEVERITIES[shown["severity"]],
        "tlpLabel": TLP[shown["tlp"]],
        "papLabel": PAP[shown["pap"]],
        "customFields": [{"_id": one["name"], "type": _type(one.get("value")), "order": 0} | one for one in fields],
        "observableCount": len(observables_of(alert)),
        "status": V1_STATUS[_state(alert)],
        "stage": V1_STAGE[_state(alert)],
        "extraData": {},
        "newDate": _ms(alert.received_at),
        "timeToDetect": max(0, _ms(alert.received_at) - shown["date"]),
    }


def _common(alert: Alert) -> dict[str, Any]:
    """What both generations call the same. An alert that came in another form is shown by its own reference."""
    held = thehive.held_of(alert.said)
    title = held.get("title")
    return {
        "_id": str(alert.pk),
        "type": held.get("type", alert.kind),
        "source": held.get("source", alert.detector.slug),
        "sourceRef": held.get("sourceRef", alert.source_ref),
        "externalLink": held.get("externalLink"),
        "title": title if title and reading.cut(title, reading.TITLE_LENGTH) == alert.title else alert.title,
        "description": _whole(held.get("description", alert.title)),
        "severity": max(1, alert.severity),
        "date": _ms(alert.detected_at),
        "tags": held.get("tags", []),
        "tlp": held.get("tlp", TLP.index(alert.said.get("handling", {}).get("tlp", "AMBER"))),
        "pap": held.get("pap", 2),
        "follow": True,
        "caseTemplate": held.get("caseTemplate"),
    }


def _state(alert: Alert) -> str:
    return alert.group.state if alert.group else State.OPEN


def _whole(text: Any) -> str:
    """A text that was cut for its length is shown by its beginning."""
    return f"{text.get('cut', '')}…" if isinstance(text, dict) else str(text)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _type(value: Any) -> str:
    return {bool: "boolean", int: "integer", float: "float"}.get(type(value), "string")


def _v0_fields(held: dict[str, Any]) -> dict[str, Any]:
    return {
        one["name"]: {"order": one.get("order", 0), one.get("type") or _type(one.get("value")): one.get("value")}
        for one in held.get("customFields", [])
    }


# --- observables -----------------------------------------------------------------------------------------------------


def observables_of(alert: Alert) -> list[dict[str, Any]]:
    """What was observed: as the client said it, or from the accounts and indicators of an alert of another form."""
    if found := thehive.held_of(alert.said).get("observables"):
        return found
    subject, indicators = alert.said.get("subject", {}), alert.said.get("indicators", [])
    accounts = [{"dataType": "account", "data": ref} for ref in subject.get("accounts", [])]
    return [*accounts, *({"dataType": one["type"], "data": one["value"]} for one in indicators)]


def v1_observable(alert: Alert, one: dict[str, Any]) -> dict[str, Any]:
    tlp, pap = one.get("tlp", 2), one.get("pap", 2)
    return {
        "_id": _id(alert, one),
        "_type": "Observable",
        "_createdBy": alert.detector.slug,
        "_createdAt": _ms(alert.received_at),
        "startDate": _ms(alert.detected_at),
        "tlp": tlp,
        "tlpLabel": TLP[tlp],
        "pap": pap,
        "papLabel": PAP[pap],
        "tags": [],
        "ioc": False,
        "sighted": False,
        "reports": {},
        "extraData": {},
        "ignoreSimilarity": False,
        "external": False,
    } | one


def v0_observable(alert: Alert, one: dict[str, Any]) -> dict[str, Any]:
    shown = {"tlp": 2, "tags": [], "ioc": False, "sighted": False, "message": None} | one
    made = {"createdBy": alert.detector.slug, "createdAt": _ms(alert.received_at), "reports": {}}
    return shown | made | {"id": _id(alert, one), "_id": _id(alert, one), "_type": "case_artifact"}


def _id(alert: Alert, one: dict[str, Any]) -> str:
    """An observable has no row; its name within the alert is its id."""
    return str(uuid5(alert.pk, f"{one.get('dataType')}\n{one.get('data')}"))
