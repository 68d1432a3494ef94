"""The rail: where one can go. An entry is shown when its URL exists and the person holds its permission."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class Entry:
    """One line of the rail. `verb` is the permission asked for without an object; empty means every signed-in person."""

    label: str
    icon: str
    url_name: str
    verb: str = ""
    key: str = ""  # pressed after "g"
    divided: bool = False  # a line above it


RAIL = (
    Entry("Home", "home", "home", key="h"),
    Entry("Queue", "inbox", "alerts:queue", key="q"),
    Entry("Cases", "briefcase", "cases:list", key="c"),
    Entry("Accounts", "users", "accounts:list", key="a"),
    Entry("Evidence", "fingerprint", "evidence:list", key="e"),
    Entry("Terms", "gavel", "policies:list", key="t"),
    Entry("Notices", "mail-forward", "notices:list", key="n"),
    Entry("Disclosures", "file-export", "disclosures:list", key="d"),
    Entry("Detectors", "radar-2", "alerts:detectors", divided=True),
    Entry("Trail", "link", "audit:trail", key="l"),
    Entry("Metrics", "chart-histogram", "insights:metrics"),
)


@dataclass(frozen=True)
class Place:
    """An entry as one person sees it on one page."""

    entry: Entry
    url: str
    current: bool
    count: int | None


def places(user, path: str, counts: dict[str, int]) -> list[Place]:
    """The entries this person may see. The current one is that whose address begins the page's path, longest first."""
    seen = []
    for entry in RAIL:
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            continue
        if not entry.verb or user.has_perm(entry.verb):
            seen.append((entry, url))
    here = max((url for _, url in seen if path == url or (url != "/" and path.startswith(url))), key=len, default="")
    return [Place(entry, url, url == here, counts.get(entry.url_name)) for entry, url in seen]
