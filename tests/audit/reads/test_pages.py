"""Who has looked, who read what on which day, and what the trail keeps apart."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts import actions as accounts
from apps.accounts.models import Account
from apps.audit import ledger, private
from apps.audit.models import Event, PrivateValue
from apps.audit.principals import System
from apps.audit.reads import figures
from apps.audit.reads.table import READS
from apps.staff import actions as staff
from tests.audit.planting import acting

DAY = datetime(2026, 3, 18, 9, 0, tzinfo=UTC)


@pytest.fixture
def made(people) -> list[Account]:
    with transaction.atomic(), ledger.act("accounts.plant", System("test")):
        return [ledger.create(Account, ref=f"acct_{number}") for number in range(70)]


def look(account: Account, by, at: datetime, reason: str = "Same card") -> None:
    with time_machine.travel(at, tick=False):
        accounts.open_identifiers(account, reason=reason, by=by)


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


# --- one object ------------------------------------------------------------------------------------------------------


def test_an_accounts_page_says_who_has_looked_to_those_who_answer_for_it(made, people, sign_in):
    for minutes in (0, 10):
        look(made[0], people.analyst, DAY + timedelta(minutes=minutes), "A complaint")
    look(made[1], people.auditor, DAY)
    panel = f"/trail/readers/accounts_account/{made[0].pk}/"
    lead = sign_in(people.lead)
    assert panel in text(lead.get(made[0].get_absolute_url()))
    answer = lead.get(panel)
    page = text(answer)
    assert [(name, reader.times) for reader, name in answer.context["rows"]] == [("Ada Analyst", 2)]
    assert "Ada Analyst" in page
    assert "A complaint" in page
    assert "Otto Auditor" not in page
    assert panel not in text(sign_in(people.analyst).get(made[0].get_absolute_url()))
    assert sign_in(people.analyst).get(panel).status_code == 404
    assert lead.get(f"/trail/readers/staff_user/{people.lead.pk}/").status_code == 404  # not the lead's room
    assert lead.get(f"/trail/readers/no_table/{made[0].pk}/").status_code == 404
    assert "Nobody" in text(lead.get(f"/trail/readers/accounts_account/{made[2].pk}/"))


# --- a person's days -------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(made, people) -> None:
    """Three people who look at a few accounts a day, and one who goes through seventy of them on one day."""
    for day in range(3):
        for person in (people.analyst, people.analyst2, people.lead):
            for account in made[:4]:
                look(account, person, DAY + timedelta(days=day))
    for account in made:
        look(account, people.analyst2, DAY + timedelta(days=3))


def test_reads_are_counted_by_person_and_day(busy, people):
    found = figures.per_person_and_day(date(2026, 3, 18), date(2026, 3, 21))
    assert (found.people[0].actor, found.people[0].reads) == (people.analyst2.actor, 82)
    assert found.usual == 4
    assert [(day.actor, day.day, day.reads) for day in found.unusual] == [
        (people.analyst2.actor, date(2026, 3, 21), 70)
    ]
    assert figures.per_person_and_day(date(2026, 3, 20), date(2026, 3, 20)).unusual == []


def test_few_reads_are_never_unusual(made, people):
    look(made[0], people.analyst, DAY)
    for account in made[: figures.AT_LEAST - 1]:
        look(account, people.lead, DAY)
    found = figures.per_person_and_day(DAY.date(), DAY.date())
    assert (sorted(person.reads for person in found.people), found.unusual) == ([1, 19], [])


def test_the_page_costs_the_same_for_any_number_of_reads(busy, people, sign_in):
    client = sign_in(people.auditor)

    def statements(until: str) -> int:
        address = f"/trail/reads/?since=2026-03-18&until={until}"
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    assert statements("2026-03-18") == statements("2026-03-21") <= 5


def test_the_auditor_sees_days_that_stand_out_and_each_read_of_them(busy, people, sign_in):
    client = sign_in(people.auditor)
    page = client.get("/trail/reads/?since=2026-03-18&until=2026-03-21")
    assert "Days that stand out" in text(page)
    assert "Ben Analyst" in text(page)
    shown = client.get(f"/trail/?reads=only&actor={people.analyst2.actor}&since=2026-03-21&until=2026-03-21")
    assert {entry.event.action for entry in shown.context["entries"]} == {"accounts.open_identifiers"}
    without = client.get("/trail/?reads=without").context["entries"]
    assert not {entry.event.action for entry in without} & set(READS)
    assert "/trail/reads/" in text(client.get("/trail/"))
    assert "/trail/reads/" not in text(sign_in(people.admin).get("/trail/"))
    assert sign_in(people.admin).get("/trail/reads/").status_code == 404  # who keeps the house watches nobody
    assert "before the first" in text(client.get("/trail/reads/?since=2026-03-21&until=2026-03-18"))


def test_a_list_is_taken_for_a_reason_and_that_is_a_read_too(busy, made, people, sign_in):
    client, days = sign_in(people.auditor), {"since": "2026-03-18", "until": "2026-03-19"}
    assert client.post("/trail/reads/export/", days).status_code == 422
    assert not Event.objects.filter(action="audit.export_reads").exists()
    look(made[5], people.lead, DAY + timedelta(hours=1), "=HYPERLINK(1)")
    answer = client.post("/trail/reads/export/", days | {"reason": "Yearly review"})
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[0] == list(figures.COLUMNS)
    assert len(rows) == 1 + 24 + 1
    line = dict(zip(rows[0], rows[1], strict=True))
    assert line["sentence"] == "Ada Analyst looked at the identifiers of acct_0"
    assert (line["when (UTC)"], line["how"], line["reason"]) == ("2026-03-18 09:00:00", "opened", "Same card")
    assert "'=HYPERLINK(1)" in {row[6] for row in rows}  # a spreadsheet would run it
    event = Event.objects.get(action="audit.export_reads")
    assert event.reason == "Yearly review"
    assert json.loads(bytes(event.body))["details"] == days | {"reads": 25}


def test_a_long_list_comes_in_pieces(busy, monkeypatch):
    monkeypatch.setattr(figures, "CHUNK", 7)
    lines = list(figures.lines(date(2026, 3, 18), date(2026, 3, 21), None))
    assert len(lines) == len({line[-1] for line in lines}) == 106


# --- what the trail keeps apart --------------------------------------------------------------------------------------


@pytest.fixture
def invited(people) -> Event:
    person = people.analyst
    return Event.objects.get(action="staff.invite", object_id=person.pk)


def test_what_lies_behind_a_commitment_is_shown_for_a_reason(invited, people, sign_in):
    client, address = sign_in(people.auditor), f"/trail/{invited.event_uuid}/"
    page = text(client.get(address))
    assert "analyst@northlight.example" not in page
    assert "Values that are kept apart" in page
    assert client.post(f"{address}private/", {"reason": ""}).status_code == 422
    answer = client.post(f"{address}private/", {"reason": "A complaint about this invitation"})
    shown = text(answer)
    assert "analyst@northlight.example" in shown
    assert "a secret: shown to nobody" in shown
    assert "md5" not in shown  # the hash of the password
    assert answer["Cache-Control"] == "private, no-store"
    event = Event.objects.get(action="audit.open_private")
    assert event.reason == "A complaint about this invitation"
    assert json.loads(bytes(event.body))["details"] == {
        "event": str(invited.event_uuid),
        "fields": ["email", "name", "password"],
    }
    assert b"analyst@" not in bytes(event.body)
    assert "looked at values that the trail keeps apart" in text(client.get("/trail/"))


def test_what_was_erased_is_said_to_be(invited, people, sign_in):
    values = PrivateValue.objects.filter(event_uuid=invited.event_uuid)
    with acting("records.erase_subject"), ledger.batch(erased=[[str(invited.event_uuid), one.field] for one in values]):
        values.delete()
    page = sign_in(people.auditor).post(f"/trail/{invited.event_uuid}/private/", {"reason": "A complaint"})
    assert "erased" in text(page)


def test_the_administrator_is_not_shown_them(invited, people, sign_in):
    client, address = sign_in(people.admin), f"/trail/{invited.event_uuid}/"
    assert "kept apart" not in text(client.get(address))
    assert client.post(f"{address}private/", {"reason": "Curious"}).status_code == 403


def test_what_is_withheld_from_the_auditor_stays_so(people, sign_in):
    """Legal advice is for legal roles, in the trail and behind its commitments."""
    from apps.cases import actions as cases

    case = cases.open_case(title="Ring", severity=3, by=people.analyst)
    cases.add_note(case, body="Wait for the court.", is_privileged=True, by=people.counsel)
    event = Event.objects.get(action="cases.add_note")
    answer = sign_in(people.auditor).post(f"/trail/{event.event_uuid}/private/", {"reason": "Audit"})
    assert answer.status_code == 403
    assert not Event.objects.filter(action="audit.open_private").exists()


def test_every_private_column_is_told_or_a_secret():
    """A column that holds a secret is named among the secrets; what is left names people."""
    from apps.audit.models import audited_models

    columns = {column for model in audited_models() for column in model.PRIVATE}
    assert columns - private.SECRETS == {
        "email",
        "name",
        "address",
        "response",
        "body",
        "private_notes",
        "recipient",
        "words",
        "note",
        "sender",
        "subject",
        "says",
        "appeal_code",
        "facts",
        "accounts_csv",
        "text",
        "value",
        "firm",
        "admitted",
        "reference",
        "theory",
        "jurisdiction",
        "withdrawn_why",
        "element",
        "title",
        "strength",
        "against",
        "supporting",
        "opposing",
    }
    assert columns >= private.SECRETS


def test_inviting_is_no_read(people, sign_in):
    staff.change_roles(people.analyst, roles=["lead"], by=people.admin)
    assert not figures.reads().exists()
