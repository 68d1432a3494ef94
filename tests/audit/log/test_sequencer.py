"""Nothing committed is skipped, nothing stalls, nothing is half done, nothing signed contradicts the past."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest
from django.conf import settings as project
from django.core.management import call_command
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction

from apps.audit.log import merkle, notes, sequencer, wire
from apps.audit.management.commands import sequencer as command
from apps.audit.models import Checkpoint, Event, Leaf, LogState, Tile
from apps.audit.principals import System
from apps.audit.verify import verify
from apps.staff import actions
from tests.audit.tampering import guards_off, sql

pytestmark = pytest.mark.usefixtures("committed_db")


@contextmanager
def another_session() -> Iterator:
    """A second connection to the same database, for what happens at the same time."""
    database = connection.copy()
    try:
        database.ensure_connection()
        yield database.connection
    finally:
        database.close()


@pytest.fixture(params=["in this process", "behind a socket"])
def signing(request, settings, tmp_path) -> Iterator[None]:
    """The signer at work, in either way it can be set up."""
    if request.param == "in this process":
        yield
        return
    settings.TRAIL_SIGNER_SOCKET = str(tmp_path / "s")
    stop = threading.Event()
    thread = threading.Thread(target=wire.serve, args=[sequencer.local_signer(), tmp_path / "s", stop])
    thread.start()
    assert within(5, lambda: (tmp_path / "s").exists())
    yield
    stop.set()
    thread.join()


def unsequenced() -> int:
    return Event.objects.exclude(pk__in=Leaf.objects.values("event_id")).count()


def test_every_event_gets_a_place_and_the_log_is_signed(people, settings):
    people.all()
    assert sequencer.sequence() == Event.objects.count()
    leaves = [merkle.leaf_hash(bytes(e.body)) for e in Event.objects.order_by("xid", "id")]
    assert [bytes(leaf.hash) for leaf in Leaf.objects.order_by("idx")] == leaves
    text = notes.load_verifier(settings.TRAIL_KEY_FILE).open(Checkpoint.objects.get().note)
    assert notes.Head.parse(text) == notes.Head(settings.TRAIL_ORIGIN, len(leaves), merkle.root(leaves))
    assert sequencer.sequence() == 0


def test_portions_give_the_same_log_as_one_pass(people):
    people.all()
    passes = 0
    while sequencer.sequence(limit=2):
        passes += 1
    assert passes == Checkpoint.objects.count() > 3
    assert list(Checkpoint.objects.order_by("number").values_list("number", flat=True)) == list(range(1, passes + 1))
    assert verify().holds


def test_a_transaction_larger_than_a_pass_is_taken_up_where_the_last_pass_stopped(people, monkeypatch):
    """And not read from its beginning with each pass."""
    begin = sequencer._begin

    def quiet() -> sequencer.Snapshot:  # other databases of the cluster have transactions open as well
        snapshot = begin()
        return replace(snapshot, xmin=snapshot.xmax)

    monkeypatch.setattr(sequencer, "_begin", quiet)
    _ = people.admin
    sequencer.sequence()
    with transaction.atomic():
        for number in range(9):
            actions.sign_in_failed(email_hmac=str(number), by=System("sign-in"))
    for _ in range(2):
        assert sequencer.sequence(limit=4) == 4
        state, last = LogState.objects.get(), Event.objects.get(pk=Leaf.objects.latest("idx").event_id)
        assert (state.low_xid, state.low_id) == (last.xid, last.pk)
    assert [sequencer.sequence(limit=4) for _ in range(2)] == [1, 0]
    assert list(Leaf.objects.order_by("idx").values_list("event_id", flat=True)) == list(
        Event.objects.order_by("xid", "id").values_list("pk", flat=True)
    )


def test_where_a_pass_stopped_is_no_mark_while_an_older_transaction_is_open(people):
    _ = people.admin
    sequencer.sequence()
    with another_session() as late:
        late_event(late)
        with transaction.atomic():
            for number in range(5):
                actions.sign_in_failed(email_hmac=str(number), by=System("sign-in"))
        assert sequencer.sequence(limit=4) == 4
        assert LogState.objects.get().low_id == 0
        late.execute("COMMIT")
    while sequencer.sequence(limit=4):
        pass
    assert unsequenced() == 0
    assert Event.objects.filter(actor="user:late").exists()


def test_more_than_a_tile(people):
    for number in range(300):
        actions.sign_in_failed(email_hmac=str(number), by=System("sign-in"))
    assert sequencer.sequence(limit=250) == 250
    assert sequencer.sequence(limit=250) == 50
    assert {(tile.level, tile.n): len(tile.hashes) // 32 for tile in Tile.objects.all()} == {
        (0, 0): 256,
        (0, 1): 44,
        (1, 0): 1,
    }
    assert verify().holds


def late_event(session) -> None:
    """Insert an event as the ledger does, in a transaction of another session that is left open."""
    session.execute("BEGIN")
    session.execute("SELECT pg_current_xact_id()")
    session.execute(
        "INSERT INTO audit_event (event_uuid, occurred_at, act_uuid, actor, actor_kind, on_behalf_of, request_id,"
        " action, object_type, reason, schema_version, body, body_sha256, seal)"
        " VALUES (gen_random_uuid(), now(), gen_random_uuid(), 'user:late', 'person', '', '', 'audit.test', '', '', 1,"
        " %(body)s, sha256(%(body)s), %(seal)s)",
        {"body": b"{}", "seal": sequencer.ledger.seal(b"{}")},
    )


def test_a_late_commit_is_not_skipped(people):
    """It took its number and its transaction before the other, and commits after the other was sequenced."""
    _ = people.admin
    sequencer.sequence()
    with another_session() as late:
        late_event(late)
        _ = people.analyst
        assert Event.objects.filter(actor="user:late").count() == 0
        assert sequencer.sequence() > 0, "a long transaction stalls nothing"
        assert unsequenced() == 0
        actions.sign_out(people.analyst, by=people.analyst)
        assert sequencer.sequence() == 1, "still not"
        late.execute("COMMIT")
    event = Event.objects.get(actor="user:late")
    assert event.pk < Event.objects.latest("pk").pk
    assert sequencer.sequence() == 1
    assert Leaf.objects.get(event_id=event.pk).idx == Leaf.objects.count() - 1


def test_a_rolled_back_event_leaves_no_hole(people):
    _ = people.admin
    with another_session() as late:
        late_event(late)
        late.execute("ROLLBACK")
    _ = people.analyst
    sequencer.sequence()
    assert sequencer.sequence() == 0
    assert verify().holds


STEPS = [
    "edge_of",
    "merkle.append",
    "LogState.save",  # so far nothing has a place
    "_publish",
    "Checkpoint.save",
]


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_is_made_good_by_the_next_pass(people, signing, step):
    """What happens around the crash, other events included, ends in the log once, and no checkpoint is missing."""
    _ = people.admin
    sequencer.sequence()
    _ = people.analyst
    with patch(f"apps.audit.log.sequencer.{step}", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        sequencer.sequence()
    assert verify().holds
    people.all()
    while sequencer.sequence():
        pass
    assert unsequenced() == 0
    assert Leaf.objects.count() == Event.objects.count() == Checkpoint.objects.latest("number").size
    assert verify().holds


@pytest.mark.parametrize("step", ["merkle.append", "notes.Signers.sign", "notes.replace"])
def test_a_crash_of_the_signer_is_made_good_too(people, step):
    _ = people.admin
    sequencer.sequence()
    signed = sequencer.connect().last()
    _ = people.analyst
    with patch(f"apps.audit.log.signer.{step}", side_effect=OSError("disk full")), pytest.raises(OSError, match="full"):
        sequencer.sequence()
    assert sequencer.connect().last() == signed
    people.all()
    while sequencer.sequence():
        pass
    assert unsequenced() == 0
    assert verify().holds


def test_what_was_signed_before_a_crash_is_stored_as_it_was_signed(people, signing):
    """The signer is ahead of what the database knows: the same tree gets the same note again."""
    _ = people.admin
    with (
        patch("apps.audit.log.sequencer.Checkpoint.save", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        sequencer.sequence()
    signed = sequencer.connect().last()
    people.all()
    assert sequencer.sequence() == 1
    assert Checkpoint.objects.get().note == signed
    assert sequencer.sequence() > 1
    assert verify().holds


def test_an_entry_that_was_changed_before_it_is_signed_is_not_signed(people):
    _ = people.admin
    with patch("apps.audit.log.sequencer._publish", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        sequencer.sequence()
    for change in ("body = '{}'", "seal = sha256(seal)"):
        with guards_off():
            sql("CREATE TEMPORARY TABLE kept AS SELECT * FROM audit_event")
            sql(f"UPDATE audit_event SET {change}")
        with pytest.raises(sequencer.Refused, match="Entry 0 of the log is not as casemgr sealed it"):
            sequencer.sequence()
        with guards_off():
            sql("UPDATE audit_event e SET body = k.body, seal = k.seal FROM kept k WHERE k.id = e.id")
            sql("DROP TABLE kept")
    assert sequencer.sequence() == 1


def test_an_event_has_one_place(people):
    _ = people.admin
    sequencer.sequence()
    leaf = Leaf.objects.first()
    with pytest.raises(IntegrityError):
        Leaf.objects.create(idx=Leaf.objects.count(), event_id=leaf.event_id, xid=leaf.xid, hash=leaf.hash)


def test_only_one_leads(people):
    _ = people.admin
    with another_session() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [sequencer.LOCK])
        assert sequencer.sequence() == 0
        assert Leaf.objects.count() == 0
        other.execute("SELECT pg_advisory_unlock(%s)", [sequencer.LOCK])  # a session that ends may take its time
    assert sequencer.sequence() > 0


@pytest.mark.parametrize(
    "step", ["_begin", "_waiting", "edge_of", "_refuse_contradiction", "merkle.append", "_publish"]
)
def test_a_session_that_ends_at_any_step_is_an_error_that_the_command_waits_out(people, monkeypatch, step):
    """Whatever is being said to the database just then, COPY included: the sequencer tries again, and does not die."""
    _ = people.admin
    where, _, name = f"sequencer.{step}".rpartition(".")
    target = {"sequencer": sequencer, "sequencer.merkle": merkle}[where]
    original = getattr(target, name)

    def cut(*arguments):
        with another_session() as session:
            session.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        return original(*arguments)

    monkeypatch.setattr(target, name, cut)
    with pytest.raises((OperationalError, InterfaceError)):
        sequencer.sequence()
    connection.close()
    monkeypatch.undo()
    assert sequencer.sequence() > 0
    assert unsequenced() == 0


def test_what_the_guard_noted_is_cleared_away(people):
    _ = people.admin
    noted = "SELECT count(*) FROM audit_touched"
    assert sql(noted) != [(0,)]
    sequencer.sequence()
    assert sql(noted) == [(0,)]


def test_no_request_waits_for_the_sequencer(people):
    """While a pass is under way, uncommitted, an action commits."""
    _ = people.admin
    with another_session() as other:
        other.execute("BEGIN")
        other.execute("INSERT INTO audit_leaf (idx, event_id, xid, hash) VALUES (0, 1, 1, '')")
        other.execute("SELECT pg_advisory_lock(%s)", [sequencer.LOCK])
        with transaction.atomic():
            sql("SET LOCAL lock_timeout = '1s'")
            actions.sign_out(people.admin, by=people.admin)
        other.execute("ROLLBACK")


@pytest.mark.parametrize(("column", "value"), [("low_xid", 2**62), ("system_identifier", "'1'")])
def test_a_restored_database_is_looked_at_again_from_the_start(people, column, value):
    """Another cluster counts its transactions from low: what is new would hide below the old mark."""
    _ = people.admin
    sequencer.sequence()
    with guards_off():
        sql(f"UPDATE audit_logstate SET low_xid = {2**61}")
        sql(f"UPDATE audit_logstate SET {column} = {value}")
        state = LogState.objects.get()
        sql("UPDATE audit_logstate SET seal = %s", sequencer.ledger.seal(state.sealed_text))
    _ = people.analyst
    assert sequencer.sequence() == 1
    assert LogState.objects.get().low_xid < 2**60


def test_it_refuses_to_continue_what_is_not_what_it_signed(people):
    people.all()
    sequencer.sequence()
    actions.sign_out(people.analyst, by=people.analyst)
    places = [
        (
            "UPDATE audit_tile SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0))",
            "root of the last checkpoint",
        ),
        ("DELETE FROM audit_tile", "Tile 0/0 holds 0 hashes"),
        ("UPDATE audit_logstate SET size = size + 1", "changed by something other"),
        ("UPDATE audit_logstate SET checkpoints = checkpoints - 1", "changed by something other"),
        ("DELETE FROM audit_checkpoint", "its last checkpoint 0"),
        ("DELETE FROM audit_leaf WHERE idx = (SELECT max(idx) FROM audit_leaf)", "leaves, and its state says"),
        ("UPDATE audit_checkpoint SET note = replace(note, '/trail', '/trial')", "cannot be trusted"),
    ]
    for statement, why in places:
        tables = ["audit_tile", "audit_logstate", "audit_checkpoint", "audit_leaf"]
        with guards_off():
            sql("".join(f"CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM {table};" for table in tables))
            sql(statement)
        with pytest.raises(sequencer.Refused, match=why):
            sequencer.sequence()
        with guards_off():
            for table in tables:
                sql(f"DELETE FROM {table}")
                sql(f"INSERT INTO {table} SELECT * FROM kept_{table}")
                sql(f"DROP TABLE kept_{table}")
    assert sequencer.sequence() == 1


def remember(size: int, root: bytes) -> None:
    """Make the signer believe that it has signed this."""
    signer = sequencer.local_signer()
    keys = notes.load_or_make_signer(project.TRAIL_KEY_FILE, project.TRAIL_ORIGIN)
    notes.replace(signer.memory_file, keys.sign(str(notes.Head(project.TRAIL_ORIGIN, size, root))))


def test_it_refuses_to_go_on_from_an_older_copy(people, signing):
    _ = people.admin
    sequencer.sequence()
    remember(1000, b"\0" * 32)
    _ = people.analyst
    with pytest.raises(sequencer.Refused, match="an older copy, or its end was cut off"):
        sequencer.sequence()
    assert Leaf.objects.count() == 1


def test_it_refuses_another_log_under_the_same_key(people, signing):
    _ = people.admin
    sequencer.sequence()
    remember(1, b"\0" * 32)
    _ = people.analyst
    with pytest.raises(sequencer.Refused, match="the log is another one"):
        sequencer.sequence()
    assert Leaf.objects.count() == 1


def test_a_signer_that_lost_its_memory_goes_on_from_what_it_can_see_it_signed(people, signing):
    _ = people.admin
    sequencer.sequence()
    sequencer.local_signer().memory_file.unlink()
    _ = people.analyst
    assert sequencer.sequence() == 1
    assert verify().holds


def test_nothing_is_placed_while_the_signer_is_away(people, settings, tmp_path):
    settings.TRAIL_SIGNER_SOCKET = str(tmp_path / "nobody")
    _ = people.admin
    with pytest.raises(sequencer.Unreachable, match=r"Is `manage\.py signer` running"):
        sequencer.sequence()
    assert Leaf.objects.count() == 0
    settings.TRAIL_SIGNER_SOCKET = ""
    assert sequencer.sequence() == 1


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_seals_within_a_second_and_ends_when_told(people, environment):
    """A process of its own, as it runs in life."""
    process = subprocess.Popen([sys.executable, "manage.py", "sequencer"], cwd=project.BASE_DIR, env=environment)
    try:
        _ = people.admin
        assert within(30, lambda: unsequenced() == 0 and Leaf.objects.exists())
        _ = people.analyst
        assert within(3, lambda: unsequenced() == 0)
        with connection.cursor() as cursor:  # as a restarted database does: every session ends
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        _ = people.lead
        assert within(6, lambda: unsequenced() == 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait()
    assert verify().holds


def within(seconds: float, holds) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return False


def test_the_command_says_why_nothing_is_signed_and_tries_again(people, caplog):
    stop = threading.Event()
    tried = []

    def refuse() -> int:
        tried.append(1)
        stop.set() if len(tried) == 2 else None
        raise sequencer.Refused("the end was cut off")

    with (
        patch.object(command.sequencer, "sequence_as_leader", refuse),
        patch.object(command, "AFTER_REFUSAL", 0.01),
        patch.object(command.threading, "Event", lambda: stop),
        patch.object(command.signal, "signal"),
    ):
        call_command("sequencer")
    assert len(tried) == 2
    assert "nothing is signed: the end was cut off" in caplog.text
