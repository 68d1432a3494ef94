"""Frozen sets, and steps on all of their accounts: exactly what was shown, never twice, and undone to what it was."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Account
from apps.audit.action import Forbidden
from apps.cases import actions, queries, sampling, tasks
from apps.cases.actions import sets, steps
from apps.cases.models import BulkStep, CaseAccount, MemberSet
from apps.cases.selection import Selection
from apps.core.models import Job
from tests.cases.conftest import make_accounts

EVERYONE = {"everyone": True}
MANY = HealthCheck.function_scoped_fixture


def members(case) -> dict[str, tuple]:
    """Who is in the case and who was taken out, with all that is on record of that."""
    rows = CaseAccount.objects.filter(case=case, taken_back_at__isnull=True)
    columns = ("added_how", "added_at", "added_by", "excluded_at", "excluded_by", "excluded_why")
    return {row["account__ref"]: tuple(row[c] for c in columns) for row in rows.values("account__ref", *columns)}


def freeze(case, people, pool="present", query=None, **values) -> MemberSet:
    return actions.freeze_members(case, pool=pool, query=query or EVERYONE, by=people.analyst, **values)


def start(frozen, people, kind="exclude", **values) -> BulkStep:
    values = {"why": "They do not belong.", "typed": str(frozen.count)} | values
    return actions.start_step(frozen, kind=kind, by=people.analyst, **values)


def work_off() -> int:
    """What the worker does until no part is left; returns how many jobs it took."""
    done = 0
    while job := Job.objects.filter(kind=steps.CARRY_ON, state="waiting").first():
        tasks.carry_on_step(job)
        Job.objects.filter(pk=job.pk).delete()
        done += 1
    return done


@pytest.fixture
def small_parts(monkeypatch) -> None:
    monkeypatch.setattr(sets, "PART", 3)


@pytest.fixture
def ten(case, people, small_parts):
    make_accounts(10)
    actions.add_accounts(case, query={"plan": "payg"}, by=people.analyst)
    return case


def test_what_is_frozen_is_what_was_shown(ten, people):
    count, shown = queries.fingerprint(queries.pool_of(ten, "present", Selection.read(EVERYONE)))
    frozen = freeze(ten, people, shown=shown)
    assert (frozen.count, frozen.sha256) == (count, shown) == (10, frozen.sha256)
    assert set(queries.accounts_of_set(frozen)) == set(queries.accounts_of(ten))


def test_another_set_than_the_shown_one_is_refused(ten, people):
    _, shown = queries.fingerprint(queries.pool_of(ten, "present", Selection.read(EVERYONE)))
    actions.exclude_accounts(ten, query={"refs": ["acct_00003"]}, why="A colleague was quicker.", by=people.analyst)
    with pytest.raises(ValidationError, match="By now 9 accounts"):
        freeze(ten, people, shown=shown)


def test_a_frozen_set_meets_no_newcomer(ten, people):
    frozen = freeze(ten, people)
    make_accounts(2, prefix="later")
    actions.add_accounts(ten, query={"refs": ["later_00000", "later_00001"]}, by=people.analyst)
    start(frozen, people)
    work_off()
    assert {row.account.ref for row in queries.members(ten)} == {"later_00000", "later_00001"}


def test_a_step_is_done_in_parts_and_undone_in_parts(ten, people):
    before = members(ten)
    step = start(freeze(ten, people), people)
    assert (step.state, step.parts, step.parts_done, step.met) == ("running", 4, 1, 3)
    assert work_off() == 3
    step.refresh_from_db()
    assert (step.state, step.met) == ("done", 10)
    assert not queries.members(ten).exists()
    actions.undo_step(step, by=people.analyst)
    work_off()
    step.refresh_from_db()
    assert (step.state, step.put_back) == ("undone", 10)
    assert members(ten) == before


def test_a_killed_part_is_done_again_once(ten, people, monkeypatch):
    """The worker dies between the change and its commit: nothing of the part is left, and the next worker does it."""
    step = start(freeze(ten, people), people)
    job = Job.objects.get(kind=steps.CARRY_ON, state="waiting")

    class Killed(BaseException):
        pass

    def die(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(steps.ledger, "change", die)
        with pytest.raises(Killed), transaction.atomic():
            tasks.carry_on_step(job)
    step.refresh_from_db()
    assert (step.parts_done, queries.members(ten).count()) == (1, 7)
    tasks.carry_on_step(job)
    tasks.carry_on_step(job)  # its bell was rung twice
    step.refresh_from_db()
    assert (step.parts_done, queries.members(ten).count()) == (2, 4)
    job.delete()
    work_off()
    assert step.done.count() == 4
    assert not queries.members(ten).exists()


def test_a_step_under_way_can_be_undone(ten, people):
    before = members(ten)
    step = start(freeze(ten, people), people)
    actions.undo_step(step, by=people.analyst)
    work_off()
    step.refresh_from_db()
    assert step.state == "undone"
    assert members(ten) == before


def test_one_step_at_a_time(ten, people):
    start(freeze(ten, people), people)
    with pytest.raises(ValidationError, match="Another step"):
        start(freeze(ten, people), people)


def test_undo_leaves_alone_who_was_changed_since(ten, people):
    step = start(freeze(ten, people), people)
    work_off()
    actions.restore_accounts(ten, query={"refs": ["acct_00001"]}, by=people.analyst)
    actions.exclude_accounts(ten, query={"refs": ["acct_00001"]}, why="Looked at again.", by=people.lead)
    actions.undo_step(BulkStep.objects.get(pk=step.pk), by=people.analyst)
    work_off()
    assert members(ten)["acct_00001"][5] == "Looked at again."
    assert BulkStep.objects.get(pk=step.pk).put_back == 9


@settings(max_examples=8, deadline=None, suppress_health_check=[MANY])
@given(
    out=st.lists(st.integers(0, 9), unique=True, max_size=6),
    kind=st.sampled_from(["add", "exclude", "restore", "suspend"]),
    early=st.booleans(),
)
def test_undo_restores_exactly(ten, people, out, kind, early):
    """Whoever had been taken out, by whom and why, whatever the step, and however far it had come."""
    with transaction.atomic():
        for number in out:
            ref = {"refs": [f"acct_{number:05d}"]}
            person = people.lead if number % 2 else people.analyst
            actions.exclude_accounts(ten, query=ref, why=f"Reason {number}.", by=person)
        pool = {"add": "new", "restore": "excluded"}.get(kind, "present")
        if kind == "add":
            make_accounts(5, prefix="new", plan="other")
        before = members(ten)
        query = {"plan": "other"} if kind == "add" else EVERYONE
        try:
            frozen = freeze(ten, people, pool, query)
        except ValidationError:
            assert (kind, out) == ("restore", [])
        else:
            count, sha = queries.fingerprint(queries.pool_of(ten, pool, Selection.read(query)))
            assert (frozen.count, frozen.sha256) == (count, sha)
            step = start(frozen, people, kind)
            if not early:
                work_off()
                assert (members(ten) == before) == (kind == "suspend")
            actions.undo_step(BulkStep.objects.get(pk=step.pk), by=people.analyst)
            work_off()
            assert members(ten) == before
        transaction.set_rollback(True)


def test_what_was_undone_can_be_added_again(case, people):
    make_accounts(3)
    step = start(freeze(case, people, "new", {"plan": "payg"}), people, "add")
    actions.undo_step(step, by=people.analyst)
    assert members(case) == {}
    assert queries.figures(case).excluded == 0
    assert actions.add_accounts(case, query={"plan": "payg"}, by=people.analyst) == 3
    assert {how for how, *_ in members(case).values()} == {"query: plan payg"}


def test_more_than_a_hundred_are_typed(case, people):
    make_accounts(101)
    frozen = freeze(case, people, "new", {"plan": "payg"})
    with pytest.raises(ValidationError, match="type 101"):
        start(frozen, people, "add", typed="100")


def test_a_measure_is_a_dry_run(ten, people):
    before = members(ten)
    step = start(freeze(ten, people), people, "suspend")
    work_off()
    step.refresh_from_db()
    assert (step.state, step.met) == ("done", 10)
    assert members(ten) == before
    assert set(Account.objects.values_list("status", flat=True)) == {"active"}


def test_a_step_has_to_fit_its_set(ten, people):
    with pytest.raises(ValidationError, match="does not fit"):
        start(freeze(ten, people), people, "add")
    with pytest.raises(Forbidden):
        actions.start_step(freeze(ten, people), kind="exclude", why="No.", by=people.auditor)


def test_24000_are_added_and_taken_out_in_a_few_statements_a_part(case, people):
    make_accounts(24_000)
    with CaptureQueriesContext(connection) as asked:
        frozen = freeze(case, people, "new", {"plan": "payg"})
        start(frozen, people, "add")
        work_off()
    assert frozen.parts.count() == 6
    assert len(asked) < 200
    assert queries.members(case).count() == 24_000


def test_what_speaks_against_acting_is_counted_and_listed(ten, people):
    make_accounts(2, prefix="reseller", contract="reseller", payer_verified=True)
    actions.add_accounts(ten, query={"contract": "reseller"}, by=people.analyst)
    frozen = freeze(ten, people)
    found = {row["name"]: row["accounts"] for row in queries.against(frozen)}
    assert found == {"contract": 2, "reseller": 2, "trusted_payer": 2, "no_ring": 12}
    assert [a.ref for a in queries.accounts_against(frozen, "reseller").order_by("ref")] == [
        "reseller_00000",
        "reseller_00001",
    ]
    assert queries.wrongful_of_set(frozen).unknown == 12


# --- samples ---------------------------------------------------------------------------------------------------------


def test_a_sample_is_as_large_as_it_has_to_be():
    assert sampling.size(24_000, 0.01) == 295
    assert sampling.size(10, 0.01) == 10
    assert sampling.upper_bound(24_000, 295, 0) <= 240 < sampling.upper_bound(24_000, 294, 0)


@given(st.integers(1, 400), st.data())
@settings(max_examples=60, deadline=None)
def test_the_bound_holds_as_often_as_it_says(total, data):
    """However many are wrong: the chance that so few are drawn that the bound lies below the truth is at most 5 %."""
    drawn = data.draw(st.integers(1, total))
    wrong = data.draw(st.integers(0, total))
    missed = sum(
        sampling._at_most(k, total, wrong, drawn) - (sampling._at_most(k - 1, total, wrong, drawn) if k else 0)
        for k in range(min(drawn, wrong) + 1)
        if drawn - k <= total - wrong and sampling.upper_bound(total, drawn, k) < wrong
    )
    assert missed <= 0.05 + 1e-9


def test_a_sample_is_drawn_again_from_its_seed(ten, people):
    frozen = freeze(ten, people)
    one = actions.draw_sample(frozen, at_most=0.3, by=people.analyst, seed="apple")
    other = actions.draw_sample(frozen, at_most=0.3, by=people.analyst, seed="apple")
    assert one.account_ids == other.account_ids
    account = Account.objects.get(pk=one.account_ids[0])
    actions.mark_sample(one, account=account, verdict="wrong", by=people.analyst)
    actions.mark_sample(one, account=account, verdict="right", by=people.analyst)
    shown = queries.shown_by(one)
    assert (shown.right, shown.wrong) == (1, 0)
    assert "With 95% confidence at most" in shown.words
