"""What a person may see of rings: who is in them, by what they hold together, and what became of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.accounts import authorisations, linkage, ring_words
from apps.accounts.models import Account, Identifier, Link, LinkageRun, Ring, RingMember, Tie
from apps.accounts.queries import paths, visible_accounts

VALUES_SHOWN = 50
BRIDGES_SHOWN = 10


def visible_rings(user) -> QuerySet[Ring]:
    return Ring.objects.all() if user.has_perm("accounts.view") else Ring.objects.none()


def visible_runs(user) -> QuerySet[LinkageRun]:
    return LinkageRun.objects.all() if user.has_perm("accounts.view") else LinkageRun.objects.none()


def visible_ties(user) -> QuerySet[Tie]:
    ties = Tie.objects.select_related("account", "judged_by", "undone_by")
    return ties if user.has_perm("accounts.view") else ties.none()


def visible_links(user) -> QuerySet[Link]:
    links = Link.objects.filter(until_run=None).select_related("account", "ring")
    return links if user.has_perm("accounts.view") else links.none()


def ring_members(user, ring: Ring) -> QuerySet[Account]:
    """The accounts that are in the ring now."""
    return visible_accounts(user).filter(pk__in=RingMember.objects.filter(ring=ring, until_run=None).values("account"))


def memberships(user, ring: Ring) -> QuerySet[RingMember]:
    """Who is in it now, how sure that is, and with how many edges."""
    rows = RingMember.objects.filter(ring=ring, until_run=None, account__in=visible_accounts(user))
    return rows.select_related("account")


def rings_of_accounts(user, accounts: QuerySet[Account] | Iterable[Any]) -> QuerySet[Ring]:
    """The rings that any of these accounts is in, each with `here`: how many of them."""
    inside = RingMember.objects.filter(until_run=None, account__in=accounts)
    counted = inside.filter(ring=OuterRef("pk")).order_by().values("ring").annotate(n=Count("pk")).values("n")
    return visible_rings(user).filter(pk__in=inside.values("ring")).annotate(here=counted).order_by("-here", "id")


def membership_of(account: Account) -> RingMember | None:
    return RingMember.objects.filter(account=account, until_run=None).select_related("ring", "since_run").first()


@dataclass(frozen=True)
class Shared:
    """A value that accounts of a ring share: by how many, how common it is elsewhere, and how much sharing it says.

    `link` is one of its edges, by which it is spoken of.
    """

    kind: str
    family: str
    value_hmac: str
    members: int
    rate: float
    bits: float
    link: UUID

    @property
    def words(self) -> str:
        return ring_words.thing(self.kind)

    @property
    def outside(self) -> str:
        return ring_words.rarity(self.rate)


SHARED = """
    SELECT l.kind, min(l.family), l.value_hmac, count(*), max(l.background_rate), max(l.weight), min(l.id::text)::uuid
    FROM accounts_link l WHERE l.ring_id = %s AND l.until_run_id IS NULL AND l.value_hmac <> ''
    GROUP BY l.kind, l.value_hmac ORDER BY count(*) DESC, l.kind, l.value_hmac LIMIT %s"""
MASKED = """
    SELECT w.kind, w.value_hmac, i.masked FROM unnest(%s::text[], %s::text[]) AS w (kind, value_hmac)
    CROSS JOIN LATERAL (
        SELECT masked FROM accounts_identifier i WHERE i.kind = w.kind AND i.value_hmac = w.value_hmac LIMIT 1
    ) AS i"""


def shared_values(ring: Ring, *, limit: int = VALUES_SHOWN) -> list[Shared]:
    """The values that most of its accounts share, without what they are."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED, [ring.pk, limit])
        return [Shared(*row) for row in cursor.fetchall()]


def with_masks(values: Sequence[Any]) -> dict[tuple[str, str], str]:
    """The masked form of each value, by kind and keyed hash; for who may see identifiers."""
    wanted = sorted({(one.kind, one.value_hmac) for one in values if one.value_hmac})
    if not wanted:
        return {}
    kinds, hashes = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(MASKED, [list(kinds), list(hashes)])
        return {(kind, value): masked for kind, value, masked in cursor.fetchall()}


def masked(link: Link) -> str:
    """What people may see of an edge's value."""
    if not link.value_hmac:
        return "rhythm of requests"
    found = Identifier.objects.filter(account=link.account_id, kind=link.kind, value_hmac=link.value_hmac)
    return found.values_list("masked", flat=True).first() or ""


# --- one account, and two ---------------------------------------------------------------------------------------------


def links_of(member: RingMember) -> list[Link]:
    """The edges by which an account is in its ring."""
    return list(Link.objects.filter(ring=member.ring_id, account=member.account_id, until_run=None).order_by("-weight"))


def facts_about(member: RingMember) -> dict[str, Any]:
    """What `ring_words.doubts` weighs."""
    inside = RingMember.objects.filter(ring=member.ring_id, until_run=None)
    accounts = Account.objects.filter(pk__in=inside.values("account"))
    organisation = member.account.organisation
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_timestamp(percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.opened_at)))"
            " FROM accounts_ringmember m JOIN accounts_account a ON a.id = m.account_id"
            " WHERE m.ring_id = %s AND m.until_run_id IS NULL",
            [member.ring_id],
        )
        opened = cursor.fetchone()[0]
    return {
        "opened": opened,
        "colleagues": accounts.filter(organisation=organisation).count() if organisation else 0,
        "authorisations": [one for one in authorisations.of_account(member.account) if one.state == "active"],
        "threshold": linkage.Settings().rare,
    }


def edges_of(ring: Ring) -> list[paths.Edge]:
    """All edges of a ring."""
    rows = Link.objects.filter(ring=ring, until_run=None).order_by("id")
    return [
        paths.Edge(account, (kind, value), family, weight)
        for account, kind, value, family, weight in rows.values_list(
            "account_id", "kind", "value_hmac", "family", "weight"
        )
    ]


def without(link: Link, *, whole: bool) -> list[int]:
    """How many accounts of its ring would hang together without an edge, or without its value altogether: as the edges
    of the last run stand. What the next run finds may rest on what holds nothing together now."""
    if not link.value_hmac:
        held = Link.objects.filter(ring=link.ring, account=link.account_id, until_run=None).exclude(value_hmac="")
        return [link.ring.size] if held.exists() else [link.ring.size - 1, 1]
    accounts = RingMember.objects.filter(ring=link.ring, until_run=None).values_list("account", flat=True)
    return paths.parts(
        edges_of(link.ring), accounts, without=(link.kind, link.value_hmac), of=None if whole else link.account_id
    )


def shared_by(one: Account, other: Account) -> list[Identifier]:
    """The first one's identifiers that the other has as well, in a ring or not."""
    same = Identifier.objects.filter(account=other, kind=OuterRef("kind"), value_hmac=OuterRef("value_hmac"))
    return list(Identifier.objects.filter(Exists(same), account=one).order_by("kind", "value_hmac"))


# --- how a ring came about, and how runs differ -----------------------------------------------------------------------


HISTORY = """
    SELECT r.id, r.number, r.started_at, count(*) FILTER (WHERE came), count(*) FILTER (WHERE NOT came)
    FROM (
        SELECT since_run_id AS run, true AS came FROM accounts_ringmember WHERE ring_id = %(ring)s
        UNION ALL
        SELECT until_run_id, false FROM accounts_ringmember WHERE ring_id = %(ring)s AND until_run_id IS NOT NULL
    ) AS steps JOIN accounts_linkagerun r ON r.id = steps.run
    GROUP BY r.id, r.number, r.started_at ORDER BY r.number DESC LIMIT 20"""


def history(ring: Ring) -> list[dict[str, Any]]:
    """The runs that changed who is in it, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"ring": ring.pk})
        names = ("id", "number", "started_at", "joined", "left")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


COMPARED = """
    WITH told AS (
        SELECT m.ring_id, m.account_id,
            bool_or(s.number <= %(one)s AND (u.number IS NULL OR u.number > %(one)s)) AS before,
            bool_or(s.number <= %(two)s AND (u.number IS NULL OR u.number > %(two)s)) AS after
        FROM accounts_ringmember m
        JOIN accounts_linkagerun s ON s.id = m.since_run_id LEFT JOIN accounts_linkagerun u ON u.id = m.until_run_id
        WHERE s.number <= %(two)s AND (u.number IS NULL OR u.number > %(one)s)
        GROUP BY m.ring_id, m.account_id
    )
    SELECT r.id, r.ref, count(*) FILTER (WHERE before), count(*) FILTER (WHERE after),
        count(*) FILTER (WHERE after AND NOT before), count(*) FILTER (WHERE before AND NOT after)
    FROM told JOIN accounts_ring r ON r.id = told.ring_id WHERE before IS DISTINCT FROM after
    GROUP BY r.id, r.ref ORDER BY count(*) DESC, r.ref LIMIT %(limit)s"""


def compared(one: LinkageRun, two: LinkageRun, *, limit: int = 200) -> list[dict[str, Any]]:
    """Rings whose accounts are others after run `two` than after run `one`, the most changed first."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARED, {"one": one.number, "two": two.number, "limit": limit})
        names = ("id", "ref", "before", "after", "joined", "left")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def bridges(ring: Ring) -> list[dict[str, Any]]:
    """Edges and values without which it falls apart, the gravest first, each with the edge by which it can be cut."""
    found = []
    links = Link.objects.filter(ring=ring, until_run=None).select_related("account")
    for one in ring.measures.get("bridges", [])[:BRIDGES_SHOWN]:
        here = links.filter(kind=one["kind"], value_hmac__startswith=one["value"])
        link = (here.filter(account=one["account"]) if one["account"] else here).order_by("id").first()
        if link:
            found.append({"link": link, "parts": one["parts"], "whole": one["account"] is None})
    return found


def ties_about(ring: Ring) -> QuerySet[Tie]:
    """What people said of edges of the ring's accounts, and of values that one of them holds."""
    inside = RingMember.objects.filter(ring=ring, until_run=None).values("account")
    held = Identifier.objects.filter(kind=OuterRef("kind"), value_hmac=OuterRef("value_hmac"), account__in=inside)
    of_values = Tie.objects.filter(undone_at=None, account=None).filter(Exists(held)).values("pk")
    ties = Tie.objects.filter(undone_at=None).filter(Q(account__in=inside) | Q(pk__in=of_values))
    return ties.select_related("account", "judged_by").order_by("-judged_at")


# --- the way from one account to another ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Path:
    """Steps from one account to another within a ring; no steps where they are in no ring together."""

    ring: Ring | None
    hops: list["Hop"]


@dataclass(frozen=True)
class Term:
    """A value that two accounts of a path share; `counts` is false where a stronger one of its family says the same."""

    kind: str
    value_hmac: str
    family: str
    bits: float
    counts: bool
    rate: float
    members: int
    link: UUID
    masked: str

    @property
    def words(self) -> str:
        return ring_words.thing(self.kind)

    @property
    def outside(self) -> str:
        return ring_words.rarity(self.rate)


@dataclass(frozen=True)
class Hop:
    start: Account
    end: Account
    terms: list[Term]

    @property
    def bits(self) -> float:
        return sum(term.bits for term in self.terms if term.counts)

    @property
    def by_rhythm(self) -> bool:
        """Whether both follow the ring's rhythm, and share no value."""
        return all(term.kind == Link.SYNCHRONY for term in self.terms)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """For its waterfall."""
        return [{"label": term.words, "value": term.bits, "counts": term.counts} for term in self.terms]


def path_between(one: Account, other: Account, *, masked: bool) -> Path:
    """The shortest way from one to the other within the ring that both are in; with the masked form of what they share
    for who may see identifiers."""
    first, second = membership_of(one), membership_of(other)
    if not first or not second or first.ring_id != second.ring_id:
        return Path(None, [])
    steps = paths.path(edges_of(first.ring), one.pk, other.pk)
    accounts = Account.objects.in_bulk({key for hop in steps for key in (hop.start, hop.end)})
    links = {
        (link.account_id, link.kind, link.value_hmac): link
        for link in Link.objects.filter(ring=first.ring, account__in=accounts, until_run=None)
    }

    masks = with_masks(list(links.values())) if masked else {}

    def term(hop: paths.Hop, one: paths.Term) -> Term:
        kind, value = one.value
        link = links[hop.end, kind, value]
        shown = masks.get((kind, value), "")
        return Term(kind, value, one.family, one.bits, one.counts, link.background_rate, link.members, link.pk, shown)

    hops = [Hop(accounts[h.start], accounts[h.end], [term(h, one) for one in h.terms]) for h in steps]
    return Path(first.ring, hops)


NEIGHBOURS = """
    SELECT a.id, a.ref, count(*), sum(o.weight) FROM accounts_link mine
    JOIN accounts_link o ON o.ring_id = mine.ring_id AND o.kind = mine.kind AND o.value_hmac = mine.value_hmac
        AND o.until_run_id IS NULL AND o.account_id <> mine.account_id
    JOIN accounts_account a ON a.id = o.account_id
    WHERE mine.ring_id = %s AND mine.account_id = %s AND mine.until_run_id IS NULL AND mine.value_hmac <> ''
    GROUP BY a.id, a.ref ORDER BY sum(o.weight) DESC, a.ref LIMIT 12"""


def neighbours(member: RingMember) -> list[dict[str, Any]]:
    """The accounts that it shares most with: how many values, and their bits together."""
    with connection.cursor() as cursor:
        cursor.execute(NEIGHBOURS, [member.ring_id, member.account_id])
        return [dict(zip(("id", "ref", "values", "bits"), row, strict=True)) for row in cursor.fetchall()]
