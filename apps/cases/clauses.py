"""Whether the clauses that a finding cites applied to its accounts for as long as the conduct went on."""

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db.models import Count

from apps.cases import queries
from apps.cases.models import Finding
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


def check_products(finding: Finding, cited: Cited) -> None:
    """Raise ValidationError when accounts use a product of whose terms no clause is cited."""
    services = {version.document.service for version, _ in cited}
    bare = (
        finding.accounts.exclude(account__product="")
        .exclude(account__product__in=services)
        .order_by()
        .values("account__product")
        .annotate(n=Count("id"))
    )
    if missing := [f"{row['n']} of {row['account__product']}" for row in bare]:
        raise ValidationError(
            {"clauses": f"No clause is cited for accounts of other products ({', '.join(missing)}): cite one."}
        )
