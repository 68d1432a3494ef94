"""An alert as DFIR-IRIS's client expects to see it."""

from typing import Any
from uuid import UUID, uuid5

from apps.alerts.formats import iris
from apps.alerts.models import Alert, AlertGroup

State = AlertGroup.State
SEVERITY_NAMES = {1: "Medium", 2: "Unspecified", 3: "Informational", 4: "Low", 5: "High", 6: "Critical"}
SEVERITY_IDS = {0: 3, 1: 4, 2: 1, 3: 5, 4: 6}
STATUS_NAMES = {2: "New", 3: "Assigned", 6: "Closed", 8: "Escalated"}
STATUS_IDS: dict[str, int] = {State.OPEN: 2, State.CLAIMED: 3, State.DISMISSED: 6, State.ESCALATED: 8}


def number(alert: Alert) -> int:
    """The alert's id as a number, which is what the client has for ids: the same 128 bits."""
    return UUID(str(alert.pk)).int


def status(alert: Alert) -> int:
    return STATUS_IDS[alert.group.state if alert.group else State.OPEN]


def alert(row: Alert) -> dict[str, Any]:
    held = iris.held_of(row.said)
    severity = SEVERITY_IDS[row.severity]
    if iris.SEVERITIES.get(held.get("alert_severity_id", 0)) == row.severity:
        severity = held["alert_severity_id"]
    customer = held.get("alert_customer_id", 1)
    return {
        "alert_id": number(row),
        "alert_uuid": str(row.pk),
        "alert_title": row.title,
        "alert_description": _text(held.get("alert_description")),
        "alert_source": held.get("alert_source", row.detector.slug),
        "alert_source_ref": held.get("alert_source_ref", None if held else row.source_ref),
        "alert_source_link": held.get("alert_source_link"),
        "alert_source_content": held.get("alert_source_content"),
        "alert_source_event_time": row.detected_at.replace(tzinfo=None).isoformat(),
        "alert_creation_time": row.received_at.replace(tzinfo=None).isoformat(),
        "alert_note": _text(held.get("alert_note")),
        "alert_context": held.get("alert_context"),
        "alert_tags": ",".join(held.get("alert_tags", [])),
        "alert_severity_id": severity,
        "severity": {"severity_id": severity, "severity_name": SEVERITY_NAMES[severity]},
        "alert_status_id": status(row),
        "status": {"status_id": status(row), "status_name": STATUS_NAMES[status(row)]},
        "alert_customer_id": customer,
        "customer": {"customer_id": customer, "customer_name": "casemgr"},
        "alert_owner_id": None,
        "owner": None,
        "alert_classification_id": None,
        "classification": None,
        "alert_resolution_status_id": None,
        "iocs": [_part(row, "ioc", one) for one in held.get("alert_iocs", [])],
        "assets": [_part(row, "asset", one) for one in held.get("alert_assets", [])],
        "cases": [],
        "comments": [],
        "modification_history": {},
    }


def _text(value: Any) -> str | None:
    return f"{value.get('cut', '')}…" if isinstance(value, dict) else value


def _part(row: Alert, kind: str, one: dict[str, Any]) -> dict[str, Any]:
    """An ioc or an asset has no row; its name within the alert is its id."""
    name = one.get("ioc_value") if kind == "ioc" else one.get("asset_name")
    id_ = uuid5(row.pk, f"{kind}\n{one.get(f'{kind}_type_id')}\n{name}")
    return {f"{kind}_uuid": str(id_), f"{kind}_id": id_.int} | one
