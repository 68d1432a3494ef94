"""Whether the clauses that a finding cites applied to its accounts for as long as the conduct went on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.accounts.models import Account
from apps.cases import queries
from apps.policies.models import Clause, Version
from apps.policies.queries import lead_in, moment_of
from apps.policies.wording import normalise

Cited = Sequence[tuple[Version, Clause]]


def check_in_force(cited: Cited, start: date, end: date) -> None:
    """Raise ValidationError unless each clause was in force, as seen, on every day from `start` to `end`.

    When a document changed in between, the clause of each version counts: it has the same wording, or it is cited too.
    """
    if not cited:
        raise ValidationError({"clauses": "Choose the clause that forbids the conduct."})
    for version, clause in cited:
        if clause.text_id != version.text_id:
            raise ValidationError({"clauses": f"“{clause.label}” is not a clause of {version}."})
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
    """A clause of a version that was in force, as it is frozen with each account that it bound."""

    told: dict[str, Any]
    accounts: list[UUID]


def binding(accounts: list[UUID], cited: Cited, start: date, end: date) -> list[Bound]:
    """Which cited clause bound which of these accounts, from when to when: by the product that each one uses.

    A version that says the same as the cited one bound them too, and is named itself.
    """
    by_product: dict[str, list[UUID]] = {}
    for pk, product in Account.objects.filter(pk__in=accounts).order_by("id").values_list("pk", "product"):
        by_product.setdefault(product, []).append(pk)
    return [
        Bound(told, by_product[product])
        for service, told in _in_force(cited, start, end)
        for product in by_product
        if product in (service, "")
    ]


def _in_force(cited: Cited, start: date, end: date) -> Iterator[tuple[str, dict[str, Any]]]:
    first, last = moment_of(start), moment_of(end)
    seen = set()
    for version, clause in cited:
        for interval in queries.intervals_during(version.document, start, end):
            same = queries.same_clause(interval.version, clause)
            if same is None or _wording(same) != _wording(clause) or (interval.version.pk, same.pk) in seen:
                continue
            seen.add((interval.version.pk, same.pk))
            yield (
                version.document.service,
                {
                    "document": str(version.document),
                    "version": str(interval.version.pk),
                    "clause": str(same.pk),
                    "label": same.label,
                    "from": max(interval.since, first).date().isoformat(),
                    "until": min(interval.until or last, last).date().isoformat(),
                    "sha256": sha256(same.content.encode()).hexdigest(),
                },
            )
