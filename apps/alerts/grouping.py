"""Which alerts belong together: the key of an alert, and the group that it joins. Plain data in, plain data out."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from apps.alerts.native import Alert

KEY_LENGTH = 250
RARE = 20  # accounts that hold an identifier at most, for it to say that they belong together (hub guard)
WINDOW = timedelta(days=30)  # between what a group is about and what joins it by an identifier


def key(alert: Alert) -> str:
    """What an alert is grouped by when no group holds its accounts already.

    A campaign that the detector names; the model outside that our answers turned up in, whichever detector says so;
    a cluster of one detector; a prompt template; else the account, or whatever else it is about. Drills stay apart.
    """
    return (f"drill:{alert.drill}:{_key(alert)}" if alert.drill else _key(alert))[:KEY_LENGTH]


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


def part(key: str, number: int) -> str:
    """The key of a group that was split off from one of this key."""
    suffix = f" (part {number})"
    return key[: KEY_LENGTH - len(suffix)] + suffix


def whole(key: str) -> str:
    """The key without the number of its part."""
    return re.sub(r" \(part \d+\)$", "", key)


SAYS = {
    "campaign": "Its detector {source} counts it to the campaign {ref}.",
    "cluster": "Its detector {source} counts it to the cluster {ref}.",
    "template": "It is about the prompt template {ref}, as {source} names it.",
    "organisation": "It is about the organisation {ref}, as {source} names it.",
    "endpoint": "It is about the endpoint {ref}, as {source} names it.",
    "alert": "It was first in its group, and shares no key with others: reference {ref} of {source}.",
}


def in_words(key: str) -> str:
    """What alerts of a key have in common, as a sentence."""
    if is_drill(key):
        _, drill, rest = key.split(":", 2)
        return f"{in_words(rest)} All of it is the drill {drill}."
    kind, _, rest = key.partition(":")
    if kind == "model":
        return f"It is about the model {rest} outside, whichever detector says so."
    if kind == "account":
        return f"It is about the account {rest}."
    source, _, ref = rest.partition(":")
    return SAYS.get(kind, "It has the key {source} {ref}.").format(source=source, ref=ref)


def is_about_model(key: str) -> bool:
    """Traces in somebody's model stay one group of their own: they are about the model, not about one ring."""
    return key.startswith("model:")


class Group(NamedTuple):
    """A group that takes alerts now: one that nobody has decided on, or that is in a case."""

    id: str
    key: str
    accounts: int
    until: datetime | None  # end of the time that it is about

    @property
    def ties(self) -> bool:
        """Whether it says of several accounts that they belong together."""
        return self.accounts > 1 and not is_about_model(self.key) and not is_drill(self.key)


def is_drill(key: str) -> bool:
    return key.startswith("drill:")


class Shared(NamedTuple):
    """An identifier that tells few accounts from all others: kind and keyed hash, and its masked form."""

    kind: str
    value_hmac: str
    masked: str


@dataclass
class Homes:
    """Where alerts go: groups by key and by account, and who holds an identifier (up to one more than are rare).

    New groups, members and holders are added while a batch is walked through.
    """

    by_key: dict[str, Group]
    by_account: dict[str, set[Group]]
    holders: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def find(self, alert: Alert, key: str, accounts: Iterable[str], shared: Iterable[Shared]) -> tuple[str | None, str]:
        """The group of the key; else the one that holds more than half of the accounts; else the one whose accounts
        share most rare identifiers with it; else none. Returns it, and why when not by its key."""
        if key in self.by_key:
            return self.by_key[key].id, ""
        if is_about_model(key) or is_drill(key):
            return None, ""
        tied = {account: {g.id for g in self.by_account.get(account, ()) if g.ties} for account in set(accounts)}
        if group := majority(tied):
            return group, "It names accounts of this group."
        return self._sharing(alert, shared)

    def _sharing(self, alert: Alert, shared: Iterable[Shared]) -> tuple[str | None, str]:
        votes: dict[str, list[Shared]] = defaultdict(list)
        for identifier in shared:
            holders = self.holders.get(identifier[:2], set())
            if len(holders) <= RARE:
                groups = {g.id for account in holders for g in self.by_account.get(account, ()) if _is_near(g, alert)}
                for group in groups:
                    votes[group].append(identifier)
        if not votes:
            return None, ""
        group, identifiers = min(votes.items(), key=lambda vote: (-len(vote[1]), vote[0]))
        names = ", ".join(f"{one.kind.replace('_', ' ')} {one.masked}" for one in identifiers)
        return group, f"An account of this group uses the same: {names}."[:200]

    def settle(self, key: str, accounts: Iterable[str], shared: Iterable[Shared], group: Group) -> None:
        """An alert went into a group: its key, its accounts and what they share lead there."""
        self.by_key.setdefault(key, group)
        together = set(accounts)
        if is_about_model(key) or is_drill(key):
            return
        for account in together:
            groups = self.by_account.setdefault(account, set())
            if not any(known.id == group.id for known in groups):
                groups.add(group._replace(accounts=len(together)))
            for identifier in shared:
                self.holders[identifier[:2]].add(account)


def _is_near(group: Group, alert: Alert) -> bool:
    if is_about_model(group.key) or is_drill(group.key):
        return False
    start = alert.window.start if alert.window else alert.detected_at
    return group.until is None or start - group.until <= WINDOW


def majority(groups_of: Mapping[str, set[str]]) -> str | None:
    """Of the groups of each account, the one that holds more than half of the accounts; of two the fuller one, of two
    equal ones the elder."""
    held = Counter(group for groups in groups_of.values() for group in groups)
    if not held:
        return None
    group, count = min(held.items(), key=lambda pair: (-pair[1], pair[0]))
    return group if 2 * count > len(groups_of) else None


def title(key: str, alerts: int, accounts: int, widest: str) -> str:
    """What a group is called: by its widest alert, or by what its many alerts have in common."""
    kind, _, rest = key.partition(":")
    name = rest.rpartition(":")[2]
    if alerts > 1 and kind == "model":
        return f"Signs of our answers in the model {name}"[:KEY_LENGTH]
    if alerts > 1 and kind == "template":
        return f"{accounts:,} accounts use the prompt template {name}"[:KEY_LENGTH]
    return widest[:KEY_LENGTH]
