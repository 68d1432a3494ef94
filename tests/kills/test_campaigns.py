"""Workers die in the middle of each long job of a campaign: the next one goes on, and it comes to the same.

Each job is done twice on the same records: by one worker in one go, and by many of which each dies a few statements
later than the one before it. In the soak one dies before every statement, and on larger records at any moment.
"""

import io
import json
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from apps.accounts import actions as accounts
from apps.accounts.actions import linkage
from apps.accounts.models import CommonValue, Link, LinkageRun, Ring, RingMember
from apps.audit.log import sequencer
from apps.audit.models import Event
from apps.audit.verify import verify
from apps.cases import actions, queries
from apps.cases.actions import sets
from apps.cases.campaign import figures
from apps.cases.models import BulkStep, CampaignFigures, Case, CaseAccount, MemberPart, MemberSet
from apps.core import jobs, vault
from apps.evidence import actions as evidence
from apps.evidence import logs
from apps.evidence.actions import querylogs
from apps.evidence.models import Item, QueryLog
from apps.evidence.querylogs import native, reading, segments, staging
from fixtures.simulate import RECORDS, Wanted, simulate
from tests.accounts import ringed
from tests.cases.conftest import make_accounts
from tests.evidence.querylogs.conftest import campaign
from tests.evidence.querylogs.test_native import log as native_log
from tests.kills import workers

pytestmark = pytest.mark.slow

Kill = Callable[[], int]  # has workers die until nothing is left to do; returns how many died


@pytest.fixture(autouse=True)
def own_places(committed_db: None, settings: Any, tmp_path: Path) -> None:
    settings.VAULT_DIR = tmp_path / "vault"
    settings.VAR_DIR = tmp_path


@pytest.fixture
def at_random() -> Kill:
    """Workers that are killed from outside at any moment."""
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    return partial(workers.die_at_random, rng, 0.03)


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def page_of(browser: Any, path: str) -> str:
    return " ".join(browser.get(path).content.decode().split())


def trail_verifies() -> bool:
    sequencer.sequence()
    return verify().holds


def acts(row: Any) -> Counter[str]:
    """How often each verb is on record of a row, batches not counted."""
    return Counter(Event.objects.filter(object_id=row.pk, tables__isnull=True).values_list("action", flat=True))


# --- linkage ---------------------------------------------------------------------------------------------------------


def found() -> list[list[tuple]]:
    """Rings, members, edges and values that say nothing as they stand, without what names rows."""
    columns = {
        Ring: ("ref", "state", "size", "measures", "first_run__number", "last_run__number"),
        RingMember: ("account__ref", "ring__ref", "how", "probability", "since_run__number", "until_run__number"),
        Link: ("account__ref", "ring__ref", "kind", "value_hmac", "family", "members", "background_rate", "weight"),
        CommonValue: ("kind", "prefix"),
    }
    return [sorted(model._base_manager.values_list(*names), key=repr) for model, names in columns.items()]


def told(run: LinkageRun) -> tuple:
    run.refresh_from_db()
    return run.number, run.scope, run.state, run.input_sha256, run.accounts, run.identifiers, run.changes


def link(people: Any, scope: str, kill: Kill) -> int:
    """A run whose workers die, on records that a run in one go was made of before; returns how many died."""
    with rolled_back():
        expected = told(ringed.linked(people, scope)), found()
    run = accounts.start_linkage(scope=scope, by=people.analyst)
    died = kill()
    assert (told(run), found()) == expected
    assert acts(run) == {"accounts.start_linkage": 1, "accounts.keep_found": 1, "accounts.write_rings": 1}
    return died


def newcomers(people: Any) -> None:
    ringed.share(people, ("acct_new", "payment", "card-one"), ("acct_newer", "device", "device-one"))
    ringed.share(people, *((f"acct_e{n:02}", "device", "device-two") for n in range(9)))


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.soak)])
def test_linkage_goes_on_to_the_same_rings(people, step):
    for scope, arrive in (("full", ringed.populate), ("new", newcomers)):
        arrive(people)
        assert link(people, scope, partial(workers.die_everywhere, step)) >= 3
    assert trail_verifies()


def test_of_a_run_that_died_while_it_wrote_nothing_is_seen_but_that_it_writes(people, sign_in):
    ringed.populate(people)
    run = accounts.start_linkage(by=people.analyst)
    assert not workers.work(workers.after(linkage, "_write_members"))
    assert found() == [[], [], [], []]
    assert linkage.WRITING in page_of(sign_in(people.analyst), run.get_absolute_url())
    assert not workers.work(workers.before(vault, "let_go")), "it is written, and the file with what it found is left"
    assert told(run)[2] == "done"
    assert workers.work()
    assert acts(run)["accounts.write_rings"] == 1
    assert vault.sweep(timedelta(0)) == 1


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(1, 4))
def test_linkage_of_a_campaign_survives_any_moment(people, at_random, tmp_path, seed):
    simulate(Wanted("demo", seed), tmp_path / "world", tmp_path / "truth")
    for name in RECORDS:
        content = io.BytesIO((tmp_path / "world" / name).read_bytes())
        accounts.import_records(kind=Path(name).stem, filename=name, stream=content, by=people.analyst)
    ringed.work()
    assert link(people, "full", at_random) >= 3
    assert len(found()[0]) >= 4
    assert trail_verifies()


# --- steps on many accounts ------------------------------------------------------------------------------------------


@pytest.fixture
def case(people: Any) -> Case:
    return actions.open_case(title="Ring harvests reasoning traces", severity=3, by=people.analyst)


@pytest.fixture
def peopled(case: Case, people: Any, monkeypatch: Any) -> Case:
    """Nine accounts in the case, three of which were taken out, and five others that are not in it."""
    monkeypatch.setattr(sets, "PART", 2)
    make_accounts(9)
    actions.add_accounts(case, query={"plan": "payg"}, by=people.analyst)
    for number, person in ((1, people.lead), (4, people.analyst), (5, people.lead)):
        query = {"refs": [f"acct_{number:05d}"]}
        actions.exclude_accounts(case, query=query, why=f"Reason {number}.", by=person)
    make_accounts(5, prefix="new", plan="other")
    return case


def members(case: Case, *times: str) -> list[tuple]:
    columns = ("account__ref", "added_how", "added_by", "excluded_by", "excluded_why", *times)
    return list(CaseAccount.objects.filter(case=case, taken_back_at=None).order_by("account").values_list(*columns))


def started(case: Case, kind: str, by: Any) -> BulkStep:
    pool = {"add": "new", "restore": "excluded"}.get(kind, "present")
    query = {"plan": "other"} if kind == "add" else {"everyone": True}
    frozen = actions.freeze_members(case, pool=pool, query=query, by=by)
    return actions.start_step(frozen, kind=kind, why="As it was said.", typed=str(frozen.count), by=by)


def counts(step: BulkStep) -> tuple:
    step.refresh_from_db()
    return step.state, step.parts, step.parts_done, step.met, step.put_back


def step_and_undo(case: Case, people: Any, kind: str, kill: Kill) -> int:
    """A step whose workers die, and back the same way, after both were done in one go; returns how many died."""
    before = members(case, "added_at", "excluded_at")
    with rolled_back():
        step = started(case, kind, people.analyst)
        ringed.work()
        done = counts(step), members(case)
        actions.undo_step(step, by=people.analyst)
        ringed.work()
        undone = counts(step), acts(step)

    step = started(case, kind, people.analyst)
    died = kill()
    assert (counts(step), members(case)) == done
    met = [pk for part in step.done.all() for pk in part.account_ids]
    assert sorted(met) == sorted(queries.accounts_of_set(step.members).values_list("pk", flat=True))
    actions.undo_step(step, by=people.analyst)
    died += kill()
    assert (counts(step), acts(step)) == undone
    assert members(case, "added_at", "excluded_at") == before
    return died


@pytest.mark.parametrize("kind", ["add", "exclude", "restore", "suspend"])
@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.soak)])
def test_a_step_on_many_meets_everybody_once_and_is_undone_exactly(peopled, people, kind, step):
    assert step_and_undo(peopled, people, kind, partial(workers.die_everywhere, step)) >= 4
    assert trail_verifies()


def test_the_page_counts_the_parts_that_were_done_before_the_death(peopled, people, sign_in):
    step = started(peopled, "exclude", people.analyst)
    assert not workers.work(workers.after(jobs, "after_commit")), "the second part is written, but not committed"
    assert not workers.work(workers.before(figures, "ask_ahead")), "the third and last is not"
    assert counts(step) == ("running", 3, 2, 4, 0)
    assert 'max="3" value="2"' in page_of(sign_in(people.analyst), f"/steps/{step.pk}/")


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_step_on_24000_survives_any_moment(case, people, at_random):
    make_accounts(24_000, plan="other")
    assert step_and_undo(case, people, "add", at_random) >= 5
    actions.add_accounts(case, query={"plan": "other"}, by=people.analyst)
    assert step_and_undo(case, people, "exclude", at_random) >= 5
    assert trail_verifies()


def test_a_set_is_frozen_whole_or_not_at_all(peopled, people):
    def freeze() -> None:
        actions.freeze_members(peopled, pool="present", query={"everyone": True}, by=people.analyst)

    for moment in count(1, 4):
        workers.work(workers.before_statement(moment), freeze)
        if frozen := MemberSet.objects.first():
            break
        assert not MemberPart.objects.exists()
    assert moment > 12
    assert (frozen.number, frozen.count, frozen.parts.count()) == (1, 6, 3)
    assert set(queries.accounts_of_set(frozen)) == set(queries.accounts_of(peopled))
    assert trail_verifies()


def test_the_figures_of_a_campaign_are_drawn_once(peopled, people):
    with transaction.atomic():
        figures.ask(peopled, by=people.analyst)
    assert workers.die_everywhere(step=4) >= 3
    kept = CampaignFigures.objects.get()
    assert kept.basis == figures.basis(peopled)[0]
    assert kept.figures == json.loads(json.dumps(figures.compute(peopled)))


# --- query logs ------------------------------------------------------------------------------------------------------

REJECTED = b"soon,acct_01,old,1,2,Hello,law,198.51.100.1,r0,0.1\n2026-02-03T00:00:00Z,acct_01\n"
LOGS: dict[str, Callable[[int], bytes]] = {
    "csv": lambda rows: campaign(rows) + REJECTED,
    "parquet": lambda rows: native_log(rows, group=rows // 4),
}


@pytest.fixture
def opened(people: Any, monkeypatch: Any) -> Callable[[bytes], QueryLog]:
    """Logs that are about to be read, in small parts."""
    monkeypatch.setattr(querylogs, "SECONDS", -1)
    monkeypatch.setattr(reading, "BLOCK", 150)
    monkeypatch.setattr(native, "LEAST", 1)

    def open_log(content: bytes) -> QueryLog:
        usual = {"kind": Item.Kind.QUERY_LOG, "title": "Gateway log", "origin": "The desk", "filename": "log"}
        log = evidence.open_log(evidence.collect(**usual, chunks=content, by=people.analyst), by=people.analyst)
        evidence.map_log(log, columns=log.columns, time_form=log.time_form, zone="UTC", by=people.analyst)
        return log

    return open_log


@pytest.fixture
def few_figures(monkeypatch: Any) -> None:
    names = ("volume", "accounts", "templates", "cost")
    monkeypatch.setattr(querylogs, "FIGURES", {name: querylogs.FIGURES[name] for name in names})


def profile(log: QueryLog) -> tuple:
    """All that was read and counted, without what names rows."""
    log.refresh_from_db()
    assert log.state == "ready", log.problem
    assert log.rows_read == log.rows_kept + log.rows_rejected
    columns = ("name", "value", "why_not", "sql", "input_sha256", "settings")
    kept = [item.sha256 if item else "" for item in (log.normalised, log.rejects)]
    rows = log.parts, log.rows_read, log.rows_kept, log.rows_rejected, log.reasons
    return rows, kept, sorted(log.figures.values_list(*columns))


def in_vault() -> set[str]:
    """The names of its files, each of which is what its name says."""
    names = {path.name for path in vault.path_of("0" * 64).parents[2].glob("??/??/*")}
    assert all(vault.measure(name) == name for name in names)
    return names


@pytest.fixture
def read(opened: Callable[[bytes], QueryLog], settings: Any, tmp_path: Path) -> Callable[[bytes, Any], int]:
    """A log whose workers die, after the same was read in one go into another vault; returns how many died."""

    def read_twice(content: bytes, kill: Callable[[QueryLog], int]) -> int:
        settings.VAULT_DIR = tmp_path / "another vault"
        undisturbed = opened(content)
        ringed.work()
        settings.VAULT_DIR = tmp_path / "vault"
        log = opened(content)
        died = kill(log)
        assert profile(log) == profile(undisturbed)
        made = (log.item, log.normalised, log.rejects, log.profile)
        assert in_vault() == {item.sha256 for item in made if item}
        assert not logs.staging_of(log).root.exists()
        assert trail_verifies()
        return died

    return read_twice


@pytest.mark.parametrize(("form", "step"), [("csv", 17), ("parquet", 23)])
@pytest.mark.usefixtures("few_figures")
def test_a_log_is_read_and_counted_to_the_same_figures(read, form, step):
    assert read(LOGS[form](400), lambda _: workers.die_everywhere(step)) >= 5


@pytest.mark.parametrize("form", LOGS)
@pytest.mark.usefixtures("few_figures")
def test_half_a_file_is_never_taken_for_one(read, form, people, sign_in):
    writer = {"csv": staging._Rows, "parquet": segments.Writer}[form]

    def kill(log: QueryLog) -> int:
        stage, browser = logs.staging_of(log), sign_in(people.analyst)

        def shown() -> tuple[str, int, int]:
            log.refresh_from_db()
            assert log.progress in page_of(browser, log.get_absolute_url())
            return log.state, log.parts, log.figures.count()

        assert not workers.work(workers.after(writer, "write", 2)), "of the second part there is a beginning"
        assert shown() == ("reading", 1, 0)
        assert (stage.has(1), stage.has(2), len(list(stage.root.glob("*-00001.tmp")))) == (True, False, 1)
        assert not workers.work(workers.after(staging, "chunks")), "the whole is written"
        assert shown()[0] == "assembling"
        assert not workers.work(workers.before(vault, "_claim")), "and on its way into the vault"
        assert in_vault() == {log.item.sha256}
        assert not workers.work(workers.before(querylogs, "_go_on")), "and in it, but no record names it"
        assert shown()[0] == "assembling"
        assert not workers.work(workers.before(querylogs, "_record", 3)), "and two of its figures are computed"
        assert shown()[::2] == ("profiling", 2)
        assert workers.work()
        return 5

    read(LOGS[form](400), kill)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("form", LOGS)
def test_a_log_and_its_figures_survive_each_moment(read, form, people):
    assert read(LOGS[form](400), lambda _: workers.die_everywhere()) >= 100
    figure = QueryLog.objects.latest("opened_at").figures.get(name="accounts")
    evidence.ask_again(figure, by=people.analyst)
    assert workers.die_everywhere() >= 5
    assert figure.again.get().differs == []


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("form", LOGS)
def test_a_large_log_survives_any_moment(read, form, at_random, monkeypatch):
    monkeypatch.setattr(reading, "BLOCK", 30_000)
    assert read(LOGS[form](200_000), lambda _: at_random()) >= 10
