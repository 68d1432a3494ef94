"""The rail: where one can go. An entry is shown when its URL exists and the person holds its permission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.links import url_if_any


@dataclass(frozen=True)
class Entry:
    """One line of the rail. `verb` is the permission asked for, without an object; `or_verb` opens it as well."""

    label: str
    icon: str
    url_name: str
    verb: str
    key: str = ""  # pressed after "g"
    or_verb: str = ""
    beside: tuple[str, ...] = ()  # URL names of further lists of this room, that do not lie below its address


# Groups of entries; a line stands between two groups.
RAIL = (
    (
        Entry("Home", "home", "insights:home", "insights.view", key="h"),
        Entry("Queue", "inbox", "alerts:queue", "alerts.view", key="q"),
        Entry("Cases", "briefcase", "cases:list", "cases.view", key="c"),
        Entry("Rings", "topology-star-3", "accounts:rings", "accounts.view", key="g"),
        Entry("Accounts", "users", "accounts:list", "accounts.view", key="a"),
        Entry("Evidence", "fingerprint", "evidence:list", "evidence.view", key="e"),
        Entry("Terms", "gavel", "policies:list", "policies.view", key="t"),
        Entry("Notices", "mail-forward", "notices:list", "notices.view", key="n"),
        Entry("Service", "calendar", "service:calendar", "service.view", key="s"),
        Entry("Appeals", "message-report", "appeals:list", "appeals.view", key="p"),
        Entry("Disclosures", "file-export", "disclosures:list", "disclosures.view", key="d"),
        Entry("Transparency", "world", "transparency:list", "transparency.view"),
    ),
    (
        Entry("Models", "versions", "evidence:models", "evidence.view", key="m"),
        Entry(
            "Detectors",
            "radar-2",
            "alerts:detectors",
            "alerts.view_detectors",
            or_verb="alerts.view",  # who decides about alerts also puts right what was not taken
            beside=("alerts:batches", "alerts:rejections"),
        ),
        Entry("Enforcement", "send", "enforcement:receiver", "enforcement.view_receiver"),
        Entry("Fixity", "shield-check", "evidence:fixity", "evidence.start_fixity"),
        Entry(
            "Records",
            "shield-lock",
            "records:holds",
            "records.view",
            key="r",
            beside=("records:erasures", "records:retention"),
        ),
        Entry("Retention", "archive", "records:retention", "records.confirm_rule"),
        Entry("Trail", "link", "audit:trail", "audit.view", key="l"),
        Entry("People", "users-group", "staff:people", "staff.view"),
    ),
)


@dataclass(frozen=True)
class Place:
    """An entry as one person sees it on one page; `divided` draws a line above it."""

    entry: Entry
    url: str
    current: bool
    count: int | None
    divided: bool


def places(user: Any, path: str, counts: Mapping[str, int]) -> list[Place]:
    """The entries this person may see. The current one is that whose address begins the page's path, longest first."""
    found: list[tuple[Entry, str, bool]] = []
    for group in RAIL:
        allowed = [(entry, url) for entry in group if (url := url_if_any(entry.url_name)) and _may(user, entry)]
        found += [(entry, url, index == 0 and bool(found)) for index, (entry, url) in enumerate(allowed)]
    ours = [
        (address, url)
        for entry, url, _ in found
        for address in (url, *filter(None, map(url_if_any, entry.beside)))
        if path == address or (address != "/" and path.startswith(address))
    ]
    here = max(ours, key=lambda pair: len(pair[0]), default=("", ""))[1]
    return [Place(entry, url, url == here, counts.get(entry.url_name), divided) for entry, url, divided in found]


def _may(user: Any, entry: Entry) -> bool:
    return user.has_perm(entry.verb) or bool(entry.or_verb and user.has_perm(entry.or_verb))
