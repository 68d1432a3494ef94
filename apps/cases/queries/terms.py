"""The clauses that a finding of a case can cite."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.cases.models import (
    Case,
)
from apps.cases.queries.members import products
from apps.policies import queries as policies
from apps.policies.models import Clause, Document, Tagging, Version
from apps.policies.timeline import Interval


def terms_in_force(case: Case, start: date) -> list[Version]:
    """The version in force on a day of every document for the members' products (of every product if none is known)."""
    documents = Document.objects.all()
    if used := products(case):
        documents = documents.filter(service__in=used)
    return policies.all_in_force(documents, start)


def intervals_during(document: Document, start: date, end: date) -> list[Interval[Version]]:
    """When each version was in force, as seen, from day `start` to `end`, oldest first."""
    first, last = policies.moment_of(start), policies.moment_of(end)
    found = [
        interval
        for interval in policies.intervals(document)
        if interval.since <= last and (interval.until is None or interval.until > first)
    ]
    return found if found and found[0].since <= first else []


def versions_during(document: Document, start: date, end: date) -> list[Version]:
    """The versions in force, as seen, from day `start` to `end`, oldest first. Empty when none was on `start`."""
    return [interval.version for interval in intervals_during(document, start, end)]


def same_clause(version: Version, clause: Clause) -> Clause | None:
    """The clause of the same address in another version."""
    return Clause.objects.filter(text=version.text_id, address=clause.address).first()


PROHIBITS, PERMITS = "prohibits", "permits"
CUES = ("extract", "compet", "train", "distil", "automat", "scrap", "bot")  # what clauses about this speak of


def clauses_on_offer(case: Case, start: date, end: date, words: str = "") -> list[tuple[Version, Clause]]:
    """Clauses of the terms in force from `start` to `end` that hold all the words; without any, those that are tagged
    as prohibiting something or hold one of the usual cues, and do not permit it."""
    during = [v for first in terms_in_force(case, start) for v in versions_during(first.document, start, end)]
    if words.strip():
        return policies.clauses_saying(during, words)[:CLAUSES_SHOWN]
    tagged = _tagged({version.document_id for version in during})
    cue = Q(said_sha256__in=[said for said, tags in tagged.items() if _prohibits(tags)])
    for word in CUES:
        cue |= Q(content__icontains=word)
    found: dict[Any, list[Clause]] = {}
    for clause in Clause.objects.filter(cue, text__in={v.text_id for v in during}).order_by("ordinal"):
        if not permits(tagged.get(clause.said_sha256, [])):
            found.setdefault(clause.text_id, []).append(clause)
    return [(version, clause) for version in during for clause in found.get(version.text_id, [])][:CLAUSES_SHOWN]


CLAUSES_SHOWN = 60


def _tagged(documents: Iterable[UUID], said: Iterable[str] | None = None) -> dict[str, list[Tagging]]:
    """Tags of these documents that nobody rejected, by what a clause says."""
    found = Tagging.objects.filter(document__in=documents).exclude(state=Tagging.State.REJECTED)
    if said is not None:
        found = found.filter(said_sha256__in=said)
    tags: dict[str, list[Tagging]] = {}
    for tagging in found.order_by("conduct", "polarity"):
        tags.setdefault(tagging.said_sha256, []).append(tagging)
    return tags


def tags_of(pairs: Iterable[tuple[Version, Clause]]) -> dict[str, list[Tagging]]:
    """What is known of the kinds of conduct that these clauses speak of, by what they say (`said_sha256`)."""
    pairs = list(pairs)
    return _tagged({version.document_id for version, _ in pairs}, {clause.said_sha256 for _, clause in pairs})


def _prohibits(tags: list[Tagging]) -> bool:
    return any(tag.polarity == PROHIBITS for tag in tags)


def permits(tags: list[Tagging]) -> bool:
    """Whether a clause allows what it speaks of, as far as anyone tagged it, and prohibits nothing."""
    return any(tag.polarity == PERMITS for tag in tags) and not _prohibits(tags)


def conduct_prohibited(pairs: Iterable[tuple[Version, Clause]]) -> list[str]:
    """The kinds of conduct that these clauses prohibit, in alphabetical order."""
    return sorted({tag.conduct for tags in tags_of(pairs).values() for tag in tags if tag.polarity == PROHIBITS})


def is_citation(choice: str) -> bool:
    """Whether this is "version:clause", two UUIDs."""
    try:
        version, clause = choice.split(":")
        UUID(version), UUID(clause)
    except ValueError:
        return False
    return True


def cited(choices: list[str]) -> list[tuple[Version, Clause]]:
    """Clauses as a form names them, "version:clause"; unknown ones are left out."""
    pairs = [choice.split(":") for choice in choices]
    versions = Version.objects.select_related("document", "text").in_bulk([version for version, _ in pairs])
    clauses = Clause.objects.in_bulk([clause for _, clause in pairs])
    keys = [(UUID(version), UUID(clause)) for version, clause in pairs]
    return [(versions[v], clauses[c]) for v, c in keys if v in versions and c in clauses]
