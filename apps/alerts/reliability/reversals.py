"""How often a decision about a detector's alerts was taken back later, and after how long (R17).

A decision is reversed when a later one about the same group says the opposite: what was dismissed as false went into a
case after all, or what went into a case turned out to be ordinary use. Dismissals that say neither do not count.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from apps.alerts.models import Detector
from apps.alerts.reliability.calibration import false_positive_rate
from apps.alerts.reliability.precision import RIGHT, WRONG
from apps.core.ui.formats import counted, number


@dataclass(frozen=True)
class Reversals:
    """Of `decided` groups so many were reversed; `middle` and `longest` are how long the first decision had stood."""

    decided: int
    to_true: int
    to_false: int
    middle: timedelta | None
    longest: timedelta | None

    @property
    def reversed(self) -> int:
        return self.to_true + self.to_false

    @property
    def rate(self) -> tuple[float, float, float] | None:
        """(estimate, lower, upper) of the share of groups, with the exact 95 % interval."""
        return false_positive_rate(self.reversed, self.decided) if self.decided else None

    @property
    def sentence(self) -> str:
        if self.rate is None:
            return "Nothing is decided yet that could be reversed."
        estimate, lower, upper = self.rate
        said = f"Of {counted(self.decided, 'decided group')} {number(self.reversed)} "
        said += f"{'was' if self.reversed == 1 else 'were'} decided the other way later: "
        said += f"{estimate:.1%} (95% interval {lower:.1%} to {upper:.1%})."
        if self.middle is None or self.longest is None:
            return said
        stood = f"{_span(self.middle)} in the middle, {_span(self.longest)} at most"
        return f"{said} The first decision had stood for {stood}."


def of(detector: Detector) -> Reversals:
    """Over its whole record, drills left out; one query. A group counts once, however often it was turned round."""
    with connection.cursor() as cursor:
        cursor.execute(SAID, [sorted(RIGHT), detector.pk, sorted(RIGHT), sorted(WRONG)])
        return Reversals(*cursor.fetchone())


SAID = """
    WITH said AS (
        SELECT group_id, decided_at, outcome = ANY(%s) AS is_true FROM alerts_verdict
        WHERE detector_id = %s AND drill = '' AND (outcome = ANY(%s) OR dismissal = ANY(%s))
    ), turned AS (
        SELECT group_id, decided_at, is_true,
               lag(is_true) OVER followed AS before, min(decided_at) OVER followed AS since
        FROM said WINDOW followed AS (PARTITION BY group_id ORDER BY decided_at)
    ), first AS (
        SELECT DISTINCT ON (group_id) group_id, is_true, decided_at - since AS stood FROM turned
        WHERE before <> is_true ORDER BY group_id, decided_at
    )
    SELECT (SELECT count(DISTINCT group_id) FROM said), count(*) FILTER (WHERE is_true),
           count(*) FILTER (WHERE NOT is_true),
           percentile_disc(0.5) WITHIN GROUP (ORDER BY stood), max(stood)
    FROM first
"""


def _span(time: timedelta) -> str:
    if time >= timedelta(days=2):
        return counted(time.days, "day")
    if time >= timedelta(hours=2):
        return counted(time // timedelta(hours=1), "hour")
    return counted(max(1, time // timedelta(minutes=1)), "minute")
