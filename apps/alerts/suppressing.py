"""Which alerts the rules in force hide. Plain data in, plain data out, but for `in_force`, which reads the rules."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from apps.alerts.models import Suppression
from apps.alerts.native import Alert
from apps.core import prepared
from apps.core.prepared import Answer


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


IN_FORCE = """
    SELECT s.id::text, s.expires_at, s.scope, s.key, d.slug, s.kind, s.account_ref, s.identifier_type
    FROM alerts_suppression s LEFT JOIN alerts_detector d ON d.id = s.detector_id
    WHERE s.ended_at IS NULL AND s.made_at <= clock_timestamp() AND s.expires_at > clock_timestamp()
    ORDER BY s.expires_at DESC"""


def in_force() -> Answer[Rules]:
    """The rules as they stand."""
    return prepared.ask(_of, IN_FORCE)


def _of(rows: list[tuple]) -> Rules:
    """Rules by what they hide; the later in `rows` wins."""
    rules = Rules()
    for id_, until, scope, key, slug, kind, account_ref, identifier_type in rows:
        rule = Rule(id_, until)
        if scope == Suppression.Scope.KEY:
            rules.by_key[key] = rule
        elif scope == Suppression.Scope.ACCOUNT:
            rules.by_account[account_ref] = rule
        elif scope == Suppression.Scope.IDENTIFIER:
            rules.by_identifier[identifier_type] = rule
        else:
            rules.by_detector[slug, kind] = rule
    return rules
