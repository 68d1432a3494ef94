import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone

from apps.audit.reads.look import Earlier
from apps.audit.reads.table import REASON_HOLDS
from apps.core.models import Job
from apps.core.vault import naming
from apps.evidence.models import (
    AccountResult,
    BlindTrial,
    CustodyEvent,
    Figure,
    FixityRun,
    Item,
    Proposal,
    QueryLog,
    StoredFile,
    TestPlan,
    TestRun,
    WatermarkKey,
)
from apps.evidence.runs.many import Before
from apps.evidence.runs.recorded import Setting
from apps.records.holds import holding
from apps.staff.models import User


def visible_items(user) -> QuerySet[Item]:
    return Item.objects.all() if user.has_perm("evidence.view") else Item.objects.none()


def visible_runs(user) -> QuerySet[TestRun]:
    runs = TestRun.objects.select_related("item", "suspect", "plan", "key")
    return runs if user.has_perm("evidence.view") else runs.none()


def runs_of(principal) -> QuerySet[TestRun]:
    """What a program or a person reads of runs: a detector its own."""
    if principal.has_perm("evidence.view"):
        return visible_runs(principal)
    own = TestRun.objects.filter(run_by=principal.actor).select_related("item", "suspect", "plan", "key")
    return own if principal.has_perm("evidence.run_test") else own.none()


def tested_earlier(setting: Setting) -> Before:
    """What was tested before in the family of a run over many accounts: under its plan, or else unplanned in its
    dependency group."""
    runs = TestRun.objects.filter(account_count__isnull=False, plan=setting.plan)
    if setting.plan is None:
        runs = runs.filter(dependency_group=setting.group)
    tested = runs.aggregate(n=Sum("account_count"))["n"] or 0
    found = AccountResult.objects.filter(run__in=runs, p_value__isnull=False)
    return Before(tested, [p for p in found.values_list("p_value", flat=True) if p is not None])


def visible_plans(user) -> QuerySet[TestPlan]:
    plans = TestPlan.objects.select_related("suspect", "protected__model", "key")
    return plans if user.has_perm("evidence.view") else plans.none()


def visible_trials(user) -> QuerySet[BlindTrial]:
    trials = BlindTrial.objects.select_related("suspect", "protected__model", "key", "plan", "item")
    return trials if user.has_perm("evidence.view") else trials.none()


def results(run: TestRun) -> QuerySet[AccountResult]:
    """Of each account, in the order in which they were written: smallest p first."""
    return run.results.select_related("account")


def beside_plan(plan: TestPlan) -> QuerySet[TestRun]:
    """Runs of the planned test on the same suspect that were not made under the plan."""
    alike = TestRun.objects.filter(test_id=plan.test_id, suspect=plan.suspect).exclude(plan=plan)
    return alike.select_related("suspect", "key", "plan").order_by("-run_at", "-id")


def runs_by_test(user) -> dict[str, int]:
    """How many runs there are of each test."""
    counted = visible_runs(user).select_related(None).order_by().values_list("test_id").annotate(n=Count("pk"))
    return dict(counted)


@dataclass(frozen=True)
class Tested:
    """Everything that was run on one suspect: a result counts among all of them."""

    runs: list[TestRun]
    total: int

    @property
    def tests(self) -> int:
        return len({run.test_id for run in self.runs})


NEWEST = 20


def tested_on(run: TestRun) -> Tested | None:
    """The newest runs on the run's suspect and how many there are, failed and negative ones too (R7)."""
    if run.suspect_id is None:
        return None
    runs = TestRun.objects.filter(suspect=run.suspect_id)
    return Tested(list(runs.order_by("-run_at", "-id")[:NEWEST]), runs.count())


@dataclass(frozen=True)
class Score:
    """What came out under one label of a blind trial, and who it was, once that may be known."""

    label: str
    name: str
    outcome: dict[str, Any]
    is_suspect: bool


def scores_of(trial: BlindTrial) -> list[Score]:
    """By statistic, the largest first, once there are scores."""
    order, scores = trial.order or {}, trial.scores or {}
    names = (trial.suspect.name, str(trial.suspect))
    rows = [
        Score(label, order.get(label, ""), scores.get(label, {}), order.get(label) in names) for label in trial.labels
    ]
    return sorted(rows, key=lambda row: -row.outcome.get("statistic", float("-inf")))


def key_named(key_id: Any) -> WatermarkKey | None:
    """The registered key that inputs name, if they name one."""
    return WatermarkKey.objects.filter(key_id=key_id).first() if isinstance(key_id, str) else None


def custody_of_key(setting: Setting) -> dict[str, Any]:
    """Who held the run's watermark key, as it is on record now: the statement that goes with the result (R14)."""
    key = setting.key
    if key is None:
        return {"key": "", "holdings": [], "incidents": []}
    return {
        "key": key.key_id,
        "holdings": [
            {"holder": h.holder, "storage": h.storage, "from": _moment(h.held_from), "until": _moment(h.held_until)}
            for h in key.holdings.order_by("held_from")
        ],
        "incidents": [
            {"at": _moment(i.happened_at), "effect": i.get_effect_display(), "account": i.account}
            for i in key.incidents.order_by("happened_at")
        ],
    }


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")


def custody(item: Item) -> QuerySet[CustodyEvent]:
    """The chain, oldest first."""
    return item.custody.order_by("at", "id")


def last_look(item: Item, user) -> Earlier | None:
    """This person's last look at it, and why. Its event in the trail is about the line in the chain."""
    looks = item.custody.filter(kind=CustodyEvent.Kind.VIEW, actor=user.actor, at__gt=timezone.now() - REASON_HOLDS)
    found = looks.order_by("-at").values_list("at", "purpose").first()
    return Earlier(*found) if found else None


def is_damaged(item: Item) -> bool:
    """Whether the last measurement of its file found something else than what was collected."""
    last = item.custody.order_by("-at", "-id").first()
    return last is not None and not last.intact


def lost(items: Iterable[Item]) -> dict[Item, str]:
    """Those of the items that nobody can be shown any more, with what became of them, in words."""
    found = list(items)
    bad = dict(
        StoredFile.objects.filter(
            sha256__in=[item.sha256 for item in found],
            outcome__in=(StoredFile.Outcome.DAMAGED, StoredFile.Outcome.MISSING),
        ).values_list("sha256", "outcome")
    )
    became: dict[str, str] = {
        StoredFile.Outcome.DAMAGED: "is not what was collected",
        StoredFile.Outcome.MISSING: "is gone from the vault",
    }
    disposed = {item: "was disposed of" for item in found if item.state == Item.State.DISPOSED}
    return {item: became[bad[item.sha256]] for item in found if item.sha256 in bad} | disposed


def custodians(but) -> QuerySet[User]:
    """Who can be handed an item."""
    able = [u.pk for u in User.objects.filter(is_active=True).exclude(pk=but.pk) if u.has_perm("evidence.accept_item")]
    return User.objects.filter(pk__in=able).order_by("name", "id")


def open_proposal(item: Item) -> Proposal | None:
    return item.proposals.filter(answered_at=None).select_related("item", "to", "proposed_by").first()


def visible_proposals(user) -> QuerySet[Proposal]:
    found = Proposal.objects.select_related("item", "to", "proposed_by")
    return found if user.has_perm("evidence.view") else found.none()


def to_answer(user) -> QuerySet[Proposal]:
    """What waits for this person: items handed to them, and what others asked that they may do."""
    may = [kind for kind, verb in ANSWERED_BY.items() if user.has_perm(verb)]
    waiting = Proposal.objects.filter(answered_at=None).select_related("item", "proposed_by")
    return waiting.filter(Q(kind="transfer", to=user) | Q(kind__in=may) & ~Q(proposed_by=user)).order_by("proposed_at")


ANSWERED_BY = {"unseal": "evidence.unseal", "release": "evidence.release", "dispose": "evidence.dispose"}


def in_quarantine(user) -> QuerySet[Item]:
    return visible_items(user).filter(state=Item.State.QUARANTINED)


def lineage(item: Item) -> list[Item]:
    """What it was made from, the original first."""
    found: list[Item] = []
    while item.parent:
        item = item.parent
        found.insert(0, item)
    return found


def redacted(item: Item) -> QuerySet[Item]:
    """Copies of it that were redacted: what people outside get instead."""
    return item.derivatives.filter(derived=Item.Derivation.REDACTED).exclude(state=Item.State.DISPOSED)


# --- query logs -------------------------------------------------------------------------------------------------------


def visible_logs(user) -> QuerySet[QueryLog]:
    logs = QueryLog.objects.select_related("item", "normalised", "rejects", "profile")
    return logs if user.has_perm("evidence.view") else logs.none()


def figures(log: QueryLog) -> QuerySet[Figure]:
    """As they were first computed."""
    return log.figures.filter(again_of=None).select_related("log__item")


def is_asked_again(figure: Figure) -> bool:
    """Whether a worker is about to compute it again."""
    return Job.objects.filter(
        kind="evidence.compute_again", key__startswith=f"{figure.pk}/", state=Job.State.WAITING
    ).exists()


# --- gaps of a chain --------------------------------------------------------------------------------------------------


def gaps(item: Item, chain: list[CustodyEvent]) -> list[str]:
    """What an opponent would ask about: times in which nobody measured the file, and measurements that failed."""
    allowed = timedelta(days=settings.FIXITY_DAYS + 4)
    faults = [
        f"On {event.at:%Y-%m-%d} the file was {'not what was collected' if event.measured_sha256 else 'not there'}."
        for event in chain
        if not event.intact
    ]
    found = list(dict.fromkeys(faults))  # once a day, however many looked at it
    is_over = item.state == Item.State.DISPOSED
    moments = [event.at for event in chain] + ([] if is_over else [_now_or_fixity(item)])
    found += [
        f"Between {one:%Y-%m-%d} and {other:%Y-%m-%d}, {(other - one).days} days, nobody measured the file."
        for one, other in pairwise(sorted(moments))
        if other - one > allowed
    ]
    return found


def _now_or_fixity(item: Item) -> datetime:
    file = StoredFile.objects.filter(pk=item.sha256).first()
    return (file and file.measured_at) or timezone.now()


# --- fixity -----------------------------------------------------------------------------------------------------------


def list_files() -> None:
    """Take in the files that records name by now, and leave out those that none names any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO evidence_storedfile (sha256, outcome)"  # noqa: S608 - our rooms'
            f" SELECT sha256, '' FROM ({naming.all_named()}) AS named ON CONFLICT DO NOTHING"
        )
        cursor.execute(
            "DELETE FROM evidence_storedfile AS file WHERE NOT EXISTS"  # noqa: S608 - our rooms'
            f" (SELECT FROM ({naming.all_named()}) AS named WHERE named.sha256 = file.sha256)"
        )


def sample_size() -> int:
    """So many files a night that each comes round in FIXITY_DAYS."""
    return math.ceil(StoredFile.objects.count() / settings.FIXITY_DAYS)


@dataclass(frozen=True)
class Coverage:
    """How much of the vault is known to be whole, and since when."""

    files: int
    never: int
    damaged: int
    missing: int
    oldest: datetime | None  # the file that waits longest for its turn was measured then

    @property
    def days(self) -> int | None:
        """Every file was measured within so many days; None when one never was."""
        return None if self.never or self.oldest is None else (timezone.now() - self.oldest).days + 1


def coverage() -> Coverage:
    counted = StoredFile.objects.aggregate(
        files=Count("pk"),
        never=Count("pk", filter=Q(measured_at=None)),
        damaged=Count("pk", filter=Q(outcome=StoredFile.Outcome.DAMAGED)),
        missing=Count("pk", filter=Q(outcome=StoredFile.Outcome.MISSING)),
        oldest=Min("measured_at"),
    )
    return Coverage(**counted)


def not_intact(user) -> QuerySet[StoredFile]:
    """Files that are damaged or gone, for those who may do something about it."""
    bad = StoredFile.objects.exclude(outcome__in=("", StoredFile.Outcome.INTACT)).order_by("measured_at")
    return bad if user.has_perm("evidence.view_fixity") else bad.none()


@dataclass(frozen=True)
class BadFile:
    """A file that is damaged or gone, and the items that it was, as far as the person may see items."""

    file: StoredFile
    items: list[Item]


def bad_files(user) -> list[BadFile]:
    files = list(not_intact(user)[:100])
    items = visible_items(user).filter(sha256__in=[file.pk for file in files]).order_by("ref")
    return [BadFile(file, [item for item in items if item.sha256 == file.pk]) for file in files]


def visible_fixity_runs(user) -> QuerySet[FixityRun]:
    return FixityRun.objects.all() if user.has_perm("evidence.view_fixity") else FixityRun.objects.none()


def holds_on(item: Item) -> list[str]:
    """The holds in force, in words; empty where nothing forbids to dispose of it."""
    return [hold.called for hold in holding(Item._meta.db_table, item.pk)]
