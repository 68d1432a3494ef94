"""Kinds of conduct that clauses speak of, as proposed and as decided, with the words that say so."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from apps.policies.models import Clause, Document, Tagging, Version
from apps.policies.queries.reading import documents, intervals
from apps.policies.tags import Conduct


def visible_taggings(user) -> QuerySet[Tagging]:
    return Tagging.objects.filter(document__in=documents(user)).select_related(
        "document", "clause", "decided_by", "carried_from"
    )


def taggings_of(document: Document, found: Iterable[Clause]) -> dict[str, list[Tagging]]:
    """Taggings of clauses of a document, rejected ones left out, by what the clauses say (`said_sha256`)."""
    by_wording: dict[str, list[Tagging]] = defaultdict(list)
    wanted = {clause.said_sha256 for clause in found}
    taggings = Tagging.objects.filter(document=document, said_sha256__in=wanted).exclude(state=Tagging.State.REJECTED)
    for tagging in taggings.order_by("conduct", "polarity"):
        by_wording[tagging.said_sha256].append(tagging)
    return by_wording


def clauses_about(
    version: Version, conduct: Conduct | str, *, polarity: str = "prohibits", confirmed: bool = True
) -> list[Clause]:
    """The clauses of a version that prohibit (or permit, or define) a conduct, in reading order; only those that a
    person confirmed, unless proposals count too."""
    states = [Tagging.State.CONFIRMED] if confirmed else [Tagging.State.CONFIRMED, Tagging.State.PROPOSED]
    said = Tagging.objects.filter(
        document=version.document_id, conduct=str(conduct), polarity=polarity, state__in=states
    ).values("said_sha256")
    return list(Clause.objects.filter(text=version.text_id, said_sha256__in=said).order_by("ordinal"))


def with_open_tags(found: QuerySet[Document]) -> QuerySet[Document]:
    """Beside each document `open_tags`, how many proposals wait for a person."""
    return found.annotate(open_tags=Count("taggings", filter=Q(taggings__state="proposed"), distinct=True))


@dataclass(frozen=True)
class Piece:
    """A run of words of a clause: plain ("") or a cue ("conduct" or "polarity")."""

    text: str
    shows: str = ""


def marked(tagging: Tagging) -> dict[str, list[Piece]]:
    """The clause's headings, lead-in and text with the matching words apart, by part."""
    clause = tagging.clause
    whole = {"heading": "\n".join(clause.path), "lead_in": clause.lead_in, "text": clause.content}
    cues = [cue for cue in tagging.cues if cue[0] in whole]
    return {part: _pieces(text, [cue[1:] for cue in cues if cue[0] == part]) for part, text in whole.items()}


def _pieces(text: str, cues: list[list]) -> list[Piece]:
    pieces, at = [], 0
    for start, end, shows in sorted(cues):
        if start < at:
            continue  # words that are marked already
        pieces += [Piece(text[at:start]), Piece(text[start:end], shows)]
        at = end
    return [piece for piece in [*pieces, Piece(text[at:])] if piece.text]


def versions_saying(tagging: Tagging) -> list:
    """The intervals of the versions that say what is tagged, oldest first."""
    texts = set(
        Clause.objects.filter(said_sha256=tagging.said_sha256, text__versions__document=tagging.document)
        .order_by()
        .values_list("text", flat=True)
    )
    return [interval for interval in intervals(tagging.document) if interval.version.text_id in texts]
