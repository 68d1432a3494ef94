"""A detector's record as its page shows it: how often it was right, its trials, and whether it is told."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from apps.alerts import queries, verdicts
from apps.alerts.models import Calibration, Delivery, Detector, Verdict, Webhook
from apps.alerts.reliability import reversals, standing
from apps.alerts.reliability.calibration import false_positive_rate
from apps.alerts.reliability.precision import RIGHT, WRONG, Precision
from apps.core.ui.formats import counted, number

POINTS = 24  # of a chart
State = Delivery.State


def of(detector: Detector, user) -> dict[str, Any]:
    """What the page needs beside the detector; a constant number of queries."""
    measured = verdicts.of_detector(detector)
    weighed = verdicts.that_weigh(detector) if detector.weighed_from else measured
    hook = Webhook.objects.filter(detector=detector).first()
    deliveries = _counts(detector, user) if hook else {}
    calibrations = list(Calibration.objects.filter(detector=detector).order_by("-recorded_at", "-id"))
    return {
        "measured": measured,
        "shown": shares(measured),
        "reversals": reversals.of(detector),
        "standing": standing.in_words(weighed, detector.declared_rate),
        "declared_share": "" if detector.declared_rate is None else f"{detector.declared_rate:.1%}",
        "declared_label": "" if detector.declared_rate is None else f"declared: {detector.declared_rate:.1%}",
        "course": _course(detector),
        "calibrations": [(one, _rate(one)) for one in calibrations],
        "trials": [_trial(one) for one in _spread(calibrations[::-1])] if len(calibrations) > 1 else [],
        "webhook": hook,
        "deliveries": deliveries,
        "secret_overlaps": bool(hook and hook.previous_until and hook.previous_until > timezone.now()),
        "missing": _missing(detector, user, calibrations, deliveries),
    } | queries.signing(detector)


def _missing(
    detector: Detector, user, calibrations: Sequence[Calibration], deliveries: dict[str, int]
) -> list[dict[str, Any]]:
    """What stands between the detector and being of use, with the place where each is done by who may do it."""
    change = reverse("alerts:change_detector", args=[detector.pk])
    may_change = user.has_perm("alerts.change_detector", detector)
    lines: list[dict[str, Any]] = []

    def say(state: str, text: str, url: str, action: str, *, may: bool = True) -> None:
        lines.append({"state": state, "text": text, "url": url if may else "", "action": action})

    if detector.is_active and not queries.keys_of(detector).filter(revoked_at=None).exists():
        say("stop", "It has no key that is live, so it cannot post.", "#keys", "Keys")
    if not calibrations:
        text = "It was never tried on innocent cases: who takes its alerts into a case has to say why."
        say("warn", text, change, "Enter a calibration", may=may_change)
    elif detector.version and (tried := calibrations[0].version) and tried != detector.version:
        text = f"Version {detector.version} was never tried on innocent cases; {tried} was, before it."
        say("warn", text, change, "Enter a calibration", may=may_change)
    if detector.declared_rate is None:
        text = "It declares no rate of false alarms, so nothing can demote it."
        say("warn", text, change, "Declare one", may=may_change)
    if waiting := queries.waiting_rejections(user, detector):
        text = f"{counted(waiting, 'item')} of it {'was' if waiting == 1 else 'were'} rejected, and not put right."
        where = {"detector": detector.slug, "became": "waiting"}
        say("warn", text, f"{reverse('alerts:rejections')}?{urlencode(where)}", "Look at them")
    if dead := deliveries.get("dead"):
        text = f"{counted(dead, 'message')} to its webhook {'was' if dead == 1 else 'were'} given up."
        say("stop", text, f"{reverse('alerts:deliveries', args=[detector.pk])}?state=dead", "Look at them")
    return lines


def declared(detector: Detector) -> str:
    """The share of true groups that its owner declares at least, in per cent; "" where none is declared."""
    return "" if detector.declared_rate is None else f"{1 - detector.declared_rate:.1%}"


def shares(measured: Precision | None) -> dict[str, str] | None:
    """Precision and false share with their intervals, in per cent; None where nothing was decided."""
    if not measured or not measured.precision or not measured.false_share:
        return None
    names = ("estimate", "lower", "upper")
    true = {name: f"{share:.1%}" for name, share in zip(names, measured.precision, strict=True)}
    false = {f"false_{name}": f"{share:.1%}" for name, share in zip(names, measured.false_share, strict=True)}
    return true | false


def _course(detector: Detector) -> list[dict[str, Any]]:
    """The share of false groups as the record stood at the end of each day on which something was decided."""
    found = verdicts.standing_verdicts(detector).exclude(outcome=Verdict.Outcome.REOPENED)
    days = list(
        found.annotate(day=TruncDate("decided_at"))
        .order_by("day")
        .values_list("day")
        .annotate(
            right=Count("group", filter=Q(outcome__in=RIGHT), distinct=True),
            wrong=Count("group", filter=Q(dismissal__in=WRONG), distinct=True),
        )
    )
    right, wrong = accumulate(day[1] for day in days), accumulate(day[2] for day in days)
    stood = [(day[0], Precision(r, w)) for day, r, w in zip(days, right, wrong, strict=True) if r + w]
    return [
        _point(
            day, *(record.false_share or (0, 0, 1)), note=f"{number(record.wrong)} of {number(record.decided)} false"
        )
        for day, record in _spread(stood)
    ]


def _rate(one: Calibration) -> str:
    estimate, lower, upper = false_positive_rate(one.false_positives, one.n)
    return f"{estimate:.2%} ({lower:.2%} to {upper:.2%})"


def _trial(one: Calibration) -> dict[str, Any]:
    rate = false_positive_rate(one.false_positives, one.n)
    return _point(one.calibrated_on, *rate, note=f"{number(one.false_positives)} of {counted(one.n, 'case')}")


def _point(label: Any, estimate: float, lower: float, upper: float, *, note: str) -> dict[str, Any]:
    words = f"{estimate:.1%} ({lower:.1%} to {upper:.1%})"
    return {"label": label, "estimate": estimate, "lower": lower, "upper": upper, "note": note, "words": words}


def _spread(rows: Sequence[Any]) -> list[Any]:
    """As many as a chart holds, evenly chosen; the newest is always among them."""
    step = -(-len(rows) // POINTS) or 1
    return list(rows[::-1][::step][::-1])


def _counts(detector: Detector, user) -> dict[str, int]:
    found = queries.visible_deliveries(user, detector)
    return found.aggregate(
        waiting=Count("id", filter=Q(state=State.WAITING)),
        delivered=Count("id", filter=Q(state=State.DELIVERED)),
        dead=Count("id", filter=Q(state=State.DEAD)),
    )
