"""Detectors: programs that are known by name, with what is known about how often they are wrong."""

from datetime import date
from typing import Any

from apps.alerts.models import Detector
from apps.audit import ledger
from apps.audit.action import action
from apps.staff import actions as staff


@action
def register_detector(
    *,
    slug: str,
    name: str,
    kind: str,
    owner: str,
    by,
    version: str = "",
    threshold: float | None = None,
    calibration_set: str = "",
    calibration_n: int | None = None,
    calibration_false_positives: int | None = None,
    calibrated_on: date | None = None,
    known_false_positives: list[str] | None = None,
) -> Detector:
    """A new detector with the service account it signs in as. Keys are issued for that account."""
    account = staff.create_service_account(slug=slug, name=name, roles=["detector"], by=by)
    return ledger.create(
        Detector,
        slug=slug,
        name=name,
        kind=kind,
        owner=owner,
        service_account=account,
        version=version,
        threshold=threshold,
        calibration_set=calibration_set,
        calibration_n=calibration_n,
        calibration_false_positives=calibration_false_positives,
        calibrated_on=calibrated_on,
        known_false_positives=known_false_positives or [],
    )


@action
def change_detector(detector: Detector, *, by, reason: str = "", **values: Any) -> None:
    """New name, owner, threshold, calibration, or whether it may post at all (`is_active`)."""
    unknown = set(values) - CHANGEABLE
    if unknown:
        raise TypeError(f"a detector's {', '.join(sorted(unknown))} cannot be changed")
    ledger.change(detector, **values)


CHANGEABLE = {
    "name",
    "kind",
    "owner",
    "version",
    "threshold",
    "calibration_set",
    "calibration_n",
    "calibration_false_positives",
    "calibrated_on",
    "known_false_positives",
    "is_active",
    "refuses_repeats",
}
