"""A query that picks accounts: what may be asked, in one shape for the page, the actions and the trail.

    Selection.read({"country": "de", "opened_from": "2026-05-01"}).words
    -> "country DE, opened from 2026-05-01"

Every condition narrows. The accounts of a query are counted and written into the trail when it is applied; what the
query would pick a day later does not matter to anyone.
"""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL

from apps.accounts import identifiers
from apps.accounts.models import Account, Activity, Identifier, RingMember
from apps.alerts.models import GroupAccount
from apps.evidence.models import AccountResult

REFS_SHOWN = 3


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Conditions on accounts; one that is left out, None or empty does not count."""

    refs: list[str] | None = None
    everyone: bool = False  # only for excluding and restoring: all members
    file: str | None = None  # the name of the file that the references came from
    group: UUID | None = None  # an alert group that names them
    ring: str | None = None  # reference of a ring that they are in at present
    item: str | None = None  # reference of an item of evidence with results about them
    product: str | None = None
    plan: str | None = None
    country: str | None = None
    organisation: str | None = None
    contract: str | None = None
    has_contract: bool = False  # any contract on record, which may allow the use
    status: str | None = None
    opened_from: date | None = None
    opened_to: date | None = None
    active_from: date | None = None
    active_to: date | None = None
    min_queries: int | None = None  # in the days active_from to active_to, or ever
    max_queries: int | None = None
    identifier_kind: str | None = None
    identifier_value: str | None = None  # never kept: the trail says the masked form
    identifier_hmac: str | None = None

    @classmethod
    def read(cls, query: dict[str, Any]) -> "Selection":
        """Raises ValidationError for an unknown condition, a wrong type, or a query that has no condition at all."""
        given = {name: value for name, value in query.items() if value not in (None, "", [], False)}
        if not given:
            raise ValidationError("Say which accounts: every account there is was not meant.")
        try:
            found = msgspec.convert(given, cls, strict=False)
        except msgspec.ValidationError as error:
            raise ValidationError(f"The query cannot be read: {error}.") from error
        return found._with_hash()

    def _with_hash(self) -> "Selection":
        if not self.identifier_value:
            return self
        if not self.identifier_kind:
            raise ValidationError({"identifier_kind": "Say what kind of identifier this is."})
        try:
            kind, value = identifiers.kind_and_value(self.identifier_kind, self.identifier_value)
            value = identifiers.normalise(kind, value)
        except ValueError as error:
            raise ValidationError({"identifier_value": f"The identifier cannot be used: {error}."}) from error
        return msgspec.structs.replace(
            self,
            identifier_kind=kind,
            identifier_value=identifiers.mask(kind, value),
            identifier_hmac=identifiers.hmac_of(kind, value)[0],
        )

    def of(self, accounts: QuerySet[Account]) -> QuerySet[Account]:
        """The accounts among these that fulfil every condition."""
        conditions = Q()
        if self.refs:
            # One parameter, however many there are.
            conditions &= Q(ref__in=RawSQL("SELECT unnest(%s::text[])", [self.refs]))
        for name in ("product", "plan", "organisation", "contract", "status"):
            if value := getattr(self, name):
                conditions &= Q(**{name: value})
        if self.has_contract:
            conditions &= ~Q(contract="")
        if self.country:
            conditions &= Q(country=self.country.upper())
        if self.opened_from:
            conditions &= Q(opened_at__date__gte=self.opened_from)
        if self.opened_to:
            conditions &= Q(opened_at__date__lte=self.opened_to)
        if self.group:
            conditions &= Q(Exists(GroupAccount.objects.filter(account=OuterRef("pk"), group=self.group)))
        if self.ring:
            inside = RingMember.objects.filter(ring__ref=self.ring, until_run__isnull=True)
            conditions &= Q(Exists(inside.filter(account=OuterRef("pk"))))
        if self.item:
            results = AccountResult.objects.filter(run__item__ref=self.item)
            conditions &= Q(Exists(results.filter(account=OuterRef("pk"))))
        if self.identifier_hmac:
            sharing = Identifier.objects.filter(kind=self.identifier_kind, value_hmac=self.identifier_hmac)
            conditions &= Q(Exists(sharing.filter(account=OuterRef("pk"))))
        return self._by_activity(accounts.filter(conditions))

    def _by_activity(self, accounts: QuerySet[Account]) -> QuerySet[Account]:
        if not (self.active_from or self.active_to or self.min_queries or self.max_queries):
            return accounts
        days = Activity.objects.order_by()
        if self.active_from:
            days = days.filter(day__gte=self.active_from)
        if self.active_to:
            days = days.filter(day__lte=self.active_to)
        sums = days.values("account").annotate(total=Sum("queries"))
        if self.min_queries is not None:
            sums = sums.filter(total__gte=self.min_queries)
        if self.max_queries is not None:
            sums = sums.filter(total__lte=self.max_queries)
        return accounts.filter(pk__in=sums.values("account"))

    @property
    def words(self) -> str:
        """The query as a person reads it in the member's provenance and in the trail."""
        parts = ["all members"] if self.everyone else []
        parts += ["any contract"] if self.has_contract else []
        if self.file:
            parts.append(f"file {self.file} of {len(self.refs or []):,} references")
        elif self.refs:
            more = len(self.refs) - REFS_SHOWN
            parts.append(f"reference {', '.join(self.refs[:REFS_SHOWN])}{f' and {more} more' if more > 0 else ''}")
        if self.group:
            parts.append("named by an alert group")
        if self.ring:
            parts.append(f"ring {self.ring}")
        if self.item:
            parts.append(f"with a result in {self.item}")
        parts += [
            f"{n} {v}" for n in ("product", "plan", "organisation", "contract", "status") if (v := getattr(self, n))
        ]
        if self.country:
            parts.append(f"country {self.country.upper()}")
        parts += [f"{text} {value}" for text, value in self._bounds() if value is not None]
        if self.identifier_value:
            parts.append(f"{self.identifier_kind} {self.identifier_value}")
        return ", ".join(parts)

    @property
    def facts(self) -> dict[str, Any]:
        """The query as the trail keeps it; of a file its name, since the accounts it picked are on record."""
        given = msgspec.to_builtins(self)
        if self.file:
            del given["refs"]
        return {"words": self.words} | {name: value for name, value in given.items() if value not in (None, False)}

    def _bounds(self) -> list[tuple[str, Any]]:
        return [
            ("opened from", self.opened_from),
            ("opened to", self.opened_to),
            ("active from", self.active_from),
            ("active to", self.active_to),
            ("at least this many queries:", self.min_queries),
            ("at most this many queries:", self.max_queries),
        ]
