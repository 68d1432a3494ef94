"""The queue and its pages: what a person sees, may press, and gets to next."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Account
from apps.alerts import actions
from apps.alerts.models import Alert, AlertGroup, Batch, Detector, Rejection
from apps.audit.models import Event
from tests.alerts.conftest import alert, alerts, cluster

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups(receive):
    """Three groups, the most urgent first: a ring of twelve accounts, then two single accounts."""
    receive(cluster("ring", [f"acct_r{n}" for n in range(12)], severity=4, title="A ring"))
    receive(alert(source_ref="b", subject={"type": "account", "accounts": ["b"]}, severity=3, title="The second"))
    receive(alert(source_ref="c", subject={"type": "account", "accounts": ["c"]}, severity=1, title="The third"))
    return list(AlertGroup.objects.order_by("-priority"))


def event_of(group) -> str:
    return Event.objects.filter(object_id=group.pk).latest("id").action


def test_the_queue_shows_groups_by_priority_with_their_reasons(sign_in, people, groups):
    page = sign_in(people.analyst).get("/queue/")
    text = page.content.decode()
    assert [row.title for row in page.context["page"]] == ["A ring", "The second", "The third"]
    assert "12 accounts appear together" in text
    assert "What speaks against it" in text
    assert page.context["group"] == groups[0]


def test_a_group_becomes_a_case_with_one_key(sign_in, people, groups):
    calibration = {"calibration_n": 300, "calibration_false_positives": 7, "calibrated_on": "2026-04-27"}
    actions.change_detector(Detector.objects.get(), by=people.admin, **calibration)
    client = sign_in(people.analyst)
    assert f'action="/queue/{groups[0].pk}/case/"' in client.get("/queue/").content.decode()
    client.post(f"/queue/{groups[0].pk}/case/", {"title": groups[0].title})
    groups[0].refresh_from_db()
    assert groups[0].state == "escalated"
    assert [g.title for g in client.get("/queue/?view=in_case").context["page"]] == ["A ring"]


def test_the_chosen_row_shows_in_the_preview(sign_in, people, groups):
    page = sign_in(people.analyst).get("/queue/", {"selected": str(groups[2].pk)})
    assert page.context["group"] == groups[2]
    fragment = sign_in(people.analyst).get(f"/queue/{groups[1].pk}/preview/").content.decode()
    assert "The second" in fragment
    assert "<html" not in fragment


def test_filters_live_in_the_address(sign_in, people, groups):
    client = sign_in(people.analyst)

    def titles(query: str) -> list[str]:
        return [row.title for row in client.get(f"/queue/?{query}").context["page"]]

    assert titles("severity=3") == ["A ring", "The second"]
    assert titles("kind=linkage") == ["A ring"]
    assert titles("q=second") == ["The second"]
    assert titles("accounts=2") == ["A ring"]
    assert titles("detector=tidegauge") == ["A ring", "The second", "The third"]
    assert titles("drill=only") == []
    assert titles("view=mine") == []
    assert titles("severity=nonsense") == ["A ring", "The second", "The third"]
    assert b"Show the whole queue" in client.get("/queue/?q=nothing").content
    assert client.get("/queue/?after=rubbish").status_code == 404


def test_an_empty_queue_says_so(sign_in, people):
    assert b"Nothing waits" in sign_in(people.analyst).get("/queue/").content


def test_claim_keeps_the_group_in_view_and_release_gives_it_back(sign_in, people, groups):
    client = sign_in(people.analyst)
    answer = client.post(f"/queue/{groups[1].pk}/claim/", {"back": "view=free&severity=1&selected=x"})
    assert answer.status_code == 303
    assert answer["Location"] == f"/queue/?view=free&severity=1&selected={groups[1].pk}"
    groups[1].refresh_from_db()
    assert (groups[1].state, groups[1].claimed_by) == ("claimed", people.analyst)
    assert event_of(groups[1]) == "alerts.claim"
    assert [g.title for g in client.get("/queue/?view=mine").context["page"]] == ["The second"]
    client.post(f"/queue/{groups[1].pk}/release/")
    groups[1].refresh_from_db()
    assert (groups[1].state, groups[1].claimed_by) == ("open", None)


def test_who_comes_second_is_told(sign_in, people, groups):
    sign_in(people.analyst).post(f"/queue/{groups[0].pk}/claim/")
    answer = sign_in(people.analyst2).post(f"/queue/{groups[0].pk}/claim/", follow=True)
    assert b"Somebody else was quicker" in answer.content
    groups[0].refresh_from_db()
    assert groups[0].claimed_by == people.analyst


def test_only_the_holder_decides_and_a_lead_may_give_back(sign_in, people, groups):
    actions.claim(groups[0], by=people.analyst)
    other = sign_in(people.analyst2)
    page = other.get(f"/queue/{groups[0].pk}/").content.decode()
    for name in ("claim", "dismiss", "release"):
        assert reverse(f"alerts:{name}", args=[groups[0].pk]) not in page
    assert other.post(f"/queue/{groups[0].pk}/dismiss/", {"dismissal": "benign"}).status_code == 403
    sign_in(people.lead).post(f"/queue/{groups[0].pk}/release/")
    groups[0].refresh_from_db()
    assert groups[0].state == "open"


def test_dismissing_needs_a_reason_and_leads_to_the_next_row(sign_in, people, groups):
    client = sign_in(people.analyst)
    address = f"/queue/{groups[0].pk}/dismiss/"
    assert b"12</span> accounts leaves the queue" in client.get(address).content
    bare = client.post(address, {})
    assert bare.status_code == 422
    assert b"This field is required" in bare.content
    done = client.post(address, {"dismissal": "authorised", "note": "a research agreement", "back": "view=free"})
    assert (done.status_code, done["Location"]) == (303, "/queue/?view=free")
    assert client.get("/queue/?view=free").context["group"] == groups[1]
    groups[0].refresh_from_db()
    assert (groups[0].state, groups[0].dismissal_note) == ("dismissed", "a research agreement")
    dismissed = client.get("/queue/?view=dismissed").content.decode()
    assert "Allowed by contract or programme" in dismissed
    assert ">Held by<" not in dismissed


def test_the_same_dialogs_by_htmx(sign_in, people, groups):
    client = sign_in(people.analyst, headers={"hx-request": "true"})
    address = f"/queue/{groups[0].pk}/dismiss/"
    fragment = client.get(address).content
    assert b"<html" not in fragment
    assert b"<h2>Dismiss this group</h2>" in fragment
    assert client.post(address, {}).status_code == 422
    done = client.post(address, {"dismissal": "benign"})
    assert (done.status_code, done["HX-Redirect"]) == (204, "/queue/")


def test_a_dismissal_is_taken_back_with_a_reason_unless_a_newer_group_waits(sign_in, people, groups, receive):
    actions.dismiss(groups[1], dismissal="benign", by=people.analyst)
    client = sign_in(people.analyst)
    client.post(f"/queue/{groups[1].pk}/reopen/", {"reason": "new facts"})
    groups[1].refresh_from_db()
    assert (groups[1].state, groups[1].dismissal) == ("open", "")
    actions.dismiss(groups[1], dismissal="benign", by=people.analyst)
    receive(alert(source_ref="b2", subject={"type": "account", "accounts": ["b"]}))
    refused = client.post(f"/queue/{groups[1].pk}/reopen/", {"reason": "again"})
    assert refused.status_code == 422
    assert b"A newer group of the same alerts waits" in refused.content


def test_next_hands_out_the_most_urgent_free_group(sign_in, people, groups):
    client = sign_in(people.analyst)
    first = client.post("/queue/next/", {"back": "view=mine"})
    assert first["Location"] == f"/queue/?view=mine&selected={groups[0].pk}"
    assert sign_in(people.analyst2).post("/queue/next/")["Location"].endswith(str(groups[1].pk))
    client.post("/queue/next/")
    assert b"Nothing waits in the queue" in client.post("/queue/next/", follow=True).content


def test_group_alert_and_accounts_read_well(sign_in, people, groups):
    client = sign_in(people.analyst)
    page = client.get(groups[0].get_absolute_url()).content.decode()
    assert "cluster:tidegauge:ring" in page
    assert "Honest use that its detectors mistake" not in page  # the detector was registered without any
    alert_page = client.get(groups[0].alerts.get().get_absolute_url()).content.decode()
    assert "not a finding" in alert_page
    assert "Never tried on innocent cases" in alert_page
    assert [a.ref for a in client.get(f"/queue/{groups[0].pk}/accounts/").context["page"]] == sorted(
        f"acct_r{n}" for n in range(12)
    )
    panel = client.get(f"/accounts/{Account.objects.get(ref='acct_r1').pk}/alerts/").content.decode()
    assert "A ring" in panel


def test_others_with_the_same_accounts_are_named(sign_in, people, groups, receive, register):
    actions.dismiss(groups[0], dismissal="authorised", by=people.analyst)
    receive(cluster("again", ["acct_r1", "acct_r2", "new"]), of=register("knotwork"))
    page = sign_in(people.analyst).get("/queue/", {"q": "again"}).content.decode()
    assert "A ring" in page
    assert "2</span> in common, dismissed: allowed by contract or programme" in page


def test_rejections_are_listed_with_their_bytes(sign_in, people, receive):
    receive(alert(source_ref="bad", severity=9, title="<script>alert(1)</script>"))
    client = sign_in(people.analyst)
    assert b"severity: a whole number of at most 4 is expected" in client.get("/rejections/").content
    assert list(client.get("/rejections/?code=other").context["page"]) == []
    page = client.get(Rejection.objects.get().get_absolute_url()).content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert client.get(Batch.objects.get().get_absolute_url()).status_code == 200
    assert [b.rejected for b in client.get("/batches/?rejected=true").context["page"]] == [1]


def test_an_administrator_registers_a_detector_and_its_key_is_shown_once(sign_in, people, client):
    admin = sign_in(people.admin)
    form = {
        "slug": "knotwork",
        "name": "Knotwork",
        "kind": "linkage",
        "owner": "Research",
        "calibration_n": 1000,
        "calibration_false_positives": 3,
        "calibrated_on": "2026-05-01",
        "known_false_positives": "reseller, office",
    }
    partial = admin.post("/detectors/register/", form | {"calibrated_on": ""})
    assert (partial.status_code, Detector.objects.count()) == (422, 0)
    assert b"A calibration has the number of cases" in partial.content
    admin.post("/detectors/register/", form)
    detector = Detector.objects.get()
    assert detector.known_false_positives == ["reseller", "office"]
    assert "0.30%" in admin.get("/detectors/").content.decode()
    again = admin.post("/detectors/register/", form)
    assert again.status_code == 422
    assert b"There is a" in again.content

    shown = admin.post(f"/detectors/{detector.pk}/keys/")
    key = shown.context["new_key_text"]
    assert key.encode() in shown.content
    assert "no-store" in shown["Cache-Control"]
    assert key.encode() not in admin.get(detector.get_absolute_url()).content
    headers = {"authorization": f"Bearer {key}"}
    body = json.dumps([alert(source="knotwork")])
    posted = client.post("/api/v1/alerts", body, content_type="application/json", headers=headers)
    assert posted.status_code == 201

    row = shown.context["new_key"]
    admin.post(f"/detectors/{detector.pk}/keys/{row.pk}/revoke/", {"reason": "leaked"})
    refused = client.post("/api/v1/alerts", body, content_type="application/json", headers=headers)
    assert refused.status_code == 401
    admin.post(f"/detectors/{detector.pk}/change/", {**form, "is_active": ""})
    detector.refresh_from_db()
    assert not detector.is_active
    assert admin.post(f"/detectors/{detector.pk}/keys/").status_code == 403


# Page, who sees it (200), who is a stranger to it (404), who sees the room but may not do this (403).
def pages(group, row, batch, rejection, detector) -> list[tuple[str, list[str], list[str], list[str]]]:
    casework = ["analyst", "lead", "counsel", "approver", "reviewer", "auditor"]
    readers = ["counsel", "approver", "reviewer", "auditor"]
    return [
        ("/queue/", casework, ["admin"], []),
        (f"/queue/{group.pk}/", casework, ["admin"], []),
        (f"/queue/{group.pk}/preview/", casework, ["admin"], []),
        (f"/queue/{group.pk}/accounts/", casework, ["admin"], []),
        (f"/queue/{group.pk}/dismiss/", ["analyst", "lead"], ["admin"], readers),
        (f"/alerts/{row.pk}/", casework, ["admin"], []),
        ("/batches/", [*casework, "admin"], [], []),
        (f"/batches/{batch.pk}/", [*casework, "admin"], [], []),
        ("/rejections/", [*casework, "admin"], [], []),
        (f"/rejections/{rejection.pk}/", [*casework, "admin"], [], []),
        ("/detectors/", [*casework, "admin"], [], []),
        (f"/detectors/{detector.pk}/", [*casework, "admin"], [], []),
        ("/detectors/register/", ["admin"], [], casework),
        (f"/detectors/{detector.pk}/change/", ["admin"], [], casework),
    ]


def test_every_page_asks_who_is_there(client, sign_in, people, groups, receive, detector):
    receive(alert(source_ref="bad", severity=9))
    table = pages(groups[0], Alert.objects.first(), Batch.objects.first(), Rejection.objects.get(), detector)
    clients = {person.email.partition("@")[0]: sign_in(person) for person in people.all()}
    for address, seen_by, strangers, forbidden in table:
        assert client.get(address).status_code == 302, address
        for status, names in ((200, seen_by), (404, strangers), (403, forbidden)):
            for name in names:
                assert clients[name].get(address).status_code == status, (address, name)


def test_a_reader_sees_no_button_and_may_not_post(sign_in, people, groups):
    group = groups[0]
    for person in (people.counsel, people.auditor):
        reader = sign_in(person)
        page = reader.get(group.get_absolute_url()).content.decode()
        assert 'data-key="' not in page.split("<main")[1]
        for name in ("claim", "release", "dismiss"):
            assert reader.post(reverse(f"alerts:{name}", args=[group.pk])).status_code == 403
        assert reader.post("/queue/next/").status_code == 403
    assert sign_in(people.admin).post(reverse("alerts:claim", args=[group.pk])).status_code == 404
    group.refresh_from_db()
    assert group.state == "open"


@pytest.mark.parametrize(
    "address", ["/queue/", "/batches/", "/rejections/", "/detectors/", "/queue/{group}/", "/queue/{group}/accounts/"]
)
def test_lists_cost_the_same_number_of_queries_however_long(address, sign_in, people, receive, register):
    client = sign_in(people.auditor)
    receive([cluster("one", ["x1", "x2"]), alert(severity=9)])
    address = address.format(group=AlertGroup.objects.get().pk)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    receive([*alerts(15), *(alert(source_ref=f"bad{n}", severity=9) for n in range(9))])
    receive([cluster("one", ["x1", "x2", "x3"], source_ref=f"more-{n}") for n in range(9)])
    for n in range(4):
        register(f"detector-{n}")
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)
