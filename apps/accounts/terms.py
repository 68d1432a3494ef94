"""Which terms bound which account when: the rule of `apps.policies.standing` for many accounts at once.

A finding says of each act which clause was in force for this account. Documents are few and accounts many, so what
bound everybody is worked out once a document, and only accounts with an acceptance on record have a history of their
own.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import Acceptance, Account
from apps.policies.models import Document, Version
from apps.policies.queries import moment_of
from apps.policies.standing import Accepted, Span, Why, for_account, general, start_of, within


@dataclass(frozen=True, slots=True)
class Bound:
    """That a version of a document bound an account from `since` up to, not including, `until`, and why."""

    account_id: UUID
    document: Document
    version: Version
    since: datetime
    until: datetime
    why: Why
    accepted_at: datetime | None = None

    @property
    def reason(self) -> str:
        """Why, as a sentence says it."""
        match self.why:
            case Why.ACCEPTED:
                return f"accepted on {self.accepted_at:%Y-%m-%d %H:%M} UTC"
            case Why.CONTINUED_USE:
                return f"continued use after it took effect on {self.version.effective_from:%Y-%m-%d}"
            case _:
                return f"as seen since {self.version.seen_at:%Y-%m-%d %H:%M} UTC; it states no day of effect"


def in_force_for(
    accounts: QuerySet[Account] | Iterable[UUID],
    start: datetime | date,
    end: datetime | date,
    *,
    documents: Iterable[Document] | None = None,
) -> list[Bound]:
    """For each account, the versions that bound it between two moments (days count whole, UTC), by document and time.

    Of the given documents, or else of those of its product and those it accepted. Where an account accepted a document
    as one collection records it, the same document of other collections is left out: it did not see that one.
    """
    first = start if isinstance(start, datetime) else start_of(start)
    last = moment_of(end)
    people = _accounts(accounts)
    accepted = _accepted([key for key, _, _ in people])
    found = _documents(documents, {product for _, product, _ in people}, accepted)
    seen = {document.pk: versions for document, versions in found}
    everybody = {key: general(versions) for key, versions in seen.items()}
    bound: list[Bound] = []
    for key, product, opened_at in people:
        mine = accepted.get(key, {})
        for document, _ in found:
            if not _applies(document, product, mine, chosen=documents is not None, found=found):
                continue
            spans = everybody[document.pk]
            if document.pk in mine:
                spans = for_account(spans, seen[document.pk], mine[document.pk])
            bound += (_bound(key, document, span) for span in within(spans, first, last, opened_at))
    return bound


def _bound(account: UUID, document: Document, span: Span[Version]) -> Bound:
    assert span.until is not None  # within() gives every span an end
    return Bound(account, document, span.version, span.since, span.until, span.why, span.accepted_at)


def _accounts(accounts: QuerySet[Account] | Iterable[UUID]) -> list[tuple[UUID, str, datetime | None]]:
    chosen = accounts if isinstance(accounts, QuerySet) else Account.objects.filter(pk__in=list(accounts))
    return list(chosen.order_by("pk").values_list("pk", "product", "opened_at"))


def _accepted(accounts: list[UUID]) -> dict[UUID, dict[UUID, list[Accepted[Version]]]]:
    """Acceptances by account and document."""
    rows = Acceptance.objects.filter(account__in=accounts).order_by("accepted_at")
    known = {version.pk: version for version in _versions(rows.exclude(version=None).values("version"))}
    found: dict[UUID, dict[UUID, list[Accepted[Version]]]] = defaultdict(lambda: defaultdict(list))
    for account, document, version, at in rows.values_list("account", "document", "version", "accepted_at"):
        found[account][document].append(Accepted(at, known.get(version)))
    return found


def _versions(keys: Any) -> QuerySet[Version]:
    return Version.objects.filter(pk__in=keys).select_related("document").order_by("seen_at")


def _documents(
    documents: Iterable[Document] | None,
    products: set[str],
    accepted: dict[UUID, dict[UUID, list[Accepted[Version]]]],
) -> list[tuple[Document, list[Version]]]:
    """The documents in question, each with its versions, oldest first."""
    if documents is None:
        named = {document for mine in accepted.values() for document in mine}
        chosen = list(Document.objects.filter(service__in=products) | Document.objects.filter(pk__in=named))
    else:
        chosen = list(documents)
    versions: dict[UUID, list[Version]] = defaultdict(list)
    for version in Version.objects.filter(document__in=chosen).select_related("document").order_by("seen_at"):
        versions[version.document_id].append(version)
    ordered = sorted(chosen, key=lambda document: (document.service, document.name, document.collection))
    return [(document, versions[document.pk]) for document in ordered]


def _applies(
    document: Document, product: str, mine: dict, *, chosen: bool, found: list[tuple[Document, list[Version]]]
) -> bool:
    if document.pk in mine or chosen:
        return True
    if document.service != product:
        return False
    return not any(
        other.pk in mine and (other.service, other.name) == (document.service, document.name) for other, _ in found
    )
