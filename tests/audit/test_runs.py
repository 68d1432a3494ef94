"""Verifications on record: incremental, interrupted, faked, acknowledged; on the pages and for programs."""

import io
import multiprocessing
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from apps.audit import actions, ledger
from apps.audit.action import Forbidden
from apps.audit.log import sequencer, signer
from apps.audit.models import Checkpoint, Event, Verification
from apps.audit.principals import System
from apps.audit.verify import portions, runs, verify
from apps.core import jobs
from apps.core.models import Job
from apps.staff import actions as staff
from tests.audit.findings import sentences
from tests.audit.planting import acting, plant
from tests.audit.tampering import guards_off, sql

pytestmark = pytest.mark.usefixtures("committed_db")

WORKER = System("worker")


def sequence() -> None:
    while sequencer.sequence():
        pass


def last() -> Verification:
    return Verification.objects.latest("number")


@pytest.fixture
def verified(family: Any) -> Verification:
    """A full verification that held, and after it a few more events."""
    assert actions.verify_trail(by=WORKER).holds
    plant(1, by_batch=True)
    sequence()
    return last()


# --- incremental -----------------------------------------------------------------------------------------------------


def test_the_next_one_reads_what_came_since(verified: Verification) -> None:
    assert verified.is_full
    report = actions.verify_trail(by=WORKER)
    assert sentences(report) == []
    assert not last().is_full
    assert report.verdicts[0].checked["entries"] < report.size
    assert report.size > verified.state["mark"]["size"]
    assert len(report.skipped) == 3


def test_entries_that_had_no_signature_yet_raise_no_alarm_the_next_time(
    verified: Verification, people: Any, monkeypatch: Any
) -> None:
    """The signer is away while entries get their places; they are verified, and verified again."""
    assert actions.verify_trail(by=WORKER).holds
    _ = people.analyst
    with monkeypatch.context() as away:
        away.setattr(signer.Signer, "sign", lambda *asked: _raise(sequencer.Unreachable("away")))
        with pytest.raises(sequencer.Unreachable):
            sequence()
    for _night in range(2):
        report = actions.verify_trail(by=WORKER)
        assert sentences(report) == []
        assert report.verdicts[0].checked["entries still without a signature"] > 0
    assert last().state["base"]["mark"]["size"] > Checkpoint.objects.latest("number").size


def _raise(error: Exception) -> None:
    raise error


def test_seven_in_turn_look_at_every_row(verified: Verification, people: Any) -> None:
    """A quiet change of a row that no event touches: found within seven nights."""
    user = people.admin
    with guards_off():
        sql("UPDATE staff_user SET roles = '{lead}' WHERE id = %s", user.pk)
    for _night in range(portions.SHARES):
        report = actions.verify_trail(by=WORKER)
        if not report.holds:
            break
    assert any(str(user.pk) in sentence for sentence in sentences(report))


def test_a_row_that_an_event_touched_is_looked_at_at_once(verified: Verification, people: Any) -> None:
    staff.change_roles(people.analyst, roles=["lead"], by=people.admin)
    sequence()
    with guards_off():
        sql("UPDATE staff_user SET is_active = false WHERE id = %s", people.analyst.pk)
    assert any("is_active" in sentence for sentence in sentences(actions.verify_trail(by=WORKER)))


def test_an_old_entry_that_is_gone_is_named_at_once(verified: Verification) -> None:
    with guards_off():
        sql("DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_leaf WHERE idx = 3)")
    assert any("Entry 3 of the log has lost its event" in s for s in sentences(actions.verify_trail(by=WORKER)))


def test_after_findings_everything_is_read_until_they_are_gone(verified: Verification, people: Any) -> None:
    with guards_off():
        sql("UPDATE staff_user SET roles = '{lead}' WHERE id = %s", people.admin.pk)
    assert not actions.verify_trail(is_full=True, by=WORKER).holds
    assert not actions.verify_trail(by=WORKER).holds
    assert last().is_full
    with guards_off():
        sql("UPDATE staff_user SET roles = '{admin}' WHERE id = %s", people.admin.pk)
    assert actions.verify_trail(by=WORKER).holds
    assert last().is_full
    assert actions.verify_trail(by=WORKER).holds
    assert not last().is_full


@pytest.mark.parametrize(
    "fake",
    [
        "state = jsonb_set(state, '{mark,size}', '3')",
        "finished_at = finished_at + interval '1 day'",
        "is_full = NOT is_full",
        "number = number + 1",
    ],
)
def test_a_record_that_was_tampered_with_counts_for_nothing(verified: Verification, fake: str) -> None:
    sql(f"UPDATE audit_verification SET {fake}")
    assert actions.verify_trail(by=WORKER).holds
    assert last().is_full


def test_tiles_that_do_not_fit_what_was_verified_have_everything_read(verified: Verification) -> None:
    with guards_off():
        sql("UPDATE audit_tile SET hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40)) WHERE level = 0 AND n = 0")
    report = actions.verify_trail(by=WORKER)
    assert "Everything was read, because the tiles" in report.remark
    assert any("Tile 0/0 does not fit" in sentence for sentence in sentences(report))
    assert last().is_full


# --- interrupted -----------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """What ends a process ends it here."""


def interrupt_after(portion: int) -> None:
    told = iter(range(1000))

    def tell(record: Verification) -> None:
        if next(told) == portion:
            runs._save(record)
            raise Killed

    with pytest.raises(Killed):
        actions.verify_trail(by=WORKER, tell=tell)


@pytest.mark.parametrize("portion", [0, 3, 20, 40])
def test_an_interrupted_one_goes_on_where_it_was(family: Any, monkeypatch: Any, portion: int) -> None:
    monkeypatch.setattr(portions, "STRETCH", 10)
    interrupt_after(portion)
    begun = last()
    assert begun.finished_at is None
    assert begun.state["done"] or begun.state["tables"] or begun.state["mark"]["size"]
    plant(1)
    sequence()
    report = actions.verify_trail(by=WORKER)
    assert sentences(report) == []
    assert last().number == begun.number
    whole = verify()
    assert report.verdicts[0].checked["entries"] == whole.verdicts[0].checked["entries"] == report.size
    assert report.verdicts[2].checked["tables"] == whole.verdicts[2].checked["tables"]


def test_findings_from_before_the_interruption_are_kept(family: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(portions, "STRETCH", 10)
    with guards_off():
        sql("UPDATE audit_event SET actor = 'user:somebody' WHERE id = (SELECT event_id FROM audit_leaf WHERE idx = 2)")
    interrupt_after(5)
    report = actions.verify_trail(by=WORKER)
    assert [s for s in sentences(report) if "its column actor says “user:somebody”" in s]


def test_two_at_a_time_are_refused(family: Any) -> None:
    other = transaction.get_connection().copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [runs.LOCK])
    try:
        with pytest.raises(runs.UnderWay):
            actions.verify_trail(by=WORKER)
    finally:
        other.close()


def test_two_processes_find_what_one_finds(family: Any, people: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(portions, "LARGE", 0)
    with guards_off():
        sql("UPDATE staff_user SET roles = '{lead}' WHERE id = %s", people.admin.pk)
        sql("UPDATE audit_event SET actor = 'user:somebody' WHERE id = (SELECT event_id FROM audit_leaf WHERE idx = 2)")
    alone, together = verify(), verify(processes=2)
    assert len(alone.findings) == 2
    assert sentences(together) == sentences(alone)
    assert [v.checked for v in together.verdicts] == [v.checked for v in alone.verdicts]


def test_a_worker_that_may_have_no_children_reads_alone(verified: Verification, monkeypatch: Any) -> None:
    """As Celery's processes are: multiprocessing lets none of them start another."""
    monkeypatch.setattr(portions, "LARGE", 0)
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)
    assert verify(processes=2).holds


# --- a checkpoint from outside ---------------------------------------------------------------------------------------


def test_a_kept_checkpoint_fits(verified: Verification) -> None:
    for checkpoint in Checkpoint.objects.all():
        report = verify(outside=[checkpoint.note])
        assert report.holds
        assert report.verdicts[0].checked["checkpoints from outside"] == 1


def test_a_kept_checkpoint_names_an_older_copy(verified: Verification) -> None:
    kept = Checkpoint.objects.latest("number")
    with guards_off():
        sql("DELETE FROM audit_checkpoint WHERE number = %s", kept.number)
        before = Checkpoint.objects.latest("number").size
        sql("DELETE FROM audit_leaf WHERE idx >= %s", before)
    assert any("is an older copy, or its end was cut off" in s for s in sentences(verify(outside=[kept.note])))


@pytest.mark.parametrize("note", ["", "not a note", "casemgr\n1\nAAAA\n\n— x AAAAAAA=\n"])
def test_what_is_no_checkpoint_of_this_log_is_said_to_be_none(family: Any, note: str) -> None:
    (sentence,) = sentences(verify(outside=[note]))
    assert sentence.startswith("The checkpoint from outside cannot be used")


# --- erased on record ------------------------------------------------------------------------------------------------


def test_exactly_what_an_erasure_names_may_be_gone(family: Any, people: Any) -> None:
    subject = f"staff_user:{people.admin.pk}"
    with guards_off():
        gone = sql("DELETE FROM audit_privatevalue WHERE subject = %s RETURNING event_uuid, field", subject)
        sql("DELETE FROM audit_subjectkey WHERE subject = %s", subject)
    assert len(gone) == 3
    assert len(sentences(verify())) == len(gone)
    with (
        acting("records.erase_subject"),
        ledger.batch(erased=[[str(event_uuid), field] for event_uuid, field in gone[1:]]),
    ):
        pass
    sequence()
    (sentence,) = sentences(verify())
    assert str(gone[0][1]).removesuffix(".new") in sentence


# --- answering for what was found ------------------------------------------------------------------------------------


@pytest.fixture
def found(family: Any, people: Any) -> Verification:
    with guards_off():
        sql("UPDATE staff_user SET is_active = false WHERE id = %s", people.analyst.pk)
    assert not actions.verify_trail(by=WORKER).holds
    return last()


def test_a_failed_verdict_is_on_the_pages_until_somebody_answers(
    found: Verification, people: Any, sign_in: Any
) -> None:
    auditor, admin, analyst = sign_in(people.auditor), sign_in(people.admin), sign_in(people.analyst2)
    for client, page in ((auditor, "/"), (auditor, "/trail/"), (admin, "/")):
        assert "The trail does not hold." in client.get(page).content.decode()
    assert "The trail does not hold." not in analyst.get("/").content.decode()
    address = reverse("audit:acknowledge_findings", args=[found.number])
    page = auditor.post(address, {"reason": ""}, follow=True).content.decode()
    assert "Say what was found out" in page
    assert runs.unacknowledged() is not None
    page = auditor.post(address, {"reason": "A migration by hand, TICKET-7; put right."}, follow=True).content.decode()
    assert "A migration by hand, TICKET-7; put right." in page
    assert "Otto Auditor" in page
    assert "The trail does not hold." not in auditor.get("/").content.decode()
    event = Event.objects.latest("id")
    assert (event.action, event.reason) == ("audit.acknowledge_findings", "A migration by hand, TICKET-7; put right.")


def test_an_answer_written_into_the_database_is_none(found: Verification) -> None:
    sql("UPDATE audit_verification SET acknowledged_at = now(), acknowledged_by = 'user:x', acknowledgement = 'fine'")
    assert runs.unacknowledged() is not None


def test_only_findings_are_answered_for_and_once(found: Verification, people: Any) -> None:
    with pytest.raises(Forbidden):
        actions.acknowledge_findings(found, reason="x", by=people.lead)
    actions.acknowledge_findings(found, reason="x", by=people.auditor)
    with pytest.raises(ValidationError, match="already"):
        actions.acknowledge_findings(found, reason="again", by=people.admin)


def test_a_finding_says_what_it_means_and_what_to_do(found: Verification, people: Any, sign_in: Any) -> None:
    page = sign_in(people.auditor).get("/trail/verification/").content.decode()
    assert "A record says something that no act in casemgr wrote" in page
    assert reverse("audit:history", args=["staff_user", people.analyst.pk]) in page
    assert "Nothing was left out" in page


# --- at night, and for programs --------------------------------------------------------------------------------------


def test_every_night_the_trail_is_verified(family: Any) -> None:
    from apps.audit.tasks import verify_nightly

    verify_nightly()
    assert jobs.work_off() == 1
    assert last().holds
    assert (last().actor, last().on_behalf_of) == ("system:worker", "system:nightly")
    assert Event.objects.latest("id").action == "audit.verify_trail"


def test_a_monitor_asks_and_reads(family: Any, api: Any, people: Any) -> None:
    account = staff.create_service_account(slug="watch", name="Watch", roles=["monitor"], by=people.admin)
    client, address = api(account), "/api/v1/trail/verification"
    assert client.get(address).json() == {"last": None, "under_way": None}
    asked = client.post(address, {"everything": True}, content_type="application/json")
    assert asked.status_code == 202
    assert asked.json()["under_way"]["percent"] == 0
    jobs.work_off()
    answer = client.get(address).json()
    assert answer["under_way"] is None
    assert answer["last"]["holds"] is True
    assert [verdict["name"] for verdict in answer["last"]["verdicts"]] == [
        "integrity",
        "completeness",
        "agreement",
        "time",
    ]


def test_others_are_refused(family: Any, api: Any, sign_in: Any, people: Any) -> None:
    address = "/api/v1/trail/verification"
    for client in (api(), sign_in(people.analyst)):
        assert client.get(address).status_code == 403
        assert client.post(address, {}, content_type="application/json").status_code == 403
    assert not Job.objects.exists()


# --- times from outside ----------------------------------------------------------------------------------------------


def test_the_command_holds_the_log_against_a_kept_checkpoint(verified: Verification, tmp_path: Any) -> None:
    kept, out = tmp_path / "kept.checkpoint", io.StringIO()
    kept.write_text(Checkpoint.objects.earliest("number").note)
    call_command("verify_trail", "--against", str(kept), stdout=out)
    assert "1 checkpoints from outside" in out.getvalue()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_trail", "--against", str(tmp_path / "none"), stdout=out)


def test_the_command_goes_on_from_the_last_record(verified: Verification) -> None:
    out = io.StringIO()
    call_command("verify_trail", "--incremental", stdout=out)
    assert "What was not looked at:" in out.getvalue()
    assert last().number == verified.number + 1


def test_an_entry_that_happened_after_it_was_seen_is_named(family: Any) -> None:
    size = Checkpoint.objects.latest("number").size
    with guards_off():
        sql(
            "INSERT INTO audit_anchor (size, kind, party, token, stated_at, obtained_at, verified_at)"
            " VALUES (%s, 'witness', 'elsewhere', 'x', now() - interval '1 day', now(), now())",
            size,
        )
    report = verify()
    assert any(f"among the first {size} says that it happened at" in sentence for sentence in sentences(report))
    assert "anchors of parties that are no longer named in the settings" in report.verdicts[3].checked


def test_a_verification_that_was_given_up_is_said_to_be_so(people: Any, sign_in: Any) -> None:
    with transaction.atomic():
        jobs.after_commit("audit.verify_trail", "1", by=people.auditor)
    Job.objects.update(state=Job.State.FAILED, finished_at=timezone.now(), attempts=8, last_error="OSError: no space")
    page = sign_in(people.auditor).get(reverse("audit:verification")).content.decode()
    assert "did not come to its end" in page
    assert "OSError: no space" in page
