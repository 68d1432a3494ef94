"""Which alerts the rules in force hide. Plain data in, plain data out, but for `in_force`, which reads the rules."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from apps.alerts.models import Suppression
from apps.alerts.native import Alert


class Rule(NamedTuple):
    """What the intake needs to know of a rule."""

    id: str
    until: datetime


@dataclass
class Rules:
    """The rules in force by what they hide; of two about the same, the one that ends first."""

    by_key: dict[str, Rule] = field(default_factory=dict)
    by_detector: dict[tuple[str, str], Rule] = field(default_factory=dict)  # slug and kind
    by_account: dict[str, Rule] = field(default_factory=dict)
    by_identifier: dict[str, Rule] = field(default_factory=dict)

    def hides(self, alert: Alert, key: str) -> Rule | None:
        """The rule that hides an alert, or None. An account's rule is about alerts that name nobody else, and an
        indicator's about alerts that have nothing else to show: what says more than that is for people."""
        if rule := self.by_key.get(key) or self.by_detector.get((alert.source, alert.kind)):
            return rule
        accounts = alert.subject.accounts
        alone = len(accounts) == 1 and alert.n_accounts <= 1
        if alone and (rule := self.by_account.get(accounts[0])):
            return rule
        if self.by_identifier and len(types := {one.type for one in alert.indicators}) == 1:
            return self.by_identifier.get(types.pop())
        return None


def in_force(now: datetime) -> Rules:
    """The rules as they stand; one query."""
    rules = Suppression.objects.filter(ended_at=None, made_at__lte=now, expires_at__gt=now).order_by("-expires_at")
    return of(rules.select_related("detector"))


def of(rows: Iterable[Suppression]) -> Rules:
    """Rules by what they hide; the later in `rows` wins."""
    rules = Rules()
    for row in rows:
        rule = Rule(str(row.pk), row.expires_at)
        if row.scope == Suppression.Scope.KEY:
            rules.by_key[row.key] = rule
        elif row.scope == Suppression.Scope.ACCOUNT:
            rules.by_account[row.account_ref] = rule
        elif row.scope == Suppression.Scope.IDENTIFIER:
            rules.by_identifier[row.identifier_type] = rule
        elif row.detector:
            rules.by_detector[row.detector.slug, row.kind] = rule
    return rules
