"""The trail as people read it: sentences, filters, one event, one object's history, verification."""

from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.audit.log import sequencer
from apps.audit.models import Event
from apps.audit.sentences import tell
from apps.cases.models import CaseNote
from apps.core import jobs
from apps.staff import actions
from tests.audit.planting import NEEDED, plant
from tests.audit.tampering import guards_off, sql


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return " ".join(response.content.decode().split())


def entry_of(event: Event):
    (entry,) = tell([event])
    return entry


@pytest.fixture
def auditor(people, sign_in):
    return sign_in(people.auditor)


def test_the_trail_reads_as_sentences(people, auditor):
    actions.change_roles(people.analyst, roles=["analyst", "lead"], by=people.admin, reason="covers for the lead")
    page = text(auditor.get("/trail/"))
    assert "Ines Admin" in page
    assert "Ada Analyst" in page
    assert "covers for the lead" in page
    assert "waiting" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("actor=Ines", {"staff.invite"}),
        ("actor=casemgr", {"staff.bootstrap"}),
        ("verb=staff.sign_in", {"staff.sign_in"}),
        ("kind=staff_user", {"staff.bootstrap", "staff.invite", "staff.sign_in"}),
        ("case=CASE-1999-0001", set()),
        ("since=2999-01-01", set()),
    ],
)
def test_filters_live_in_the_address(people, auditor, query, found):
    entries = auditor.get(f"/trail/?{query}").context["entries"]
    assert {entry.event.action for entry in entries} == found


def test_pages_are_keyed_and_lead_back(people, auditor):
    for _ in range(60):
        actions.sign_out(people.analyst, by=people.analyst)
    first = auditor.get("/trail/")
    older = auditor.get(f"/trail/?after={first.context['page'].older}")
    assert len(first.context["entries"]) == 50
    assert older.context["entries"][0].event.pk < first.context["entries"][-1].event.pk
    back = auditor.get(f"/trail/?before={older.context['page'].newer}")
    assert [e.event.pk for e in back.context["entries"]] == [e.event.pk for e in first.context["entries"]]


def test_as_many_queries_for_many_events_as_for_few(people, auditor):
    people.all()
    plant(0)
    plant(1)
    events = list(Event.objects.order_by("id"))
    family = [event for event in events if event.action == "audit.plant"]
    with CaptureQueriesContext(connection) as few:
        tell(family[: len(family) // 2])
    with CaptureQueriesContext(connection) as many:
        tell(family)
    assert len(family) > 70
    assert len(many) == len(few)


def test_one_event_shows_before_and_after(people, auditor):
    actions.change_roles(people.analyst, roles=["lead"], by=people.admin)
    event = Event.objects.get(action="staff.change_roles")
    page = text(auditor.get(reverse("audit:event", args=[event.event_uuid])))
    assert "Roles" in page
    assert [(c.label, c.old, c.new) for c in entry_of(event).changes] == [("Roles", "analyst", "lead")]
    assert str(event.act_uuid) in page


def test_private_values_are_withheld(people, auditor):
    event = Event.objects.get(action="staff.invite", object_id=people.analyst.pk)
    page = text(auditor.get(reverse("audit:event", args=[event.event_uuid])))
    assert "(withheld)" in page
    assert people.analyst.email not in page


def test_what_a_room_hides_the_trail_hides_too(people, sign_in):
    _ = people.admin
    note = plant(0)[CaseNote]
    event = Event.objects.get(object_id=note.pk)
    address = reverse("audit:event", args=[event.event_uuid])
    assert note.body in text(sign_in(people.auditor).get(address))
    page = text(sign_in(people.admin).get(address))
    assert note.body not in page
    assert "withheld" in page


def test_a_privileged_note_stays_with_legal_in_the_trail_too(people, sign_in):
    _ = people.admin
    with patch.dict(NEEDED, {"cases.CaseNote": {"is_privileged": True}}):
        note = plant(0)[CaseNote]
    event = Event.objects.get(object_id=note.pk)
    assert note.body not in text(sign_in(people.auditor).get(reverse("audit:event", args=[event.event_uuid])))


def test_the_history_of_an_object_is_a_panel_and_a_page(people, auditor):
    actions.change_roles(people.analyst, roles=["lead"], by=people.admin)
    address = reverse("audit:history", args=["staff_user", people.analyst.pk])
    page = text(auditor.get(address))
    panel = text(auditor.get(address, headers={"HX-Request": "true"}))
    assert [e.event.action for e in auditor.get(address).context["entries"]] == ["staff.change_roles", "staff.invite"]
    assert "<html" in page
    assert "<html" not in panel
    assert "What happened to it" in panel


def test_who_may_see_a_room_may_see_what_happened_there(people, sign_in):
    user = people.lead
    assert sign_in(people.admin).get(reverse("audit:history", args=["staff_user", user.pk])).status_code == 200
    assert sign_in(people.analyst).get(reverse("audit:history", args=["staff_user", user.pk])).status_code == 404
    assert sign_in(people.analyst).get(reverse("audit:history", args=["no_table", user.pk])).status_code == 404


@pytest.mark.parametrize("name", ["trail", "verification"])
def test_a_stranger_finds_no_trail(people, sign_in, name):
    assert sign_in(people.analyst).get(reverse(f"audit:{name}")).status_code == 404
    event = Event.objects.first()
    assert sign_in(people.analyst).get(reverse("audit:event", args=[event.event_uuid])).status_code == 404


def test_only_who_may_sees_the_button_and_can_ask(people, sign_in):
    address = reverse("audit:request_verification")
    assert address in text(sign_in(people.auditor).get("/trail/"))
    admin = sign_in(people.admin)
    assert address not in text(admin.get("/trail/"))
    assert admin.post(address).status_code == 403
    assert not Event.objects.filter(action="audit.request_verification").exists()


def test_a_verification_is_asked_for_done_and_shown(committed_db, people, sign_in):
    auditor = sign_in(people.auditor)
    sequencer.sequence()
    asked = auditor.post(reverse("audit:request_verification"), follow=True)
    assert "A verification is under way" in text(asked)
    assert jobs.work_off() == 1
    page = text(auditor.get(reverse("audit:verification")))
    assert "All of it holds" in page
    assert "Not anchored" in page
    assert "casemgr (worker) verified the trail" in text(auditor.get("/trail/"))


def test_what_is_wrong_is_read_on_the_page(committed_db, people, sign_in):
    auditor = sign_in(people.auditor)
    with guards_off():
        sql("UPDATE staff_user SET is_active = false WHERE id = %s", people.analyst.pk)
    auditor.post(reverse("audit:request_verification"))
    jobs.work_off()
    page = text(auditor.get(reverse("audit:verification")))
    assert "Something is wrong" in page
    assert "column is_active says “false”" in page
