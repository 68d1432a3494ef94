"""Frozen sets of accounts: what is in them, what speaks against acting on it, and what became of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from apps.accounts.models import Account
from apps.cases.models import BulkStep, Case, MemberSet, Sample, SampleMark
from apps.cases.queries.files import visible_cases
from apps.cases.sampling import Shown
from apps.cases.selection import Selection

PICKED = "SELECT unnest(account_ids) AS id FROM cases_memberpart WHERE members_id = %(members)s"


def visible_sets(user) -> QuerySet[MemberSet]:
    return MemberSet.objects.filter(case__in=visible_cases(user)).select_related("case", "frozen_by")


def visible_steps(user) -> QuerySet[BulkStep]:
    return BulkStep.objects.filter(case__in=visible_cases(user)).select_related(
        "case", "members", "started_by", "undone_by"
    )


def visible_samples(user) -> QuerySet[Sample]:
    return Sample.objects.filter(case__in=visible_cases(user)).select_related("case", "members", "drawn_by")


def pool_of(case: Case, pool: str, selection: Selection) -> QuerySet[Account]:
    """The accounts that a selection picks: of those in the case, of those taken out of it, or of all the others."""
    members = case.members.order_by().filter(taken_back_at__isnull=True)
    if pool == MemberSet.Pool.NEW:
        return selection.of(Account.objects.order_by()).exclude(pk__in=members.values("account"))
    inside = members.filter(excluded_at__isnull=pool == MemberSet.Pool.PRESENT)
    return selection.of(Account.objects.order_by().filter(pk__in=inside.values("account")))


def fingerprint(accounts: QuerySet[Account]) -> tuple[int, str]:
    """How many these are, and the SHA-256 over their ids in order, 16 bytes each, in hexadecimal."""
    sql, params = accounts.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), encode(sha256(coalesce(string_agg(uuid_send(id), ''::bytea ORDER BY id), '')), 'hex')"  # noqa: S608
            f" FROM ({sql}) AS picked (id)",
            params,
        )
        return cursor.fetchone()


def accounts_of_set(members: MemberSet) -> QuerySet[Account]:
    inside = RawSQL("SELECT unnest(account_ids) FROM cases_memberpart WHERE members_id = %s", [members.pk])
    return Account.objects.filter(pk__in=inside)


# --- what speaks against acting --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ground:
    """Something about an account that speaks against acting on it. `condition` is SQL about the account `a`."""

    title: str
    why: str
    condition: str


HOLDING = """FROM accounts_authorisation w {join} WHERE w.state = 'active' AND w.starts_on <= %(today)s
    AND (w.ends_on IS NULL OR w.ends_on >= %(today)s)"""
IN_RING = "FROM accounts_ringmember m JOIN accounts_ring r ON r.id = m.ring_id WHERE m.until_run_id IS NULL"

AGAINST = {
    "authorised": Ground(
        "Authorised",
        "An authorisation in force names the account, its organisation or its contract.",
        "a.id IN (SELECT n.account_id "
        + HOLDING.format(join="JOIN accounts_authorisedaccount n ON n.authorisation_id = w.id")
        + ") OR a.organisation <> '' AND a.organisation IN (SELECT w.organisation "
        + HOLDING.format(join="")
        + ") OR a.contract <> '' AND a.contract IN (SELECT w.contract "
        + HOLDING.format(join="")
        + ")",
    ),
    "contract": Ground("Contract on record", "A contract may allow what looks like extraction.", "a.contract <> ''"),
    "reseller": Ground(
        "Reseller", "Many customers may stand behind one account, or one payment.", "a.contract ILIKE '%%resell%%'"
    ),
    "trusted_payer": Ground("Verified payer", "Whoever pays is known to the provider.", "a.payer_verified IS TRUE"),
    "card_alone": Ground(
        "Linked by a payment instrument alone",
        "A card can be stolen: its owner would be a victim, not a member.",
        "a.id IN (SELECT account_id FROM accounts_link WHERE until_run_id IS NULL"
        " GROUP BY account_id HAVING bool_and(kind = 'payment'))",
    ),
    "explained": Ground(
        "In a ring that is explained",
        "Somebody judged this ring and found an ordinary explanation.",
        f"a.id IN (SELECT m.account_id {IN_RING} AND r.state = 'innocent')",
    ),
    "no_ring": Ground(
        "In no ring",
        "No linkage says that the account belongs to others: only what picked it does.",
        f"a.id NOT IN (SELECT m.account_id {IN_RING})",
    ),
    "out_here": Ground(
        "Taken out of this case",
        "Somebody said that it does not belong here.",
        "a.id IN (SELECT account_id FROM cases_caseaccount WHERE case_id = %(case)s"
        " AND excluded_at IS NOT NULL AND taken_back_at IS NULL)",
    ),
    "out_elsewhere": Ground(
        "Taken out of another case",
        "Somebody said of another case that it does not belong there.",
        "a.id IN (SELECT account_id FROM cases_caseaccount WHERE case_id <> %(case)s"
        " AND excluded_at IS NOT NULL AND taken_back_at IS NULL)",
    ),
    "elsewhere": Ground(
        "In another case",
        "Another case is about it as well: ask who holds that case.",
        "a.id IN (SELECT account_id FROM cases_caseaccount WHERE case_id <> %(case)s AND excluded_at IS NULL)",
    ),
    "acted_on": Ground(
        "Limited, suspended or terminated already",
        "Another measure may be unnecessary.",
        "a.status IN ('limited', 'suspended', 'terminated')",
    ),
}


def _params(members: MemberSet) -> dict[str, Any]:
    today: date = timezone.now().date()
    return {"members": members.pk, "case": members.case_id, "today": today}


def against(members: MemberSet) -> list[dict[str, Any]]:
    """What speaks against acting on the set, one statement: `name`, `title`, `why`, `accounts`; only what there is."""
    counts = ", ".join(f"count(*) FILTER (WHERE {ground.condition})" for ground in AGAINST.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {counts} FROM ({PICKED}) p JOIN accounts_account a ON a.id = p.id",  # noqa: S608 - ours
            _params(members),
        )
        found = zip(AGAINST.items(), cursor.fetchone(), strict=True)
    return [{"name": name, "title": g.title, "why": g.why, "accounts": n} for (name, g), n in found if n]


def accounts_against(members: MemberSet, name: str) -> QuerySet[Account]:
    """The accounts of the set of which this holds; all of them for an unknown name."""
    if name not in AGAINST:
        return accounts_of_set(members)
    sql = f"SELECT a.id FROM ({PICKED}) p JOIN accounts_account a ON a.id = p.id WHERE {AGAINST[name].condition}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, _params(members))
        return Account.objects.filter(pk__in=RawSQL("SELECT unnest(%s::uuid[])", [[str(r[0]) for r in cursor]]))


@dataclass(frozen=True)
class Wrongful:
    """Accounts that a step is expected to meet wrongly: `value` is the sum of 1 - probability over `known` of them.

    `unknown` accounts are in no ring: nothing gives a probability of theirs, and they are in no sum.
    """

    value: float
    known: int
    unknown: int

    @property
    def basis(self) -> str:
        if not self.known:
            return "No account of the set is in a ring: no probability is known, and no number can be given."
        apart = f" {self.unknown:,} others are in no ring and not in this sum." if self.unknown else ""
        return (
            f"The sum over the {self.known:,} accounts that are in a ring, of the probability that one does not belong."
            f"{apart} These probabilities were calibrated on simulated campaigns: they are no promise about this one."
        )


def wrongful_of_set(members: MemberSet) -> Wrongful:
    return wrongful_of_rings(members, rings_of_set(members))


def wrongful_of_rings(members: MemberSet, rings: list[dict[str, Any]]) -> Wrongful:
    known = sum(ring["accounts"] for ring in rings)
    return Wrongful(sum(ring["wrongful"] for ring in rings), known, members.count - known)


def rings_of_set(members: MemberSet) -> list[dict[str, Any]]:
    """`ref`, `id`, `state`, `size`, `accounts` of the set in it, `wrongful` of these, largest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.id, r.ref, r.state, r.size, count(*) AS accounts, sum(1 - m.probability) AS wrongful"  # noqa: S608
            f" FROM ({PICKED}) p JOIN accounts_ringmember m ON m.account_id = p.id AND m.until_run_id IS NULL"
            " JOIN accounts_ring r ON r.id = m.ring_id GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 2",
            {"members": members.pk},
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


# --- steps and samples -----------------------------------------------------------------------------------------------


def sets(case: Case) -> QuerySet[MemberSet]:
    return case.sets.select_related("frozen_by").annotate(step_count=Count("steps")).order_by("-number")


def steps(members: MemberSet) -> QuerySet[BulkStep]:
    return members.steps.select_related("started_by", "undone_by", "members", "case").order_by("-started_at")


def step_under_way(case: Case) -> BulkStep | None:
    return case.steps.filter(state__in=[BulkStep.State.RUNNING, BulkStep.State.UNDOING]).first()


def shown_by(sample: Sample) -> Shown:
    """What the marks of a sample show."""
    marks = dict(sample.marks.order_by().values_list("verdict").annotate(n=Count("id")))
    verdict = SampleMark.Verdict
    return Shown(
        total=sample.members.count,
        drawn=len(sample.account_ids),
        right=marks.get(verdict.RIGHT, 0),
        wrong=marks.get(verdict.WRONG, 0),
        unsure=marks.get(verdict.UNSURE, 0),
        confidence=sample.confidence,
    )


def drawn(sample: Sample) -> list[tuple[Account, SampleMark | None]]:
    """The drawn accounts in their order, each with its mark."""
    accounts = Account.objects.in_bulk(sample.account_ids)
    marks = {mark.account_id: mark for mark in sample.marks.select_related("marked_by")}
    return [(accounts[key], marks.get(key)) for key in sample.account_ids if key in accounts]
