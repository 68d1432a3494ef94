"""The rail: where one can go. An entry is shown when its URL exists and the person holds its permission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.links import url_if_any


@dataclass(frozen=True)
class Entry:
    """One line of the rail. `verb` is the permission asked for, without an object."""

    label: str
    icon: str
    url_name: str
    verb: str
    key: str = ""  # pressed after "g"


# Groups of entries; a line stands between two groups.
RAIL = (
    (
        Entry("Home", "home", "insights:home", "insights.view", key="h"),
        Entry("Queue", "inbox", "alerts:queue", "alerts.view", key="q"),
        Entry("Cases", "briefcase", "cases:list", "cases.view", key="c"),
        Entry("Accounts", "users", "accounts:list", "accounts.view", key="a"),
        Entry("Evidence", "fingerprint", "evidence:list", "evidence.view", key="e"),
        Entry("Terms", "gavel", "policies:list", "policies.view", key="t"),
        Entry("Notices", "mail-forward", "notices:list", "notices.view", key="n"),
        Entry("Disclosures", "file-export", "disclosures:list", "disclosures.view", key="d"),
    ),
    (
        Entry("Detectors", "radar-2", "alerts:detectors", "alerts.view_detectors"),
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
        allowed = [(entry, url) for entry in group if (url := url_if_any(entry.url_name)) and user.has_perm(entry.verb)]
        found += [(entry, url, index == 0 and bool(found)) for index, (entry, url) in enumerate(allowed)]
    ours = [url for _, url, _ in found if path == url or (url != "/" and path.startswith(url))]
    here = max(ours, key=len, default="")
    return [Place(entry, url, url == here, counts.get(entry.url_name), divided) for entry, url, divided in found]
