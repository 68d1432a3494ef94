"""What an export takes, how it is written, and what it withholds."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.models import Account
from apps.appeals import actions as appeals
from apps.appeals.recipients import Recipient
from apps.audit import ledger
from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.audit.principals import System
from apps.cases import actions as cases
from apps.cases import queries as of_cases
from apps.core.models import Job
from apps.notices.models import Notice
from apps.transparency import actions, queries, reasons
from apps.transparency.actions import exports
from apps.transparency.models import Export, GeneralText, Statement
from apps.transparency.statement.schema import problems
from tests.transparency.conftest import arrange, content, finished, mail, states, work_off

GENERAL = {"facts": "Many accounts collected output by automatic means.", "explanation": "The terms forbid it."}


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two statements a file, four a part: the few letters of a test are many files."""
    monkeypatch.setattr(exports, "PART", 4)
    monkeypatch.setattr(exports.writing, "AT_MOST", 2)


def test_every_letter_about_a_measure_has_its_statement(export, mailed):
    assert (export.state, states(export)) == ("ready", {"batched": 5})
    [batch] = export.batches.all()
    made = content(batch)
    assert [problems(one) for one in made] == [[]] * 5
    rows = list(batch.statements.order_by("position"))
    assert [one["puid"] for one in made] == [row.puid for row in rows]
    first = made[0]
    assert first["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert first["end_date_account_restriction"] == mailed.ends_on.isoformat()
    assert first["application_date"] == mailed.starts_on.isoformat()
    assert first["content_date"] == "2026-04-01"
    assert first["category"] == "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    assert "around the clock" in first["decision_facts"]
    assert "What the log shows." in first["decision_facts"]
    assert len(first["territorial_scope"]) == 30


def test_nothing_in_it_tells_of_one_account(export):
    text = json.dumps([content(batch) for batch in export.batches.all()])
    for notice in Notice.objects.select_related("account"):
        for secret in (notice.account.ref, notice.ref, str(notice.pk), notice.appeal_code, notice.case.ref):
            assert secret not in text
    assert "7,000" not in text  # requests of an account, as its letter has them


def test_a_run_again_makes_no_new_puid(export, start, people):
    puids = set(Statement.objects.values_list("puid", flat=True))
    with pytest.raises(ValidationError, match="not exported yet"):
        start()
    Job.objects.filter(kind=queries.CARRY_ON).update(state="waiting", finished_at=None, attempts=0)
    finished(export)
    assert set(Statement.objects.values_list("puid", flat=True)) == puids
    assert Export.objects.count() == 1


def test_the_same_statements_make_the_same_file(export):
    [batch] = export.batches.all()
    before = batch.sha256
    with transaction.atomic(), ledger.act("tests.arrange", System("tests")), ledger.batch(export) as rows:
        rows.run(Statement, "UPDATE transparency_statement SET state = 'ready', batch_id = NULL, position = NULL")
    actions.write_part(export, by=System("worker"))
    assert export.batches.latest("number").sha256 == before


def test_files_are_filled_part_by_part(mailed, start, small_files):
    export = start()
    assert [(batch.number, batch.count) for batch in export.batches.order_by("number")] == [(1, 2), (2, 2), (3, 1)]
    assert (export.state, states(export)) == ("ready", {"batched": 5})


def test_other_letters_have_none(decide, people, quick_paper, start, suspended):
    mail(decide(action="warn", ends_on=None), people, kind="warning")  # restricts nothing
    with pytest.raises(ValidationError, match="No letter"):
        start()
    today = timezone.now().date()
    with pytest.raises(ValidationError, match="still to come"):
        actions.start_export(first_day=today, last_day=today + timedelta(days=1), by=people.counsel)
    with pytest.raises(ValidationError, match="No letter"):
        actions.start_export(first_day=date(2026, 1, 1), last_day=date(2026, 1, 2), by=people.counsel)


def test_of_other_jurisdictions_none(mailed, start):
    today = timezone.now().date()
    first = Notice.objects.filter(kind="suspension").first()
    assert queries.to_export(today, today).count() == 5
    for profile in ("us", "other"):
        assert not queries.to_export(today, today).filter(facts__profile=profile).exists()
    assert first in queries.to_export(today, today)


def test_of_drills_none(mailed, start):
    arrange(mailed.case, drill="Spring tide")
    with pytest.raises(ValidationError, match="No letter"):
        start()


def test_the_database_itself_refuses_a_statement_of_a_drill(export, mailed):
    arrange(mailed.case, drill="Spring tide")
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="never enters"), transaction.atomic():
        cursor.execute("INSERT INTO transparency_statement SELECT * FROM transparency_statement LIMIT 1")


def test_a_puid_never_changes(export):
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="for ever"), transaction.atomic():
        cursor.execute("UPDATE transparency_statement SET puid = 'another'")


# --- what does not stand any more ------------------------------------------------------------------------------------


def reverse(notice: Notice, people: Any) -> None:
    appeal = appeals.file_appeal(notice, words="It was not me.", by=Recipient(notice))
    appeals.take_appeal(appeal, by=people.reviewer)
    appeals.reverse_decision(appeal, reasons="It was somebody else.", by=people.reviewer)


def test_what_was_reversed_on_appeal_is_not_exported(mailed, start, people):
    notice = Notice.objects.filter(state="issued").first()
    reverse(notice, people)
    assert sorted(start().statements.values_list("notice", flat=True)) == sorted(
        Notice.objects.filter(kind="suspension", state="issued").exclude(pk=notice.pk).values_list("pk", flat=True)
    )


def test_the_last_of_a_chain_of_decisions_is_exported(mailed, decide, people, start):
    later = mail(decide(action="limit", requests_per_day=100, overrides=mailed), people, kind="limit")
    export = start()
    assert set(export.statements.values_list("decision", flat=True)) == {later.pk}
    [batch] = export.batches.all()
    assert {one["decision_provision"] for one in content(batch)} == {"DECISION_PROVISION_PARTIAL_SUSPENSION"}
    assert not any("decision_account" in one for one in content(batch))


def test_what_is_reversed_before_its_file_is_written_lapses(mailed, people):
    today = timezone.now().date()
    export = actions.start_export(first_day=today, last_day=today, by=people.counsel)
    actions.collect_part(export, by=System("worker"))
    notice = Notice.objects.filter(state="issued").first()
    reverse(notice, people)
    finished(export)
    assert states(export) == {"lapsed": 1, "batched": 4}
    assert export.statements.get(state="lapsed").notice == notice


# --- what names somebody ---------------------------------------------------------------------------------------------


@pytest.fixture
def planted(propose, people, quick_paper, request):
    """Letters about a finding whose words hold what is planted."""
    finding = propose(conduct=f"The accounts collected output, as {request.param} saw.")
    cases.confirm_finding(finding, by=people.lead)
    decision = cases.propose_decision(
        finding,
        action="suspend",
        scope="All use of the service",
        starts_on=timezone.now().date(),
        reasoning="Nothing milder ends it.",
        acknowledged=of_cases.wrongful_of(finding).value,
        by=people.counsel,
    )
    cases.approve_decision(decision, by=people.approver)
    return mail(decision, people)


PLANTS = [
    ("jane.doe@example.org", "an e-mail address"),
    ("192.0.2.17", "an IP address"),
    ("2001:db8::17", "an IP address"),
    ("+49 30 1234567", "a telephone number"),
    ("https://example.org/users/jane", "an address of a person's page"),
    ("acct_00003", "a reference of an account"),
    ("ACCT_00003", "a reference of an account"),
    ("Brookwater", "a name"),
    ("Quarry Lane Models", "a name"),
]


@pytest.mark.parametrize(("planted", "kind"), PLANTS, indirect=["planted"])
def test_planted_personal_data_is_withheld(planted, kind, start, people, caplog):
    cases.add_party(
        planted.case, name="Quarry Lane Models Ltd", role="beneficiary", basis="Card.", address="", by=people.lead
    )
    arrange(Account.objects.get(ref="acct_00002"), organisation="Brookwater GmbH")
    export = start()
    assert (export.state, states(export)) == ("ready", {"withheld": 5})
    assert not export.batches.exists()
    found = export.statements.first().found
    assert [["decision_facts", kind], ["incompatible_content_explanation", kind]] == found
    secret = planted.finding.conduct.partition(", as ")[2].removesuffix(" saw.")
    said = caplog.text + json.dumps(
        [json.loads(bytes(event.body)) for event in Event.objects.filter(action__startswith="transparency.")]
    )
    assert secret not in said


@pytest.mark.parametrize("planted", ["jane.doe@example.org"], indirect=True)
def test_a_general_text_releases_them(planted, start, people):
    export = start()
    puids = set(export.statements.values_list("puid", flat=True))
    with pytest.raises(ValidationError, match="There is an e-mail address in it"):
        actions.write_general_text(planted, facts="By jane@example.org.", explanation="x", by=people.counsel)
    with pytest.raises(ValidationError, match="general words"):
        actions.write_general_text(planted, facts=" ", explanation="x", by=people.counsel)
    with pytest.raises(ValidationError, match="2,001 characters"):
        actions.write_general_text(planted, facts="x", explanation="x" * 2001, by=people.counsel)
    with pytest.raises(Forbidden):
        actions.write_general_text(planted, **GENERAL, by=people.approver)
    actions.write_general_text(planted, **GENERAL, by=people.counsel)
    finished(export)
    assert (export.state, states(export)) == ("ready", {"batched": 5})
    [batch] = export.batches.all()
    assert {one["decision_facts"] for one in content(batch)} == {GENERAL["facts"]}
    assert {one["incompatible_content_explanation"] for one in content(batch)} == {GENERAL["explanation"]}
    assert set(export.statements.values_list("puid", flat=True)) == puids
    assert Event.objects.filter(action="transparency.write_general_text").count() == 2  # the text, and what it released
    actions.write_general_text(planted, facts="Other words.", explanation="x", by=people.counsel)
    assert GeneralText.objects.get().facts == "Other words."


def test_references_and_names_of_others_in_the_case_count_too(mailed):
    public = reasons.of_decision(mailed)
    assert public.found == []
    for text in ("xacct_00001", "acct_000011"):
        assert not reasons.personal.kinds(text, references=reasons.references_in(mailed, text))
    assert reasons.references_in(mailed, "Seen with (Acct_00001).") == ["acct_00001"]


def test_what_the_rules_of_the_database_refuse_is_withheld(mailed, start):
    arrange(Account.objects.get(ref="acct_00002"), opened_at=datetime(1999, 1, 1, tzinfo=UTC))
    export = start()
    assert states(export) == {"withheld": 1, "batched": 4}
    [[field, says]] = export.statements.get(state="withheld").found
    assert (field, says) == ("content_date", "lies between 2000-01-01 and 2038-01-01")


# --- paused, and tried again -----------------------------------------------------------------------------------------


def test_paused_it_begins_no_other_part(mailed, people, small_files):
    today = timezone.now().date()
    export = actions.start_export(first_day=today, last_day=today, by=people.counsel)
    actions.pause_export(export, by=people.counsel)
    with pytest.raises(Forbidden):
        actions.pause_export(export, by=people.counsel)
    finished(export)
    assert (export.state, states(export)) == ("collecting", {})
    actions.resume_export(export, by=people.counsel)
    assert (finished(export).state, states(export)) == ("ready", {"batched": 5})


def test_one_export_collects_at_a_time(mailed, people):
    today = timezone.now().date()
    actions.start_export(first_day=today, last_day=today, by=people.counsel)
    with pytest.raises(ValidationError, match="being collected"):
        actions.start_export(first_day=today, last_day=today, by=people.counsel)


def test_work_that_was_given_up_is_taken_up_again(mailed, people, monkeypatch):
    today = timezone.now().date()
    export = actions.start_export(first_day=today, last_day=today, by=people.counsel)
    with pytest.raises(ValidationError, match="Nothing of it"):
        actions.retry_export(export, by=people.counsel)
    with monkeypatch.context() as patched:
        patched.setattr(queries, "letters", lambda notices: 1 / 0)
        for _ in range(10):
            work_off()
    assert queries.given_up(export)
    actions.retry_export(export, by=people.counsel)
    assert (finished(export).state, states(export)) == ("ready", {"batched": 5})


@pytest.mark.parametrize("person", ["analyst", "approver", "auditor", "lead", "reviewer", "admin"])
def test_only_counsel_exports(person, people, mailed):
    today = timezone.now().date()
    with pytest.raises(Forbidden):
        actions.start_export(first_day=today, last_day=today, by=getattr(people, person))
