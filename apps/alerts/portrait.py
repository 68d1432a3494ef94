"""What a group looks like to whoever decides on it: what happened, how that compares, what speaks against it."""

from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Max, Min

from apps.accounts.queries import Day, activity_of_all, daily_activity, mean_of_a_day
from apps.alerts import queries
from apps.alerts.models import Alert, AlertGroup, Detector
from apps.alerts.reliability.calibration import false_positive_rate
from apps.core.ui.formats import number

CHART_DAYS = 45
LOOKED_AT = 500  # accounts


@dataclass
class Portrait:
    """Sentences, and a chart of requests a day (values, days, the day of the first alert)."""

    sentences: list[str]
    against: list[dict]
    values: list[int] = field(default_factory=list)
    days: list[date] = field(default_factory=list)
    first_alert: date | None = None
    similar: list[tuple[AlertGroup, int]] = field(default_factory=list)


def portrait(group: AlertGroup, user) -> Portrait:
    """A constant number of queries, and of a large group as many accounts as can be looked at meanwhile."""
    accounts = queries.accounts_of(group, most=LOOKED_AT)
    opened = accounts.aggregate(first=Min("opened_at"), last=Max("opened_at"), number=Count("pk"))
    some = f"{number(LOOKED_AT)} of them" if opened["number"] == LOOKED_AT < group.account_count else ""
    alerts = Alert.objects.filter(group=group).aggregate(first=Min("detected_at"), last=Max("detected_at"))
    daily = daily_activity(accounts, days=CHART_DAYS)
    against = [reason for reason in group.reasons if reason["points"] < 0]
    sentences = [_what(group, opened, some), _since(alerts), *_how_much(group, daily, some)]
    return Portrait(
        sentences=[sentence for sentence in sentences if sentence],
        against=against,
        values=[done.requests for done in daily.values()],
        days=list(daily),
        first_alert=alerts["first"].date() if alerts["first"] else None,
        similar=queries.similar(group, user, most=LOOKED_AT),
    )


def _what(group: AlertGroup, opened: dict, some: str) -> str:
    detectors = f"{len(group.detectors)} detectors" if len(group.detectors) != 1 else group.detectors[0]
    alerts = f"{number(group.alert_count)} alert{'s' * (group.alert_count != 1)} of {detectors}"
    if not group.account_count:
        return f"{alerts}, about no account of ours by name."
    who = f"{number(group.account_count)} account{'s' * (group.account_count != 1)}"
    if not opened["first"]:
        return f"{who} in {alerts}."
    first, last = opened["first"].date(), opened["last"].date()
    when = f"opened on {first}" if first == last else f"opened between {first} and {last}"
    if some:
        return f"{who} in {alerts}; {some} were looked at, {when}."
    return f"{who}, {when}, in {alerts}."


def _since(alerts: dict) -> str:
    if not alerts["first"]:
        return ""
    first, last = alerts["first"].date(), alerts["last"].date()
    return f"First detected on {first}." if first == last else f"First detected on {first}, last on {last}."


def _how_much(group: AlertGroup, daily: dict[date, Day], some: str) -> list[str]:
    """The requests of its accounts that were looked at, and how an active day of one of them compares with everybody's
    over the same days."""
    total = sum(done.requests for done in daily.values())
    if not total:
        return ["No activity of these accounts has been imported yet."] if group.account_count else []
    first, last = min(daily), max(daily)
    sentences = [f"Together {some or 'they'} sent {number(total)} requests in the {len(daily)} days until {last}."]
    theirs = mean_of_a_day(daily.values())
    ordinary = mean_of_a_day(done for day, done in activity_of_all().items() if first <= day <= last)
    if theirs and ordinary:
        sentences.append(
            f"On a day in use, one of them sends {number(round(theirs, 1))} requests on average; "
            f"all accounts on record send {number(round(ordinary, 1))}."
        )
    return sentences


def error_rate(detector: Detector) -> dict | None:
    """A detector's rate of false alarms with its exact 95 % interval, or None where it was never calibrated."""
    if not detector.calibration_n:
        return None
    estimate, lower, upper = false_positive_rate(detector.calibration_false_positives, detector.calibration_n)
    return {"estimate": f"{estimate:.2%}", "lower": f"{lower:.2%}", "upper": f"{upper:.2%}"}
