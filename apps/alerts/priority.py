"""How urgent a group is, 0 to 100, and why, in sentences with points. Plain data in, plain data out.

The points are a table of choices, not a probability: they say in which order people look, never what is true.
"""

import math
from dataclasses import dataclass, field
from datetime import timedelta

from apps.alerts.reliability.calibration import false_positive_rate
from apps.core.ui.formats import number

SEVERITY = (("info", 0), ("low", 6), ("medium", 14), ("high", 24), ("critical", 32))
SEVERITY_SAYS = "Severity"  # how that reason begins; lists show severity as a sign of its own and leave it out
# When somebody should have looked, by severity, counted from the first alert.
TARGET = (timedelta(days=14), timedelta(days=7), timedelta(days=3), timedelta(days=1), timedelta(hours=4))
DEMOTED = 24  # points that a group of demoted detectors alone loses; a third of them where others agree
PIVOT = 0.25  # share of requests to a model out for a day, from which on it counts


@dataclass(frozen=True)
class Facts:
    """What is known about a group. Counts are of distinct things; `calibrations` are (false positives, cases)."""

    severity: int = 0
    accounts: int = 0
    detectors: int = 0
    kinds: tuple[str, ...] = ()
    calibrations: tuple[tuple[int, int], ...] = ()
    uncalibrated: int = 0
    demoted: tuple[str, ...] = ()  # names of detectors
    log10_lr: float | None = None
    p_value: float | None = None
    new_model_share: float | None = None
    open_alerts: int = 1
    verified_payers: int = 0
    contracts: tuple[tuple[str, int], ...] = ()
    known_false_positives: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    supported: tuple[str, ...] = ()


@dataclass
class Priority:
    points: int
    reasons: list[dict] = field(
        default_factory=list
    )  # {"text", "points"}, strongest first, what speaks against it last


def rank(facts: Facts) -> Priority:
    """The priority of a group with its reasons; 0 when its detectors have taken everything back."""
    if not facts.open_alerts:
        return Priority(0, [{"text": "The detector has closed all its alerts", "points": 0}])
    reasons = [line for part in (_for, _against) for line in part(facts)]
    reasons.sort(key=lambda line: -line[1])
    total = sum(points for _, points in reasons)
    return Priority(min(max(total, 0), 100), [{"text": text, "points": points} for text, points in reasons])


def _for(facts: Facts) -> list[tuple[str, int]]:
    word, points = SEVERITY[facts.severity]
    lines = [(f"{SEVERITY_SAYS} {word}, as the detector rates the impact", points)] if points else []
    if facts.accounts > 1:
        lines.append(
            (f"{number(facts.accounts)} accounts appear together", min(24, round(7 * math.log10(facts.accounts))))
        )
    if len(facts.kinds) > 1:
        lines.append((_agreement(facts), min(20, 8 * (len(facts.kinds) - 1) + 2 * (facts.detectors - 1))))
    lines += _strength(facts)
    if facts.new_model_share is not None and facts.new_model_share >= PIVOT:
        lines.append((f"{facts.new_model_share:.0%} of requests moved to a new model within a day", 10))
    if facts.calibrations:
        lines += _calibration(facts.calibrations)
    return lines


def _agreement(facts: Facts) -> str:
    kinds = ", ".join(kind.replace("_", " ") for kind in sorted(facts.kinds))
    who = f"{facts.detectors} detectors" if facts.detectors > 1 else "One detector"
    return f"{who} report{'' if facts.detectors > 1 else 's'} signs of {len(facts.kinds)} kinds: {kinds}"


def _strength(facts: Facts) -> list[tuple[str, int]]:
    if facts.log10_lr is not None and facts.log10_lr >= 0.5:
        times = f"10^{facts.log10_lr:.1f}"
        return [(f"The strongest sign is {times} times likelier under extraction", min(15, round(5 * facts.log10_lr)))]
    if facts.p_value is not None and facts.p_value <= 0.01:
        depth = -math.log10(max(facts.p_value, 1e-300))
        return [
            (f"Chance explains the strongest sign with p = {number(facts.p_value)} at most", min(12, round(2 * depth)))
        ]
    return []


def _calibration(calibrations: tuple[tuple[int, int], ...]) -> list[tuple[str, int]]:
    wrong, n = min(calibrations, key=lambda pair: false_positive_rate(*pair)[2])
    upper = false_positive_rate(wrong, n)[2]
    points = 9 if upper <= 0.005 else 6 if upper <= 0.02 else 3 if upper <= 0.05 else 0
    tried = f"{number(wrong)} of {number(n)} innocent cases"
    text = f"Best detector was wrong on {tried} (at most {upper:.2%}, 95% confidence)"
    return [(text, points)] if points else [(text, -4)]


def _against(facts: Facts) -> list[tuple[str, int]]:
    lines = []
    if facts.uncalibrated and not facts.calibrations:
        lines.append(("No detector here was ever tried on innocent cases", -8))
    if facts.demoted:
        word = "Detector is" if len(facts.demoted) == 1 else "Detectors are"
        alone = len(facts.demoted) == facts.detectors
        lines.append((f"{word} demoted: {', '.join(facts.demoted)}", -DEMOTED if alone else -DEMOTED // 3))
    if facts.verified_payers:
        lines.append(
            (
                f"{number(facts.verified_payers)} of {number(facts.accounts)} accounts have verified payers",
                -round(12 * min(1, facts.verified_payers / max(facts.accounts, 1))),
            )
        )
    for contract, count in facts.contracts:
        share = min(1, count / max(facts.accounts, 1))
        lines.append(
            (f"{number(count)} of {number(facts.accounts)} accounts have a contract: {contract}", -round(16 * share))
        )
    if facts.supported:
        lines.append((f"The detector itself finds support for: {_list(facts.supported)}", -12))
    if facts.untested:
        lines.append((f"Not tested by the detector: {_list(facts.untested)}", -min(6, 2 * len(facts.untested))))
    if facts.known_false_positives:
        lines.append((f"Honest use that its detectors mistake: {_list(facts.known_false_positives)}", -2))
    return lines


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(name.replace("_", " ").replace("-", " ") for name in names)
