"""Detectors: programs that are known by name, with what is known about how often they are wrong."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.alerts import verdicts
from apps.alerts.models import AlertGroup, Calibration, Detector
from apps.alerts.reliability import standing
from apps.audit import ledger
from apps.audit.action import action
from apps.core import jobs
from apps.core.ids import uuid7
from apps.staff import actions as staff

CALIBRATION = ("calibration_set", "calibration_n", "calibration_false_positives", "calibrated_on")


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
    declared_rate: float | None = None,
    known_false_positives: list[str] | None = None,
) -> Detector:
    """A new detector with the service account it signs in as. Keys are issued for that account."""
    account = staff.create_service_account(slug=slug, name=name, roles=["detector"], by=by)
    detector = ledger.create(
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
        declared_rate=declared_rate,
        known_false_positives=known_false_positives or [],
    )
    _keep_calibration(detector)
    return detector


@action
def change_detector(detector: Detector, *, by, reason: str = "", **values: Any) -> None:
    """New name, owner, threshold, declared rate, calibration, or whether it may post at all (`is_active`).

    A new calibration is kept beside the earlier ones; another declared rate is held against the record at once.
    """
    unknown = set(values) - CHANGEABLE
    if unknown:
        raise TypeError(f"a detector's {', '.join(sorted(unknown))} cannot be changed")
    before = _calibration(detector), detector.stands_alone, detector.declared_rate
    ledger.change(detector, **values)
    if _calibration(detector) != before[0]:
        _keep_calibration(detector)
        _ask(RANK, detector, by=by)
    if detector.declared_rate != before[2]:
        _ask(WEIGH, detector, by=by)


CHANGEABLE = {
    "name",
    "kind",
    "owner",
    "version",
    "threshold",
    *CALIBRATION,
    "declared_rate",
    "known_false_positives",
    "is_active",
    "refuses_repeats",
    "requests_per_second",
    "items_per_day",
    "max_body_bytes",
}


def _calibration(detector: Detector) -> tuple:
    return tuple(getattr(detector, name) for name in CALIBRATION)


def _keep_calibration(detector: Detector) -> None:
    if detector.calibration_n is not None:
        ledger.create(
            Calibration,
            detector=detector,
            version=detector.version,
            threshold=detector.threshold,
            calibration_set=detector.calibration_set,
            n=detector.calibration_n,
            false_positives=detector.calibration_false_positives,
            calibrated_on=detector.calibrated_on,
            recorded_at=timezone.now(),
        )


# --- whose word counts less ------------------------------------------------------------------------------------------

WEIGH = "alerts.weigh_detector"  # kinds of the jobs that hold it against its record, and rank its groups anew
RANK = "alerts.rank_again"


def _ask(kind: str, detector: Detector, *, by) -> None:
    # Each time is a job of its own: one of this name may have been done before.
    jobs.after_commit(kind, f"{detector.pk}/{uuid7()}", by=by)


@action
def demote_detector(detector: Detector, *, by) -> None:
    """Let its alerts count less, because of what became of them. Raises ValidationError where the record gives no
    ground for it."""
    if detector.demoted_at is not None:
        raise ValidationError("It is demoted already.")
    why = standing.why_demoted(verdicts.that_weigh(detector), detector.declared_rate)
    if not why:
        raise ValidationError("Its record gives no ground to demote it.")
    ledger.change(detector, demoted_at=timezone.now(), demotion=why)
    _ask(RANK, detector, by=by)


@action
def restore_detector(detector: Detector, *, reason: str, by) -> None:
    """Let its alerts count as before. Only decisions from now on can demote it again."""
    if detector.demoted_at is None:
        raise ValidationError("It is not demoted.")
    if not reason.strip():
        raise ValidationError({"reason": "Say what has changed: whoever reads its record will ask."})
    ledger.change(detector, demoted_at=None, demotion="", weighed_from=timezone.now())
    _ask(RANK, detector, by=by)


@action
def rank_again(detector: Detector, *, groups: Sequence[AlertGroup], by) -> None:
    """Say anew how urgent undecided groups are, after what is known about one of their detectors has changed."""
    with ledger.batch(detector, groups=len(groups)) as rows:
        standing.describe_again(rows, groups)
