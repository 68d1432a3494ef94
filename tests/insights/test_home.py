import json
import re
from datetime import date, timedelta

import pytest
from django.utils import timezone

from apps.alerts import actions as alerts
from apps.alerts.models import AlertGroup
from apps.audit import ledger
from apps.audit.principals import System
from apps.cases import actions as cases
from apps.core.models import Job
from apps.insights import queries
from apps.staff import actions as staff
from tests.alerts.conftest import alert
from tests.alerts.conftest import alerts as many
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def titles(user) -> list[str]:
    return [section.title for section in queries.waiting(user)]


def section(user, title: str) -> queries.Section:
    return next(section for section in queries.waiting(user) if section.title == title)


def age(row, **columns) -> None:
    with ledger.act("tests.age", System("tests")):
        ledger.change(row, **columns)


# --- what waits ------------------------------------------------------------------------------------------------------


def test_everyone_lands_here_and_is_told_what_to_do_when_nothing_waits(people, sign_in):
    for person in people.all():
        answer = sign_in(person).get("/")
        assert answer.status_code == 200
        assert "Nothing waits for you" in text(answer)
    assert "Go to the queue" in text(sign_in(people.analyst).get("/"))
    assert "Go to the queue" not in text(sign_in(people.counsel).get("/"))


def test_who_has_no_role_is_told_whom_to_ask(people, sign_in):
    newcomer = staff.invite(email="n@northlight.example", name="New", roles=[], password=PASSWORD, by=people.admin)
    assert "An administrator gives you one" in text(sign_in(newcomer).get("/"))


def test_a_group_waits_for_whoever_holds_it(people, sign_in, receive):
    receive(alert())
    group = AlertGroup.objects.get()
    assert "Alert groups you hold" not in titles(people.analyst)
    alerts.claim(group, by=people.analyst)
    assert section(people.analyst, "Alert groups you hold").lines[0].name == group.title
    assert "Alert groups you hold" not in titles(people.analyst2)
    page = text(sign_in(people.analyst).get("/"))
    assert f'href="/queue/{group.pk}/"' in page
    assert "thing waits for you" in page


def test_a_finding_waits_for_another_person_who_may_confirm_it(people, finding):
    for person in (people.lead, people.counsel):
        assert section(person, "Findings to review").lines[0].name.startswith(finding.ref)
    for person in (people.analyst, people.approver, people.auditor, people.admin):
        assert "Findings to review" not in titles(person)


def test_who_proposed_it_does_not_wait_for_it(people, propose):
    propose(by=people.lead)
    assert "Findings to review" not in titles(people.lead)
    assert "Findings to review" in titles(people.counsel)


def test_the_way_of_a_decision(people, confirmed, decide):
    assert "Decisions to propose" in titles(people.analyst)
    decision = decide()
    assert "Decisions to propose" not in titles(people.analyst)
    assert section(people.approver, "Decisions to approve").lines[0].name.startswith(decision.ref)
    assert "Decisions to approve" not in titles(people.counsel)
    cases.approve_decision(decision, by=people.approver)
    assert "Decisions to approve" not in titles(people.approver)
    assert "Notices to draft" in titles(people.counsel)


def test_the_way_of_a_notice(people, decide):
    from apps.accounts.models import Account
    from apps.notices import actions as notices

    decision = decide()
    cases.approve_decision(decision, by=people.approver)
    notice = notices.draft_notice(
        decision, kind="suspension", account=Account.objects.first(), recipient="Holder\n1 Quay", by=people.counsel
    )
    assert "Notices to draft" not in titles(people.counsel)
    assert "Notices to approve" in titles(people.approver)
    assert "Notices to approve" not in titles(people.counsel)
    notices.return_notice(notice, reason="Name the day", by=people.approver)
    assert "Notices returned to you" in titles(people.counsel)
    assert "Notices to approve" not in titles(people.approver)
    notices.redraft_notice(notice, recipient="Holder\n1 Quay", by=people.counsel)
    notices.approve_notice(notice, by=people.approver)
    assert "Notices to issue" in titles(people.counsel)


def test_the_way_of_letters_to_many(people, decide):
    from apps.notices import actions as notices

    decision = decide()
    cases.approve_decision(decision, by=people.approver)
    mailing = notices.start_mailing(decision, kind="suspension", by=people.counsel)
    for part in mailing.pieces.all():
        notices.draft_part(part, by=System("worker"))
    notices.carry_on_mailing(mailing, by=System("worker"))
    assert section(people.approver, "Letters to many").lines[0].url == mailing.get_absolute_url()
    assert not {"Notices to approve", "Letters to many"} & set(titles(people.counsel))
    assert "Notices to approve" not in titles(people.approver), "they are approved together"
    for sampled in mailing.sample.all():
        notices.mark_letter(sampled, mark="right", by=people.approver)
    notices.approve_mailing(mailing, by=people.approver)
    assert "Letters to many" in titles(people.counsel)


def test_the_way_of_a_report(people, confirmed):
    from apps.disclosures import actions as disclosures

    report = disclosures.compile_report(
        confirmed.case,
        audience="regulator",
        recipient="The authority",
        legal_basis="Article 33",
        title="Incident report",
        by=people.counsel,
    )
    assert section(people.approver, "Reports to release").lines[0].name == report.title
    assert "Reports to release" not in titles(people.counsel)
    disclosures.return_report(report, reason="Say since when", by=people.approver)
    assert "Reports returned to you" in titles(people.counsel)
    assert "Reports to release" not in titles(people.approver)


def test_cases_and_tasks_wait_for_their_person(people, case):
    cases.assign(case, to=people.lead, by=people.analyst)
    cases.add_task(case, title="Ask the gateway team", assignee=people.counsel, due_on=None, by=people.analyst)
    assert section(people.lead, "Your cases").total == 1
    assert section(people.counsel, "Tasks").lines[0].name == "Ask the gateway team"
    assert "Tasks" not in titles(people.lead)


def test_a_long_section_shows_its_beginning_and_how_many_more(people, sign_in):
    for n in range(8):
        found = cases.open_case(title=f"Case {n}", severity=2, by=people.analyst)
        cases.assign(found, to=people.lead, by=people.analyst)
    shown = section(people.lead, "Your cases")
    assert (len(shown.lines), shown.total, shown.more) == (5, 8, 3)
    assert "</span> more" in text(sign_in(people.lead).get("/"))


# --- what is late, what came in --------------------------------------------------------------------------------------


def test_what_is_past_its_target_is_late(people, sign_in, case, receive):
    assert "past its target" in text(sign_in(people.lead).get("/"))
    receive(alert())
    yesterday = timezone.now() - timedelta(days=1)
    age(AlertGroup.objects.get(), due_at=yesterday)
    age(case, due_at=yesterday)
    cases.add_task(case, title="Old task", assignee=None, due_on=date(2026, 1, 2), by=people.analyst)
    found = {section.title: section.total for section in queries.late(people.lead)}
    assert found == {"Alert groups": 1, "Cases": 1, "Tasks": 1}
    assert queries.late(people.admin) == []


def test_who_looks_after_casemgr_sees_work_that_failed(people, sign_in):
    now = timezone.now()
    Job.objects.create(
        kind="notices.render",
        key="x",
        actor="user:x",
        state="failed",
        due_at=now,
        finished_at=now,
        last_error="no font",
    )
    assert "no font" in text(sign_in(people.admin).get("/"))
    assert "no font" not in text(sign_in(people.analyst).get("/"))


def test_what_came_in_by_detector(people, sign_in, receive, register, detector):
    silent = register("knotwork", kind="linkage")
    receive(many(3))
    receive([*many(2), {"title": "not an alert"}])
    heard, quiet = queries.came_in(people.analyst)
    assert (heard.pk, heard.new, heard.again, heard.refused) == (detector.pk, 3, 2, 1)
    assert (quiet.pk, quiet.new, quiet.last) == (silent.pk, 0, None)
    assert "never heard of" in text(sign_in(people.admin).get("/"))

    from apps.alerts.models import Batch

    for batch in Batch.objects.all():
        age(batch, received_at=timezone.now() - timedelta(hours=25))
    assert [found.new for found in queries.came_in(people.analyst)] == [0, 0]


# --- the rail --------------------------------------------------------------------------------------------------------


def test_the_rail_counts_what_waits_in_a_room_in_one_query(people, finding, receive, django_assert_num_queries):
    receive(many(3))
    cases.assign(finding.case, to=people.lead, by=people.analyst)
    with django_assert_num_queries(1):
        counts = queries.counts(people.lead)
    assert counts == {"alerts:queue": AlertGroup.objects.count(), "cases:list": 1}
    with django_assert_num_queries(0):
        assert queries.counts(people.admin) == {}


def test_the_number_of_queries_does_not_grow(people, sign_in, receive, django_assert_max_num_queries):
    client = sign_in(people.lead)
    client.get("/")
    receive(many(12))
    for n in range(6):
        cases.assign(
            cases.open_case(title=f"Case {n}", severity=2, by=people.analyst), to=people.lead, by=people.analyst
        )
    with django_assert_max_num_queries(20):
        client.get("/")


def test_it_is_the_page_after_sign_in(people, client):
    people.analyst  # noqa: B018 - makes her
    answer = client.post("/sign-in/login/", {"login": people.analyst.email, "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_everything_shown_is_json_safe_text(people, sign_in, receive):
    receive(alert(title="<script>alert(1)</script>"))
    alerts.claim(AlertGroup.objects.get(), by=people.analyst)
    page = sign_in(people.analyst).get("/").content.decode()
    assert "<script>alert(1)" not in page
    assert json.dumps(queries.counts(people.analyst))
