"""Which alerts belong together: the key of an alert, and the group that it joins. Plain data in, plain data out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.alerts.native import Alert

KEY_LENGTH = 250


def key(alert: Alert) -> str:
    """What an alert is grouped by when no group holds its accounts already.

    A campaign that the detector names; the model outside that our answers turned up in, whichever detector says so;
    a cluster of one detector; a prompt template; else the account, or whatever else it is about.
    """
    return _key(alert)[:KEY_LENGTH]


def _key(alert: Alert) -> str:
    subject, source = alert.subject, alert.source
    suspect = alert.indicator("suspect_model") or subject.model_ref
    if subject.campaign_ref:
        return f"campaign:{source}:{subject.campaign_ref}"
    if suspect:
        return f"model:{suspect}"
    if subject.cluster_ref:
        return f"cluster:{source}:{subject.cluster_ref}"
    if template := alert.indicator("template"):
        return f"template:{source}:{template}"
    if len(subject.accounts) == 1:
        return f"account:{subject.accounts[0]}"
    if ref := subject.organisation_ref or subject.endpoint_ref:
        return f"{subject.type}:{source}:{ref}"
    return f"alert:{source}:{alert.source_ref}"


def is_about_model(key: str) -> bool:
    """Traces in somebody's model stay one group of their own: they are about the model, not about one ring."""
    return key.startswith("model:")


@dataclass
class Homes:
    """The groups that take alerts now: those nobody has decided on, and those in a case.

    `by_key` is group by key; `by_account` the groups that are about an account together with others, with the number
    of their alerts that name it. New groups and members are added while a batch is walked through.
    """

    by_key: dict[str, str]
    by_account: dict[str, Counter]

    def find(self, key: str, accounts: Iterable[str]) -> str | None:
        """The group of the key; else the one that holds more than half of the accounts; else none."""
        if key in self.by_key or is_about_model(key):
            return self.by_key.get(key)
        return majority(self.by_account, set(accounts))

    def settle(self, key: str, accounts: Iterable[str], group: str) -> None:
        """An alert went into a group: its key and, when it ties several accounts together, they lead there."""
        self.by_key.setdefault(key, group)
        together = set(accounts)
        if len(together) > 1 and not is_about_model(key):
            for account in together:
                self.by_account.setdefault(account, Counter())[group] += 1


def majority(by_account: Mapping[str, Counter], accounts: set[str]) -> str | None:
    """The group that holds more than half of the accounts; of two the fuller one, of two equal ones the elder."""
    held: Counter = Counter()
    for account in accounts:
        held.update(set(by_account.get(account, ())))
    if not held:
        return None
    group, count = min(held.items(), key=lambda pair: (-pair[1], pair[0]))
    return group if 2 * count > len(accounts) else None


def title(key: str, alerts: int, accounts: int, widest: str) -> str:
    """What a group is called: by its widest alert, or by what its many alerts have in common."""
    kind, _, rest = key.partition(":")
    name = rest.rpartition(":")[2]
    if alerts > 1 and kind == "model":
        return f"Signs of our answers in the model {name}"[:KEY_LENGTH]
    if alerts > 1 and kind == "template":
        return f"{accounts:,} accounts use the prompt template {name}"[:KEY_LENGTH]
    return widest[:KEY_LENGTH]
