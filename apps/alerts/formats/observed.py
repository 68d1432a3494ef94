"""What other systems call observables, iocs or assets, as accounts and indicators of a native alert."""

import re
from collections.abc import Iterable
from typing import Any

from apps.alerts.formats import reading
from apps.alerts.native import MAX_ACCOUNTS

MAX_INDICATORS = 1000  # of a native alert; what is beyond stays under `ext`
MAX_EVIDENCE = 200
ACCOUNT_LENGTH, VALUE_LENGTH, KIND_LENGTH = 128, 500, 64

# The types that name one of the provider's own accounts, as the systems that have them write them.
ACCOUNTS = frozenset(
    {"account", "accounts", "account-id", "user", "username", "user-id", "user-account", "target-user"}
)
KINDS = {
    "as": "asn",
    "autonomous-system": "asn",
    "email-dst": "email",
    "email-src": "email",
    "fqdn": "domain",
    "ip-any": "ip",
    "ip-dst": "ip",
    "ip-src": "ip",
    "link": "url",
    "mail": "email",
    "phone-number": "phone",
    "target-email": "email",
    "uri": "url",
    "uri_path": "url",
    "user-agent": "user_agent",
}

_control = re.compile("[\x00-\x1f\x7f]")


def sort_out(observed: Iterable[tuple[str, str]]) -> tuple[list[str], list[dict[str, str]]]:
    """From pairs of type and value: accounts, and indicators with the type that casemgr knows them by.

    Each is named once, in the order of its first appearance. A value that is too long for an indicator is left out.
    """
    accounts: dict[str, None] = {}
    indicators: dict[tuple[str, str], None] = {}
    for type_, value in observed:
        name = type_.strip().lower().replace("_", "-")
        if name in ACCOUNTS and 0 < len(value) <= ACCOUNT_LENGTH and not _control.search(value):
            accounts[value] = None
        elif name and 0 < len(value) <= VALUE_LENGTH:
            indicators[KINDS.get(name, name)[:KIND_LENGTH], value] = None
    return list(accounts), [{"type": kind, "value": value} for kind, value in list(indicators)[:MAX_INDICATORS]]


def subject(accounts: list[str], source_ref: str, endpoint: str = "") -> dict[str, Any]:
    """Whom the alert is about: one account, several as a cluster of this alert, or an endpoint when it names none."""
    if len(accounts) == 1:
        return {"type": "account", "accounts": accounts}
    if accounts:
        named = accounts[:MAX_ACCOUNTS]
        return {"type": "cluster", "cluster_ref": source_ref, "n_accounts": len(accounts), "accounts": named}
    return {"type": "endpoint"} | ({"endpoint_ref": endpoint[:200]} if endpoint else {})


def add_to(alert: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    """A native alert as it is known, after what is `about` it now: what it named before it still names."""
    files = {one["sha256"]: one for one in [*alert.get("evidence", []), *about.get("evidence", [])]}
    listed = {(one["type"], one["value"]): one for one in [*about["indicators"], *alert.get("indicators", [])]}
    marks = [about["handling"]["tlp"], alert.get("handling", {}).get("tlp", "CLEAR")]
    ext = alert["ext"] if isinstance(alert.get("ext"), dict) else {}
    return alert | {
        "action": "update",
        "subject": _more(alert.get("subject", {}), about["subject"], alert["source_ref"]),
        "indicators": list(listed.values())[:MAX_INDICATORS],
        "evidence": list(files.values())[:MAX_EVIDENCE],
        "handling": alert.get("handling", {}) | {"tlp": reading.strictest(marks)},
        "ext": ext | about["ext"],
    }


def _more(known: dict[str, Any], now: dict[str, Any], source_ref: str) -> dict[str, Any]:
    accounts = list(dict.fromkeys([*known.get("accounts", []), *now.get("accounts", [])]))
    if not accounts:
        return known
    if known.get("type") in ("account", "endpoint"):
        return subject(accounts, source_ref)
    stated = known.get("n_accounts")
    count = {} if stated is None else {"n_accounts": max(stated, len(accounts))}
    return known | {"accounts": accounts[:MAX_ACCOUNTS]} | count
