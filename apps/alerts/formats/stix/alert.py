"""One STIX object, and what it is related to, as a native alert."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from apps.alerts.formats.loose import (
    ACCOUNT,
    SEVERITIES,
    UNRATED,
    UNSTATED,
    Indicators,
    kind,
    mapping,
    mappings,
    number,
    reference,
    stamp,
    text,
    texts,
    title,
)
from apps.alerts.formats.stix import faults, markings, observables
from apps.alerts.native import MAX_ACCOUNTS, SCHEMA

ACTORS = ("campaign", "intrusion-set", "threat-actor")  # in the order in which they name whose doing it is
PLACES = ("ip", "ip_prefix", "domain", "url", "email")
MAX_NAMED = 200  # related objects that are kept by name; the body as it came is kept whole elsewhere
_technique = re.compile(r"(AML\.)?T\d{4}(\.\d{3})?")

# STIX 2.1, appendix A: from this value on, and up to the next.
CREDIBILITY = (
    (80, "1 - Confirmed by other sources"),
    (60, "2 - Probably true"),
    (40, "3 - Possibly true"),
    (20, "4 - Doubtful"),
    (0, "5 - Improbable"),
)
LIKELIHOOD = (
    (90, "Almost certain / Nearly certain"),
    (80, "Very likely / Highly probable"),
    (60, "Likely / Probable"),
    (40, "Roughly even chance / Roughly even odds"),
    (20, "Unlikely / Improbable"),
    (10, "Very unlikely / Highly improbable"),
    (0, "Almost no chance / Remote"),
)


def native(
    present: dict[str, Any], related: list[dict[str, Any]], known: dict[str, dict[str, Any]], source: str
) -> dict[str, Any]:
    """The alert that a sighting, report, indicator or observed data is. It has passed `faults.check`."""
    ref = reference(text(present["id"]))
    found = _indicators([present, *related])
    detected_at = _stamp(present, "published" if present["type"] == "report" else "created", ref)
    alert: dict[str, Any] = {
        "schema": SCHEMA,
        "source": source,
        "source_ref": ref,
        "action": "close" if present.get("revoked") is True else "create",
        "detector": {"version": UNSTATED, "known_false_positives": []},
        "title": _title(present, related),
        "kind": kind(_words(present)),
        "severity": _severity(present),
        "detected_at": detected_at,
        "subject": _subject(present, related, found, ref),
        "indicators": [indicator for indicator in found.as_list() if indicator["type"] != observables.ACCOUNT],
        "ext": {"stix": _kept(present, related, known)},
    }
    level = markings.tlp([present, *related], known)
    optional = {
        "window": _window(present, detected_at, ref),
        "score": _score(present),
        "technique": _techniques(related),
        "handling": {"tlp": level} if level else None,
    }
    return alert | {name: value for name, value in optional.items() if value}


def _words(present: dict[str, Any]) -> list[str]:
    return [word for name in ("labels", "report_types", "indicator_types") for word in texts(present.get(name))]


def _severity(present: dict[str, Any]) -> int:
    for word in _words(present):
        name = word.lower().removeprefix("severity:")
        if name != word.lower() and name in SEVERITIES:
            return SEVERITIES[name]
    return 0 if texts(present.get("indicator_types")) == ["benign"] else UNRATED


def _stamp(present: dict[str, Any], name: str, ref: str) -> str:
    return stamp(faults.moment(present, name), name, ref)


def _window(present: dict[str, Any], detected_at: str, ref: str) -> dict[str, str] | None:
    names = {"sighting": ("first_seen", "last_seen"), "observed-data": ("first_observed", "last_observed")}
    first, last = names.get(present["type"], ("", ""))
    if not present.get(first):
        return None
    start = _stamp(present, first, ref)
    end = _stamp(present, last, ref) if present.get(last) else max(start, detected_at, key=datetime.fromisoformat)
    return {"start": start, "end": end}


def _score(present: dict[str, Any]) -> dict[str, Any] | None:
    value = number(present.get("confidence"))
    return None if value is None else {"value": value, "type": "raw"}


def _in_words(value: float, scale: Iterable[tuple[int, str]]) -> str:
    return next(words for least, words in scale if value >= least)


def _name(present: dict[str, Any]) -> str:
    return title(present.get("name"), present.get("value"), present.get("pattern"), present.get("id"))


def _title(present: dict[str, Any], related: list[dict[str, Any]]) -> str:
    count = present.get("count") or present.get("number_observed")
    times = f", {count:,} times" if isinstance(count, int) and count > 1 else ""
    if present["type"] == "sighting":
        sighted = next((other for other in related if other.get("id") == present["sighting_of_ref"]), {})
        return title(f"Sighting of {_name(sighted) or present['sighting_of_ref']}{times}")
    if present["type"] == "observed-data":
        seen = ", ".join(_name(other) for other in related[:3]) or text(present["id"])
        return title(f"Observed: {seen}{times}")
    return _name(present)


def _indicators(objects: Iterable[dict[str, Any]]) -> Indicators:
    found = Indicators()
    for present in objects:
        if present.get("type") == "indicator":
            _of_indicator(present, found)
        elif present.get("type") == "observed-data":
            for seen in mapping(present.get("objects")).values():  # as STIX 2.0 did, still allowed in 2.1
                observables.of_object(mapping(seen), found)
        else:
            observables.of_object(present, found)
    return found


def _of_indicator(present: dict[str, Any], found: Indicators) -> None:
    language, pattern = text(present.get("pattern_type")), text(present.get("pattern"))
    if language == "stix":
        observables.of_pattern(pattern, found)
    found.add(f"{language}_pattern", pattern)


def _subject(present: dict[str, Any], related: list[dict[str, Any]], found: Indicators, ref: str) -> dict[str, Any]:
    accounts = list(dict.fromkeys(reference(name, ACCOUNT) for name in found.values(observables.ACCOUNT)))
    actors = [text(other.get("id")) for name in ACTORS for other in related if other.get("type") == name]
    campaign = {"campaign_ref": reference(actors[0])} if actors else {}
    if len(accounts) == 1:
        return {"type": "account", "n_accounts": 1, "accounts": accounts} | campaign
    if accounts:
        shown = accounts[:MAX_ACCOUNTS]
        return {"type": "cluster", "cluster_ref": ref, "n_accounts": len(accounts), "accounts": shown} | campaign
    if campaign:
        return {"type": "cluster"} | campaign
    if places := found.values(*PLACES):
        return {"type": "endpoint", "endpoint_ref": reference(places[0])}
    beside = (present.get("created_by_ref"), *texts(present.get("where_sighted_refs")))
    for other in related:
        if other.get("type") == "identity" and other.get("id") not in beside and text(other.get("id")):
            return {"type": "organisation", "organisation_ref": reference(text(other["id"]))}
    return {"type": "cluster", "cluster_ref": ref}


def _techniques(related: list[dict[str, Any]]) -> list[str]:
    found = [
        text(external.get("external_id"))
        for other in related
        if other.get("type") == "attack-pattern"
        for external in mappings(other.get("external_references"))
    ]
    return [uid for uid in dict.fromkeys(found) if _technique.fullmatch(uid)][:20]


def _kept(present: dict[str, Any], related: list[dict[str, Any]], known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The object as it came, and by name what it is related to, who made it, and what its confidence means in words."""
    kept: dict[str, Any] = {"object": present}
    if related:
        kept["related"] = [_named(other) for other in related[:MAX_NAMED]]
    if author := known.get(text(present.get("created_by_ref"))):
        kept["created_by"] = _named(author)
    if marked := [known[ref] for ref in dict.fromkeys(markings.refs(present)) if ref in known]:
        kept["markings"] = marked
    if (value := number(present.get("confidence"))) is not None:
        kept["confidence"] = {
            "credibility": _in_words(value, CREDIBILITY),
            "likelihood": _in_words(value, LIKELIHOOD),
        }
    return kept


def _named(other: dict[str, Any]) -> dict[str, str]:
    return {"type": text(other.get("type")), "id": text(other.get("id")), "name": _name(other)}
