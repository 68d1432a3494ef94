"""Whether the clauses that a finding cites applied to its accounts for as long as the conduct went on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.accounts.models import Account
from apps.accounts.terms import in_force_for
from apps.cases import queries
from apps.policies.models import Clause, Version
from apps.policies.queries import lead_in
from apps.policies.wording import normalise

Cited = Sequence[tuple[Version, Clause]]


def check_in_force(cited: Cited, start: date, end: date) -> None:
    """Raise ValidationError unless each clause was in force, as seen, on every day from `start` to `end`.

    When a document changed in between, the clause of each version counts: it has the same wording, or it is cited too.
    """
    if not cited:
        raise ValidationError({"clauses": "Choose the clause that forbids the conduct."})
    tags = queries.tags_of(cited)
    for version, clause in cited:
        if clause.text_id != version.text_id:
            raise ValidationError({"clauses": f"“{clause.label}” is not a clause of {version}."})
        if queries.permits(tags.get(clause.said_sha256, [])):
            raise ValidationError(
                {"clauses": f"“{clause.label}” is tagged as permitting what it speaks of: it prohibits nothing."}
            )
        _check_throughout(version, clause, cited, start, end)


def _check_throughout(version: Version, clause: Clause, cited: Cited, start: date, end: date) -> None:
    during = queries.versions_during(version.document, start, end)
    if not during:
        raise ValidationError({"clauses": f"No version of {version.document} was in force on {start:%-d %B %Y}."})
    if version not in during:
        raise ValidationError(
            {"clauses": f"{version} was not in force from {start:%-d %B %Y} to {end:%-d %B %Y}: cite another."}
        )
    cited_too = {(other.pk, one.address) for other, one in cited}
    for other in during:
        same = queries.same_clause(other, clause)
        if same and _wording(same) == _wording(clause):
            continue
        if (other.pk, clause.address) not in cited_too:
            raise ValidationError({"clauses": _changed(version, other, clause, has_it=same is not None)})


def _wording(clause: Clause) -> str:
    """What a clause says: an item of a list says it with the words that introduce the list."""
    return normalise(f"{lead_in(clause)}\n{clause.content}")


def _changed(version: Version, other: Version, clause: Clause, *, has_it: bool) -> str:
    what = "reads differently" if has_it else "does not exist"
    help_ = "Cite that version's clause too, or narrow the period." if has_it else "Narrow the period."
    return f"“{clause.label}” of {version} {what} in the version of {other.seen_at:%-d %B %Y}. {help_}"


@dataclass(frozen=True)
class Bound:
    """That a clause bound an account from a day to a day, and why; `told` names the clause."""

    account: UUID
    told: int  # place in the list of clauses
    since: date
    until: date
    why: str


def binding(accounts: list[UUID], cited: Cited, start: date, end: date) -> tuple[list[dict[str, Any]], list[Bound]]:
    """Which cited clause bound which of these accounts, from when to when; and the clauses, each as it is frozen.

    A version that says the same as the cited one bound them too, and is named itself. Accounts whose product is not
    known are bound by the documents that are cited.
    """
    documents = {version.document_id: version.document for version, _ in cited}
    known = set(Account.objects.filter(pk__in=accounts).exclude(product="").values_list("pk", flat=True))
    spans = in_force_for([pk for pk in accounts if pk in known], start, end)
    spans += in_force_for([pk for pk in accounts if pk not in known], start, end, documents=documents.values())
    places: dict[UUID, list[int]] = {}
    told: list[dict[str, Any]] = []
    bound = []
    for span in spans:
        if span.document.pk not in documents:
            continue
        if span.version.pk not in places:
            says = [_told(span.version, same) for same in _said_in(span.version, cited)]
            places[span.version.pk] = list(range(len(told), len(told) + len(says)))
            told += says
        bound += [
            Bound(span.account_id, at, span.since.date(), min(span.until.date(), end), span.reason)
            for at in places[span.version.pk]
        ]
    return told, bound


def _said_in(version: Version, cited: Cited) -> list[Clause]:
    """The clauses of a version that say what a cited clause of its document says."""
    found = {}
    for other, clause in cited:
        if other.document_id == version.document_id:
            same = clause if version == other else queries.same_clause(version, clause)
            if same and _wording(same) == _wording(clause):
                found[same.pk] = same
    return list(found.values())


def _told(version: Version, clause: Clause) -> dict[str, Any]:
    return {
        "document": str(version.document),
        "version": str(version.pk),
        "clause": str(clause.pk),
        "label": clause.label,
        "sha256": sha256(clause.content.encode()).hexdigest(),
    }
