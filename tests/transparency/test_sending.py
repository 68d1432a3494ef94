"""Files on their way to the database: taken once, whatever happens on the way."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit.models import Event
from apps.core import outbound, vault
from apps.transparency import actions, sending
from apps.transparency.actions import exports
from apps.transparency.models import Export
from tests.transparency.conftest import (
    TOKEN,
    answers,
    arrange,
    breaks_after,
    breaks_before,
    finished,
    is_busy,
    loses_the_answer,
    send,
    states,
    talks_nonsense,
)
from tests.transparency.test_export import reverse

pytestmark = pytest.mark.usefixtures("small_files")


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports.writing, "AT_MOST", 2)


@pytest.fixture
def sent(export: Export, database, people) -> Export:
    """Three files that wait to be handed in."""
    actions.send_export(export, by=people.counsel)
    return export


def kinds(export: Export) -> list[str]:
    return list(export.batches.order_by("number").values_list("state", flat=True))


def assert_all_there_once(export, database) -> None:
    puids = list(export.statements.values_list("puid", flat=True))
    assert set(database.taken) == set(puids)
    assert states(export) == {"sent": len(puids)}
    assert export.state == "sent"
    assert export.ended_at


def test_nothing_is_sent_unless_the_settings_say_where(export, people, settings):
    assert not settings.TRANSPARENCY_URL
    with pytest.raises(ValidationError, match="TRANSPARENCY_URL"):
        actions.send_export(export, by=people.counsel)
    assert sending.send_due() == 0


def test_files_are_handed_in_as_they_were_written(sent, database):
    assert send(sent) == 3
    assert kinds(sent) == ["accepted"] * 3
    assert_all_there_once(sent, database)
    for batch in sent.batches.all():
        for one in json.loads(vault.read(batch.sha256))["statements"]:
            assert database.taken[one["puid"]] == one
    assert send(sent) == 0
    assert len(database.requests) == 3
    assert database.asked == []


@pytest.mark.parametrize("trouble", [loses_the_answer, breaks_after])
def test_what_was_taken_unheard_is_not_sent_again(sent, database, trouble):
    database.plan = [trouble, answers]
    send(sent)
    assert kinds(sent) == ["unknown", "accepted", "accepted"]
    send(sent)
    assert_all_there_once(sent, database)
    assert len(database.requests) == 3
    assert len(database.asked) == 1


def test_what_was_not_taken_is_sent_again_after_asking(sent, database):
    database.plan = [breaks_before, answers]
    send(sent)
    assert kinds(sent) == ["unknown", "accepted", "accepted"]
    assert send(sent, soon=False) == 0  # after a while
    send(sent)
    assert_all_there_once(sent, database)
    assert len(database.asked) == 1


def test_what_arrives_after_it_was_asked_for_is_found_there(sent, database, monkeypatch):
    """The database is slow: when it is asked it does not know the file, and has it when it comes again."""
    late: list[bytes] = []

    def keeps(handler, body):
        late.append(body)
        handler.answer(504, {"message": "Gateway Timeout"})

    def takes_both(handler, body):
        handler.server.take(json.loads(late[0])["statements"])
        answers(handler, body)

    database.plan = [keeps, answers, answers, takes_both]
    send(sent)
    send(sent)
    assert_all_there_once(sent, database)
    assert kinds(sent) == ["accepted"] * 3


def test_a_rest_that_is_asked_for_is_given(sent, database):
    database.plan = [is_busy, answers]
    send(sent)
    assert kinds(sent) == ["ready"] * 3
    rest = sent.rests_until - timezone.now()
    assert timedelta(minutes=14) < rest <= timedelta(minutes=15)
    assert send(sent) == 0
    arrange(sent, rests_until=timezone.now() - timedelta(seconds=1))
    send(sent)
    assert_all_there_once(sent, database)


def test_one_bad_statement_is_marked_and_the_others_go_on(sent, database):
    bad = sent.batches.get(number=2).statements.get(position=1)
    database.refuses = {bad.puid}
    send(sent)
    assert kinds(sent) == ["accepted", "replaced", "accepted"]
    assert sent.state == "sending"
    finished(sent)
    send(sent)
    bad.refresh_from_db()
    assert (bad.state, bad.refused_why) == ("refused", "decision_facts: The decision facts field is not accepted.")
    assert states(sent) == {"sent": 4, "refused": 1}
    assert (sent.state, kinds(sent)) == ("sent", ["accepted", "replaced", "accepted", "accepted"])
    assert bad.puid not in database.taken


def test_what_the_database_has_already_counts_as_sent(sent, database):
    known = sent.batches.get(number=1).statements.get(position=0)
    database.taken[known.puid] = {}
    send(sent)
    finished(sent)
    send(sent)
    assert_all_there_once(sent, database)


def test_what_is_reversed_before_it_is_sent_is_not_sent(sent, database, people):
    statement = sent.batches.get(number=1).statements.get(position=0)
    reverse(statement.notice, people)
    send(sent)
    finished(sent)
    send(sent)
    statement.refresh_from_db()
    assert statement.state == "lapsed"
    assert statement.puid not in database.taken
    assert states(sent) == {"sent": 4, "lapsed": 1}
    assert sent.state == "sent"


def test_a_token_that_is_refused_pauses_it(sent, database, people, settings):
    settings.TRANSPARENCY_TOKEN = "an-old-token"
    assert send(sent) == 1
    assert sent.is_paused
    assert sent.problem == "The database does not accept the token (401)."
    assert send(sent) == 0
    settings.TRANSPARENCY_TOKEN = TOKEN
    actions.resume_export(sent, by=people.counsel)
    send(sent)
    assert_all_there_once(sent, database)
    assert sent.problem == ""


def test_a_refusal_that_nobody_understands_pauses_it(sent, database):
    database.plan = [talks_nonsense]
    send(sent)
    assert sent.is_paused
    assert "not in words that are understood" in sent.problem
    assert database.taken == {}


def test_a_database_that_never_answers_is_given_up_and_tried_again(sent, database, people, monkeypatch):
    monkeypatch.setattr(sending, "MOST_TRIES", 3)
    with monkeypatch.context() as patched:
        patched.setattr(outbound, "post", lambda *args, **options: outbound.Outcome(None, "Nothing listens there.", 1))
        patched.setattr(outbound, "get", lambda *args, **options: outbound.Outcome(503, "Answered 503.", 1))
        for _ in range(4):
            send(sent)
    assert kinds(sent) == ["failed"] * 3
    assert sent.state == "sent"
    actions.retry_export(sent, by=people.counsel)
    send(sent)
    send(sent)
    assert_all_there_once(sent, database)


def test_a_worker_that_died_is_asked_after(sent, database):
    batch = sent.batches.get(number=1)
    assert actions.begin_sending(batch, by=sending.WORKER)
    assert send(sent, soon=False) == 2  # its lease runs
    assert kinds(sent) == ["sending", "accepted", "accepted"]
    send(sent)
    assert kinds(sent)[0] == "unknown"
    send(sent)
    assert_all_there_once(sent, database)
    assert len(database.asked) == 1


def test_a_word_that_comes_late_changes_nothing(sent, database):
    batch = sent.batches.get(number=1)
    actions.begin_sending(batch, by=sending.WORKER)
    first = batch.attempts
    actions.lose_track(batch, attempt=first, says="It died.", by=sending.WORKER)
    actions.begin_asking(batch, by=sending.WORKER)
    for late in (actions.note_taken, actions.put_off, actions.lose_track, actions.give_up):
        late(batch, attempt=first, says="Late.", by=sending.WORKER)
        assert (batch.state, batch.attempts) == ("unknown", first + 1)


def test_paused_nothing_is_sent(sent, database, people):
    actions.pause_export(sent, by=people.counsel)
    assert send(sent) == 0
    assert database.requests == []


def test_the_token_is_nowhere_in_the_records(sent, database, caplog):
    database.plan = [loses_the_answer, breaks_before, is_busy, answers]
    send(sent)
    send(sent)
    told = [bytes(event.body).decode() for event in Event.objects.all()]
    assert TOKEN not in caplog.text + "".join(told)


def test_it_goes_to_no_other_host_and_not_over_plain_http(settings):
    settings.TRANSPARENCY_URL, settings.TRANSPARENCY_NETWORKS = "http://transparency.example.org", []
    reach = outbound.transparency()
    with pytest.raises(outbound.Refused, match="Only https"):
        outbound.check("http://transparency.example.org/api/v1/statements", reach)
    with pytest.raises(outbound.Refused, match="TRANSPARENCY_HOSTS does not list"):
        outbound.check("https://elsewhere.example.org/", reach)
