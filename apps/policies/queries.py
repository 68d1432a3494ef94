"""What a person may read of the terms, and what was in force when.

In force means: as seen. A version is in force from when it was recorded until the next one of its document was. Records
of redirects and empty pages are left out of that, because they show that the page could not be read, not that the terms
ended; the document's page lists them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from uuid import UUID

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery

from apps.policies.clauses import Clause as WrittenClause
from apps.policies.clauses import split_clauses
from apps.policies.comparison import Change, Segment, diff_clauses, diff_words
from apps.policies.history import Interval, timeline
from apps.policies.models import Clause, Document, Text, Version
from apps.policies.wording import normalise


def documents(user) -> QuerySet[Document]:
    """The documents this person may read."""
    return Document.objects.all() if user.has_perm("policies.view") else Document.objects.none()


def with_figures(found: QuerySet[Document]) -> QuerySet[Document]:
    """Beside each document its `version_count`, `wording_count`, `first_seen` and `last_seen`."""
    return found.annotate(
        version_count=Count("versions"),
        wording_count=Count("versions__text__normalised_sha256", distinct=True),
        first_seen=Min("versions__recorded_at"),
        last_seen=Max("versions__recorded_at"),
    )


def services(user) -> list[str]:
    """The products that there are terms of, in alphabetical order."""
    names = documents(user).order_by("service").values_list("service", flat=True)
    return list(dict.fromkeys(names))


def versions(document: Document) -> QuerySet[Version]:
    """All versions of a document as seen, newest first, without their content."""
    return (
        Version.objects.filter(document=document)
        .select_related("document", "text")
        .defer("text__content")
        .order_by("-recorded_at")
    )


def intervals(document: Document) -> list[Interval[Version]]:
    """When each version was in force as seen, oldest first. Stubs are left out."""
    return timeline(versions(document).filter(is_stub=False))


def interval_of(version: Version) -> Interval[Version]:
    """When this version was in force as seen; a stub is given the time until the next record."""
    others = versions(version.document).filter(Q(is_stub=False) | Q(pk=version.pk))
    return next(interval for interval in timeline(others) if interval.version == version)


def clauses(version: Version) -> QuerySet[Clause]:
    """The clauses of a version in reading order."""
    return Clause.objects.filter(text=version.text_id).order_by("ordinal")


def citation(clause: Clause, interval: Interval[Version]) -> str:
    """The clause named so that anybody can find exactly this text again."""
    document = interval.version.document
    name = f"clause {clause.number}" if clause.number else f"“{clause.label}”"
    until = f"until {interval.until:%Y-%m-%d %H:%M} UTC" if interval.until else "and still"
    return (
        f"{document.service}, {document.name}, {name}, in force, as seen, from {interval.since:%Y-%m-%d %H:%M} UTC "
        f"{until} (SHA-256 {clause.sha256})"
    )


def lead_in(clause: Clause) -> str:
    """What introduces the list that a clause is an item of, as in its text: a paragraph a line, outermost first, with
    "[…]" where words are left out before what comes next.

    Without it an item forbids nothing ("carry out Extraction"), so whoever quotes a clause quotes it too. It is no part
    of the clause and of its hash, and "" for a clause that stands for itself.
    """
    return _lead_ins(clause.text_id).get(clause.address, "")


@lru_cache(maxsize=64)
def _lead_ins(text_id: UUID) -> dict[str, str]:
    """By address. Texts never change, and reading a long one takes a third of a second."""
    content = Text.objects.values_list("content", flat=True).get(pk=text_id)
    return {clause.address: clause.lead_in for clause in split_clauses(content) if clause.lead_in}


def neighbours(clause: Clause) -> tuple[Clause | None, Clause | None]:
    """The clauses before and after one in its text."""
    beside = Clause.objects.filter(text=clause.text_id, ordinal__in=[clause.ordinal - 1, clause.ordinal + 1])
    at = {other.ordinal: other for other in beside}
    return at.get(clause.ordinal - 1), at.get(clause.ordinal + 1)


def changes(old: Version, new: Version) -> list[Change]:
    """What became of every clause between two versions, in reading order."""
    return diff_clauses(_written(old), _written(new))


def _written(version: Version) -> list[WrittenClause]:
    return [
        WrittenClause(c.address, c.number, c.heading, tuple(c.path), c.content, c.ordinal, c.sha256, source="")
        for c in clauses(version)
    ]


def technical_upgrades(old: Version, new: Version) -> QuerySet[Version]:
    """Versions after the one and up to the other at which the archive began to read the page differently."""
    first, last = sorted((old.recorded_at, new.recorded_at))
    return versions(new.document).filter(kind=Version.Kind.TECHNICAL, recorded_at__gt=first, recorded_at__lte=last)


def before(version: Version) -> Version | None:
    """The last readable version of the document recorded earlier."""
    return versions(version.document).filter(is_stub=False, recorded_at__lt=version.recorded_at).first()


# --- on this day ------------------------------------------------------------------------------------------------------


def moment_of(at: datetime | date) -> datetime:
    """A day means its end (UTC): what was recorded on that day counts."""
    if isinstance(at, datetime):
        return at
    return datetime.combine(at, time.max, tzinfo=UTC)


def in_force(document: Document, at: datetime | date) -> Version | None:
    """The version in force as seen at a moment, or at the end of a day (UTC). None before the first record."""
    return versions(document).filter(is_stub=False, recorded_at__lte=moment_of(at)).first()


def all_in_force(found: QuerySet[Document], at: datetime | date) -> list[Version]:
    """The version in force then of each of these documents that was recorded by then, by product and name."""
    return list(
        Version.objects.filter(pk__in=_latest(found, at))
        .select_related("document", "text")
        .defer("text__content")
        .order_by("document__service", "document__name", "document__collection")
    )


def _latest(found: QuerySet[Document], at: datetime | date) -> list[UUID]:
    latest = (
        Version.objects.filter(document=OuterRef("pk"), is_stub=False, recorded_at__lte=moment_of(at))
        .order_by("-recorded_at")
        .values("pk")[:1]
    )
    return [pk for pk in found.annotate(latest=Subquery(latest)).values_list("latest", flat=True) if pk]


def clause_in_force(document: Document, address: str, at: datetime | date) -> tuple[Version, Clause] | None:
    """The clause of this address in the version in force then. None where there is no version, or no such clause."""
    version = in_force(document, at)
    clause = version and Clause.objects.filter(text=version.text_id, address=address).first()
    return (version, clause) if version and clause else None


def service_in_force(user, service: str, at: datetime | date) -> list[Version]:
    """The version in force then of every document of a product, with `until`, when the next was recorded.

    Documents recorded only later are left out.
    """
    found = _latest(documents(user).filter(service=service), at)
    following = Version.objects.filter(
        document=OuterRef("document"), is_stub=False, recorded_at__gt=OuterRef("recorded_at")
    ).order_by("recorded_at")
    return list(
        Version.objects.filter(pk__in=found)
        .annotate(until=Subquery(following.values("recorded_at")[:1]))
        .select_related("document", "text")
        .defer("text__content")
        .order_by("document__name", "document__collection")
    )


def clauses_saying(found: Iterable[Version], words: str) -> list[tuple[Version, Clause]]:
    """The clauses of these versions that hold all the words, in reading order."""
    by_text = {version.text_id: version for version in found}
    matching = Q()
    for word in words.split():
        matching &= Q(content__icontains=word)
    clauses = Clause.objects.filter(matching, text__in=by_text).order_by("ordinal")
    order = {text: place for place, text in enumerate(by_text)}
    return sorted(((by_text[c.text_id], c) for c in clauses), key=lambda pair: order[pair[1].text_id])


# --- one clause through time ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """A time in which a clause's wording stood unchanged, or in which there was no clause of its address."""

    since: datetime
    until: datetime | None
    version: Version  # the first that has it
    earlier: Version | None  # the last that had the wording before
    clause: Clause | None
    moved_to: str  # where there is no clause of the address: the address under which its words stand now, if they do
    segments: tuple[Segment, ...]  # against the wording before, when both exist
    by_provider: bool  # False: the archive began to read the page differently


def clause_history(document: Document, address: str) -> list[Stretch]:
    """How the clause of an address stood from the first to the last version, newest stretch first."""
    of_document = Clause.objects.filter(text__versions__document=document).distinct()
    found = {clause.text_id: clause for clause in of_document.filter(address=address)}
    same_words = of_document.filter(sha256__in={clause.sha256 for clause in found.values()})
    elsewhere = {(clause.text_id, clause.sha256): clause.address for clause in same_words}
    stretches: list[Stretch] = []
    earlier: Version | None = None
    for interval in intervals(document):
        version, clause = interval.version, found.get(interval.version.text_id)
        before = stretches[-1] if stretches else None
        if before and _wording(before.clause) == _wording(clause):
            stretches[-1] = replace(before, until=interval.until)
        else:
            old = before.clause if before else None
            stretches.append(
                Stretch(
                    since=interval.since,
                    until=interval.until,
                    version=version,
                    earlier=earlier,
                    clause=clause,
                    moved_to=elsewhere.get((version.text_id, old.sha256), "") if old and not clause else "",
                    segments=diff_words(old.content, clause.content) if old and clause else (),
                    by_provider=interval.by_provider,
                )
            )
        earlier = version
    return stretches[::-1]


def _wording(clause: Clause | None) -> str | None:
    return normalise(clause.content) if clause else None
