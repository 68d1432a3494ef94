"""Documents and their versions, and what was in force when.

In force means here: as seen. A version is in force from when it was first seen until another wording of its document
was. Which version bound an account is another question: `standing` answers it, `apps.accounts.terms` for accounts.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from uuid import UUID

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery

from apps.policies.models import Clause, Document, RejectedRecord, Sighting, Version
from apps.policies.standing import Span, general
from apps.policies.timeline import Interval, timeline


def documents(user) -> QuerySet[Document]:
    """The documents this person may read."""
    return Document.objects.all() if user.has_perm("policies.view") else Document.objects.none()


def rejected(user) -> QuerySet[RejectedRecord]:
    """Records that were not taken, for whom terms may be read."""
    return RejectedRecord.objects.all() if user.has_perm("policies.view") else RejectedRecord.objects.none()


def rejected_of(document: Document) -> QuerySet[RejectedRecord]:
    """Records of a document that were not taken, oldest first."""
    return RejectedRecord.objects.filter(
        collection=document.collection, service=document.service, document_name=document.name
    ).order_by("recorded_at", "line")


def with_figures(found: QuerySet[Document]) -> QuerySet[Document]:
    """Beside each document its `version_count`, `sighting_count`, `first_seen` and `last_seen`."""
    return found.annotate(
        version_count=Count("versions", distinct=True),
        sighting_count=Count("sightings", distinct=True),
        first_seen=Min("sightings__seen_at"),
        last_seen=Max("sightings__seen_at"),
    )


def services(user) -> list[str]:
    """The products that there are terms of, in alphabetical order."""
    names = documents(user).order_by("service").values_list("service", flat=True)
    return list(dict.fromkeys(names))


def versions(document: Document) -> QuerySet[Version]:
    """All versions of a document, newest first, without their content."""
    return (
        Version.objects.filter(document=document)
        .select_related("document", "text")
        .defer("text__content")
        .order_by("-seen_at")
    )


def sightings(version: Version) -> QuerySet[Sighting]:
    """When a version was seen, newest first."""
    return Sighting.objects.filter(version=version).select_related("text").defer("text__content").order_by("-seen_at")


def intervals(document: Document) -> list[Interval[Version]]:
    """When each version was in force as seen, oldest first."""
    return timeline(versions(document))


def interval_of(version: Version) -> Interval[Version]:
    """When this version was in force as seen."""
    return next(interval for interval in intervals(version.document) if interval.version == version)


def spans(document: Document) -> list[Span[Version]]:
    """When each version bound whoever used the service, oldest first: see `standing`. Some never did."""
    return general(versions(document))


def clauses(version: Version) -> QuerySet[Clause]:
    """The clauses of a version in reading order."""
    return Clause.objects.filter(text=version.text_id).order_by("ordinal")


def technical_upgrades(old: Version, new: Version) -> QuerySet[Version]:
    """Versions after the one and up to the other at which the archive began to read the page differently."""
    first, last = sorted((old.seen_at, new.seen_at))
    return versions(new.document).filter(kind=Version.Kind.TECHNICAL, seen_at__gt=first, seen_at__lte=last)


def before(version: Version) -> Version | None:
    """The version of the document that was seen before."""
    return versions(version.document).filter(seen_at__lt=version.seen_at).first()


# --- on this day ------------------------------------------------------------------------------------------------------


def moment_of(at: datetime | date) -> datetime:
    """A day means its end (UTC): what was seen on that day counts."""
    if isinstance(at, datetime):
        return at
    return datetime.combine(at, time.max, tzinfo=UTC)


def in_force(document: Document, at: datetime | date) -> Version | None:
    """The version in force as seen at a moment, or at the end of a day (UTC). None before the first was seen."""
    return versions(document).filter(seen_at__lte=moment_of(at)).first()


def binding(document: Document, at: datetime | date) -> Version | None:
    """The version that bound whoever used the service at a moment, or at the end of a day (UTC), by `standing`."""
    moment = moment_of(at)
    bound = (s.version for s in spans(document) if s.since <= moment and (s.until is None or moment < s.until))
    return next(bound, None)


def all_in_force(found: QuerySet[Document], at: datetime | date) -> list[Version]:
    """The version in force then of each of these documents that was seen by then, by product and name."""
    return list(
        Version.objects.filter(pk__in=_latest(found, at))
        .select_related("document", "text")
        .defer("text__content")
        .order_by("document__service", "document__name", "document__collection")
    )


def _latest(found: QuerySet[Document], at: datetime | date) -> list[UUID]:
    latest = (
        Version.objects.filter(document=OuterRef("pk"), seen_at__lte=moment_of(at))
        .order_by("-seen_at")
        .values("pk")[:1]
    )
    return [pk for pk in found.annotate(latest=Subquery(latest)).values_list("latest", flat=True) if pk]


def clause_in_force(document: Document, address: str, at: datetime | date) -> tuple[Version, Clause] | None:
    """The clause of this address in the version in force then. None where there is no version, or no such clause."""
    version = in_force(document, at)
    clause = version and Clause.objects.filter(text=version.text_id, address=address).first()
    return (version, clause) if version and clause else None


def service_in_force(user, service: str, at: datetime | date) -> list[Version]:
    """The version in force then of every document of a product, with `until`, when the next was seen.

    Documents seen only later are left out.
    """
    found = _latest(documents(user).filter(service=service), at)
    following = Version.objects.filter(document=OuterRef("document"), seen_at__gt=OuterRef("seen_at"))
    return list(
        Version.objects.filter(pk__in=found)
        .annotate(until=Subquery(following.order_by("seen_at").values("seen_at")[:1]))
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
