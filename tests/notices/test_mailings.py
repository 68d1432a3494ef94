"""The same letter to each account of a decision, from the first draft to the last file."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit import ledger
from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.audit.principals import System
from apps.cases import actions as cases
from apps.cases.sampling import size, upper_bound
from apps.core import jobs, pdf, vault
from apps.core.models import Job
from apps.notices import actions, queries, tasks, writing
from apps.notices.actions import mailings
from apps.notices.languages import language_for
from apps.notices.models import Mailing, MailingPart, Notice
from tests.locks import until_it_waits
from tests.notices.conftest import work_off


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two letters a part, two parts at a time: the few accounts of a test are many parts."""
    monkeypatch.setattr(mailings, "PART", 2)
    monkeypatch.setattr(mailings, "AT_ONCE", 2)


@pytest.fixture
def started(suspended: Any, people: Any, small_parts: None) -> Mailing:
    return actions.start_mailing(suspended, kind="suspension", by=people.counsel)


@pytest.fixture
def drafted(started: Mailing) -> Mailing:
    return worked_off(started)


@pytest.fixture
def approved(drafted: Mailing, people: Any) -> Mailing:
    return approve(drafted, people)


@pytest.fixture
def released(approved: Mailing, people: Any) -> Mailing:
    return release(approved, people)


def worked_off(mailing: Mailing) -> Mailing:
    while work_off():
        pass
    mailing.refresh_from_db()
    return mailing


def approve(mailing: Mailing, people: Any) -> Mailing:
    for sampled in mailing.sample.all():
        actions.mark_letter(sampled, mark="right", by=people.approver)
    actions.approve_mailing(mailing, by=people.approver)
    return mailing


def release(mailing: Mailing, people: Any) -> Mailing:
    typed = str(mailing.notices.filter(state="draft").count())
    actions.release_mailing(mailing, typed=typed, by=people.counsel)
    return mailing


# --- the way through -------------------------------------------------------------------------------------------------


def test_each_account_gets_its_own_letter(released, quick_paper):
    mailing = worked_off(released)
    assert mailing.state == "done"
    letters = list(mailing.notices.order_by("ref"))
    assert len(letters) == mailing.count > 4
    assert {letter.state for letter in letters} == {"issued"}
    numbers = [int(letter.ref.rpartition("-")[2]) for letter in letters]
    assert numbers == list(range(1, len(letters) + 1))
    assert len({letter.appeal_code for letter in letters}) == len(letters)
    for letter in letters:
        html = vault.read(letter.pdf_sha256).decode()
        assert letter.account.ref in html
        assert letter.ref in html
        assert letter.appeal_code in html
    assert len(quick_paper) == len(letters)


def test_a_letter_of_a_mailing_is_the_letter_that_one_alone_would_be(started, suspended, people, quick_paper):
    mailing = worked_off(release(approve(worked_off(started), people), people))
    letter = mailing.notices.order_by("ref").first()
    assert letter.unsigned_sha256 == sha256(writing.to_pdf(letter, writing.facts_of(letter))).hexdigest()


def test_nothing_is_sent_before_a_sample_was_read_and_another_person_approved(drafted, people):
    assert drafted.state == "review"
    assert drafted.notices.filter(state="draft").count() == drafted.count
    with pytest.raises(ValidationError, match="were not read yet"):
        actions.approve_mailing(drafted, by=people.approver)
    with pytest.raises(Forbidden):
        actions.release_mailing(drafted, typed=str(drafted.count), by=people.counsel)
    with pytest.raises(Forbidden):
        actions.mark_letter(drafted.sample.first(), mark="right", by=people.counsel)


def test_a_wrong_letter_stops_all_of_them(drafted, people):
    first, *others = drafted.sample.all()
    for sampled in others:
        actions.mark_letter(sampled, mark="right", by=people.approver)
    with pytest.raises(ValidationError, match="Say what is wrong"):
        actions.mark_letter(first, mark="wrong", by=people.approver)
    actions.mark_letter(first, mark="wrong", note="It is another account's conduct.", by=people.approver)
    with pytest.raises(ValidationError, match="cannot go out as they are"):
        actions.approve_mailing(drafted, by=people.approver)


def test_the_number_of_letters_is_typed(approved, people):
    with pytest.raises(ValidationError, match="letters go out"):
        actions.release_mailing(approved, typed="3", by=people.counsel)


def test_a_letter_of_a_mailing_is_not_approved_or_issued_alone(drafted, people):
    letter = drafted.notices.first()
    for verb, by in (("approve_notice", people.approver), ("issue_notice", people.counsel)):
        with pytest.raises(Forbidden):
            getattr(actions, verb)(letter, by=by)
    with pytest.raises(Forbidden):
        actions.redraft_notice(letter, recipient="", by=people.counsel)


def test_an_account_taken_out_of_the_case_gets_no_letter(approved, people, quick_paper):
    out = approved.notices.select_related("account").first().account
    cases.exclude_accounts(approved.case, account_ids=[out.pk], why="A school.", by=people.lead)
    mailing = worked_off(release(approved, people))
    assert mailing.state == "done"
    left_out = mailing.notices.get(account=out)
    assert (left_out.state, left_out.ref) == ("discarded", None)
    assert "taken out" in left_out.returned_why
    assert mailing.notices.filter(state="issued").count() == mailing.count - 1


def test_who_has_a_letter_gets_no_second(suspended, account, people, small_parts):
    actions.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)
    mailing = worked_off(actions.start_mailing(suspended, kind="suspension", by=people.counsel))
    assert mailing.count == suspended.account_count - 1
    assert not mailing.notices.filter(account=account).exists()


def test_one_mailing_of_a_letter_at_a_time(started, suspended, people):
    with pytest.raises(ValidationError, match="under way"):
        actions.start_mailing(suspended, kind="suspension", by=people.counsel)


def test_another_letter_does_not_fit(suspended, people):
    with pytest.raises(ValidationError, match="does not carry out"):
        actions.start_mailing(suspended, kind="warning", by=people.counsel)
    with pytest.raises(ValidationError, match="party"):
        actions.start_mailing(suspended, kind="cease_and_desist", by=people.counsel)


# --- paused, cancelled, failed ---------------------------------------------------------------------------------------


def test_paused_it_finishes_what_is_under_way_and_begins_nothing(released, people, quick_paper):
    assert work_off() > 0  # the first parts were given out, and some of what they led to is done
    actions.pause_mailing(released, by=people.counsel)
    mailing = worked_off(released)
    issued = mailing.notices.filter(state="issued").count()
    assert mailing.state == "issuing"
    actions.resume_mailing(mailing, by=people.counsel)
    mailing = worked_off(mailing)
    assert mailing.state == "done"
    assert mailing.notices.filter(state="issued").count() == mailing.count >= issued


def test_cancelled_it_issues_what_has_a_number_and_discards_the_rest(approved, people, quick_paper):
    release(approved, people)
    one_job()  # goes on: parts are given out
    one_job()  # and one of them is numbered
    numbered = approved.notices.filter(state="issuing").count()
    assert 0 < numbered < approved.count
    actions.cancel_mailing(approved, reason="The finding is looked at again.", by=people.counsel)
    mailing = worked_off(approved)
    states = dict.fromkeys(("issued", "discarded"), 0)
    for letter in mailing.notices.all():
        states[letter.state] += 1
        assert (letter.ref is not None) == (letter.state == "issued")
    assert states == {"issued": numbered, "discarded": mailing.count - numbered}


def one_job() -> None:
    from apps.core import jobs

    Job.objects.update(due_at="2000-01-01T00:00:00Z")
    assert jobs.work_off(limit=1) == 1


def test_cancelled_while_it_is_drafted_leaves_no_draft(started, people):
    one_job()
    one_job()
    actions.cancel_mailing(started, reason="Wrong decision.", by=people.counsel)
    mailing = worked_off(started)
    assert {letter.state for letter in mailing.notices.all()} == {"discarded"}
    assert set(mailing.pieces.values_list("state", flat=True)) == {"withdrawn"}


def test_a_letter_that_cannot_be_set_keeps_no_other_from_going_out(released, people, monkeypatch, quick_paper):
    bad = released.notices.order_by("account_id").first().account.ref

    def to_pdfs(papers: list, **options: Any) -> list:
        return [pdf.PdfError("no glyph") if bad in each.html else each.html.encode() for each in papers]

    with monkeypatch.context() as patched:
        patched.setattr(writing.paper, "to_pdfs", to_pdfs)
        mailing = worked_off(released)
    assert mailing.state == "issuing"
    [problem] = queries.problems(mailing)
    assert re.fullmatch(r"N-\d{4}-\d{6}: no glyph", problem)
    assert mailing.notices.exclude(state="issued").count() == 1
    actions.retry_mailing(mailing, by=people.counsel)
    mailing = worked_off(mailing)
    assert (mailing.state, queries.problems(mailing)) == ("done", [])
    assert mailing.notices.filter(state="issued").count() == mailing.count


def test_work_that_was_given_up_is_taken_up_again(released, people, monkeypatch, quick_paper):
    with monkeypatch.context() as patched:
        patched.setattr(writing, "to_pdfs", lambda letters: 1 / 0)
        for _ in range(10):
            work_off()
    failed = Job.objects.filter(kind=mailings.RENDER, state="failed")
    assert failed.exists()
    released.refresh_from_db()
    actions.retry_mailing(released, by=people.counsel)
    mailing = worked_off(released)
    assert mailing.state == "done"
    assert mailing.notices.filter(state="issued").count() == mailing.count
    with pytest.raises(Forbidden):
        actions.pause_mailing(mailing, by=people.counsel)


def test_a_job_that_comes_twice_does_nothing(released, quick_paper):
    mailing = worked_off(released)
    events, letters = Event.objects.count(), len(quick_paper)
    Job.objects.filter(kind__startswith="notices.").update(state="waiting", finished_at=None, attempts=0)
    worked_off(mailing)
    assert (Event.objects.count(), len(quick_paper)) == (events, letters)


def test_a_worker_that_is_a_moment_late_does_nothing(committed_db, started):
    """It was asked to go on while another was about to end the same step."""
    while not all(part.state == MailingPart.State.DRAFTED for part in started.pieces.all()):
        assert jobs.work_off(limit=1)
    late = Job(kind=mailings.CARRY_ON, key=f"{started.pk}/{Mailing.State.DRAFTING}/late", actor="")
    with ThreadPoolExecutor(1) as workers:
        with transaction.atomic():
            actions.carry_on_mailing(started, by=System("worker"))
            done = workers.submit(in_a_transaction, tasks.carry_on_mailing, late)
            until_it_waits(done)
        done.result()
    started.refresh_from_db()
    assert started.state == Mailing.State.REVIEW


def in_a_transaction(work: Callable[..., None], *args: Any) -> None:
    with closing(connection), transaction.atomic():
        work(*args)


def test_a_finding_that_fell_stops_the_letters(approved, people, quick_paper, monkeypatch):
    monkeypatch.setattr(mailings, "refuse_if_missing", refuse)
    mailing = worked_off(release(approved, people))
    assert mailing.state == "issuing"
    assert set(queries.problems(mailing)) == {"The finding is not confirmed."}
    assert not Notice.objects.filter(mailing=mailing).exclude(ref=None).exists()
    assert set(mailing.pieces.values_list("state", flat=True)) == {MailingPart.State.DRAFTED}


def refuse(notice: Notice) -> None:
    raise ValidationError(["The finding is not confirmed."])


# --- in the browser --------------------------------------------------------------------------------------------------


def test_from_the_decision_to_the_released_letters(suspended, people, sign_in, quick_paper, small_parts):
    counsel, approver = sign_in(people.counsel), sign_in(people.approver)
    panel = counsel.get(reverse("notices:of_case", args=[suspended.case.ref])).content.decode()
    assert reverse("notices:start_mailing", args=[suspended.ref]) in panel
    start = reverse("notices:start_mailing", args=[suspended.ref])
    assert "5 accounts" in counsel.get(start).content.decode().replace("\u00a0", " ")
    response = counsel.post(start, {"kind": "suspension", "at_most": "20"})
    mailing = Mailing.objects.get()
    assert response.url == mailing.get_absolute_url()
    progress = counsel.get(reverse("notices:mailing_progress", args=[mailing.pk])).content.decode()
    assert "hx-get" in progress
    worked_off(mailing)
    read = mailing.sample.first().get_absolute_url()
    while read != mailing.get_absolute_url():
        assert "It can go out" in approver.get(read).content.decode()
        assert "It can go out" not in counsel.get(read).content.decode()
        assert approver.post(f"{read}mark/", {"mark": "wrong"}).status_code == 422
        read = approver.post(f"{read}mark/", {"mark": "right"}).url
    page = approver.get(mailing.get_absolute_url()).content.decode()
    assert "letters are wrong" in page
    approver.post(reverse("notices:approve_mailing", args=[mailing.pk]))
    release = reverse("notices:release_mailing", args=[mailing.pk])
    refused = counsel.post(release, {"typed": "4"})
    assert refused.status_code == 422
    assert "type 5 to confirm" in refused.content.decode()
    assert counsel.post(release, {"typed": "5"}).status_code == 302
    worked_off(mailing)
    assert "hx-get" not in counsel.get(reverse("notices:mailing_progress", args=[mailing.pk])).content.decode()
    assert reverse("service:of_mailing", args=[mailing.pk]) in counsel.get(mailing.get_absolute_url()).content.decode()
    listed = counsel.get(reverse("notices:list"), {"mailing": mailing.pk}).content.decode()
    assert listed.count("data-row") == mailing.notices.filter(state="issued").count() == 5


def test_a_problem_is_named_and_tried_again(released, people, sign_in, quick_paper, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(mailings, "refuse_if_missing", refuse)
        worked_off(released)
    counsel = sign_in(people.counsel)
    page = counsel.get(released.get_absolute_url()).content.decode()
    assert "The finding is not confirmed." in page
    assert counsel.post(reverse("notices:retry_mailing", args=[released.pk])).status_code == 302
    assert worked_off(released).state == "done"


def test_paused_resumed_and_cancelled_from_the_page(started, people, sign_in):
    counsel = sign_in(people.counsel)
    for verb, said in (("pause", "Paused"), ("resume", "Pause")):
        counsel.post(reverse(f"notices:{verb}_mailing", args=[started.pk]))
        assert said in counsel.get(started.get_absolute_url()).content.decode()
    cancel = reverse("notices:cancel_mailing", args=[started.pk])
    assert counsel.post(cancel, {"reason": ""}).status_code == 422
    assert counsel.post(cancel, {"reason": "Wrong decision."}).status_code == 302
    assert "Wrong decision." in counsel.get(started.get_absolute_url()).content.decode()


# --- what it asks the database ---------------------------------------------------------------------------------------


def read_for(letters: int, decision: Any, people: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many times drafting a part of so many letters reads records; what is written of each is not counted."""
    monkeypatch.setattr(mailings, "PART", letters)
    mailing = actions.start_mailing(decision, kind="suspension", by=people.counsel)
    part = mailing.pieces.get(ordinal=0)
    assert len(part.account_ids) == letters
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        actions.draft_part(part, by=System("worker"))
        transaction.set_rollback(True)
    actions.cancel_mailing(mailing, reason="Only measured.", by=people.counsel)
    return sum(str(query["sql"]).startswith("SELECT ") and "audit_" not in query["sql"] for query in asked)


def test_a_part_reads_no_more_for_five_letters_than_for_one(suspended, people, monkeypatch):
    assert read_for(5, suspended, people, monkeypatch) == read_for(1, suspended, people, monkeypatch) <= 20


# --- in languages ----------------------------------------------------------------------------------------------------


@pytest.fixture
def one_german(suspended: Any, account: Any) -> Any:
    """One of the accounts is in Germany; all others are where English is written."""
    with ledger.act("accounts.import_records", System("worker")):
        for row in suspended.finding.accounts.select_related("account"):
            ledger.change(row.account, country="DE" if row.account == account else "IE")
    account.refresh_from_db()
    return account


def translate(decision: Any, account: Any, people: Any, *, without: str = "") -> None:
    """A letter to one account, whose sentences somebody translates; it is not sent."""
    letter = actions.draft_notice(decision, kind="suspension", account=account, language="de", by=people.counsel)
    names = [item.name for item in writing.facts_of(letter).translations]
    texts = {name: f"Auf Deutsch: Satz {n}." for n, name in enumerate(names) if name != without}
    actions.translate_notice(letter, texts=texts, by=people.counsel)
    actions.discard_notice(letter, reason="Only translated.", by=people.counsel)


def test_each_account_is_written_to_in_the_language_of_its_country(
    one_german, suspended, people, small_parts, quick_paper
):
    translate(suspended, one_german, people)
    mailing = worked_off(actions.start_mailing(suspended, kind="suspension", at_most=0.9, by=people.counsel))
    spoken = dict(mailing.notices.values_list("account__ref", "template__language"))
    assert spoken.pop(one_german.ref) == "de"
    assert set(spoken.values()) == {"en"}
    assert {sampled.notice.template.language for sampled in mailing.sample.all()} == {"de", "en"}, "one of each is read"
    worked_off(release(approve(mailing, people), people))
    german = mailing.notices.get(account=one_german)
    assert german.state == "issued"
    assert "Auf Deutsch: Satz 0" in vault.read(german.pdf_sha256).decode()


def test_a_letter_of_a_language_that_was_added_to_the_sample_shows_nothing_of_the_others(
    one_german, suspended, people, small_parts
):
    translate(suspended, one_german, people)
    mailing = worked_off(actions.start_mailing(suspended, kind="suspension", at_most=0.9, by=people.counsel))
    for sampled in mailing.sample.all():
        actions.mark_letter(sampled, mark="right", by=people.approver)
    sample = queries.sample_of(mailing)
    by_chance = size(mailing.count, 0.9)
    assert queries.shown_by(mailing, sample).most_wrong == upper_bound(mailing.count, by_chance, 0)


def test_what_is_not_translated_is_named_before_anything_is_drafted(one_german, suspended, people):
    with pytest.raises(ValidationError, match="Not translated into German yet: what the accounts did"):
        actions.start_mailing(suspended, kind="suspension", language="de", by=people.counsel)
    translate(suspended, one_german, people, without="the limits of the finding")
    with pytest.raises(ValidationError, match="Not translated into German yet: the limits of the finding"):
        actions.start_mailing(suspended, kind="suspension", by=people.counsel)
    assert not Mailing.objects.exists()
    mailing = actions.start_mailing(suspended, kind="suspension", language="en", by=people.counsel)
    assert set(mailing.pieces.values_list("template__language", flat=True)) == {"en"}


def test_a_case_that_nobody_translated_is_written_of_in_english(one_german, suspended, people):
    mailing = actions.start_mailing(suspended, kind="suspension", by=people.counsel)
    assert set(mailing.pieces.values_list("template__language", flat=True)) == {"en"}


@pytest.mark.parametrize(
    ("country", "language"), [("DE", "de"), ("at", "de"), ("CH", "en"), ("BE", "en"), ("IE", "en"), ("", "en")]
)
def test_the_one_official_language_of_a_country_is_written(country, language):
    assert language_for(country, {"de"}) == language
    assert language_for(country, ()) == "en"
