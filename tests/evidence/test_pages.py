import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from apps.audit.models import Event
from apps.evidence import actions
from apps.evidence.models import Item, TestRun
from tests.evidence.conftest import COUNTS, LOG

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture
def item(collect) -> Item:
    return collect()


def form(**values) -> dict:
    upload = SimpleUploadedFile("gateway.csv", LOG, content_type="application/pdf")
    usual = {"file": upload, "kind": "query_log", "title": "Gateway log", "origin": "The gateway", "tlp": "amber"}
    return usual | values


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_narrows_by_address(people, sign_in, collect):
    collect(title="March log", chunks=b"march", tlp="red")
    collect(title="April letter", chunks=b"april", kind="correspondence", filename="letter.txt")
    client = sign_in(people.analyst)

    assert "March log" in text(client.get("/evidence/"))
    assert "March log" not in text(client.get("/evidence/?kind=correspondence"))
    assert "April letter" not in text(client.get("/evidence/?tlp=red"))
    assert "April letter" in text(client.get("/evidence/?q=april"))
    assert "Nothing matches" in text(client.get("/evidence/?q=june"))


def test_an_item_is_found_by_its_hash_and_reference(people, sign_in, item):
    client = sign_in(people.analyst)
    assert item.title in text(client.get(f"/evidence/?q={item.sha256[:12].upper()}"))
    assert item.title in text(client.get(f"/evidence/?q={item.ref.lower()}"))


def test_an_empty_list_says_what_to_do(people, sign_in):
    assert "No evidence yet" in text(sign_in(people.analyst).get("/evidence/"))


def test_the_list_is_paged_by_key(people, sign_in, collect):
    for i in range(52):
        collect(title=f"Log {i:02}", chunks=f"log {i}".encode())
    client = sign_in(people.analyst)
    first = client.get("/evidence/")
    assert len(first.context["page"]) == 50
    second = client.get("/evidence/", {"after": first.context["page"].older})
    assert [row.title for row in second.context["page"]] == ["Log 01", "Log 00"]
    assert len(client.get("/evidence/", {"before": second.context["page"].newer}).context["page"]) == 50


# --- collecting ------------------------------------------------------------------------------------------------------


def test_collecting_by_hand(people, sign_in):
    answer = sign_in(people.analyst).post("/evidence/collect/", form(), follow=True)
    item = Item.objects.get()
    assert answer.redirect_chain == [(f"/evidence/{item.ref}/", 302)]
    assert "text/plain" in text(answer)  # as sniffed, whatever the browser said
    assert item.byte_size == len(LOG)


def test_a_refused_upload_is_explained_beside_the_form(people, sign_in):
    upload = SimpleUploadedFile("report.pdf", b"MZ a program", content_type="application/pdf")
    answer = sign_in(people.analyst).post("/evidence/collect/", form(file=upload))
    assert answer.status_code == 422
    assert "ends in .pdf" in text(answer)
    assert not Item.objects.exists()


@pytest.mark.parametrize("missing", ["file", "title", "origin"])
def test_what_is_left_out_is_asked_for(people, sign_in, missing):
    values = form()
    del values[missing]
    answer = sign_in(people.analyst).post("/evidence/collect/", values)
    assert answer.status_code == 422
    assert answer.context["form"].errors[missing]


# --- one item --------------------------------------------------------------------------------------------------------


def test_looking_is_recorded_once_in_five_minutes(people, sign_in, item):
    client = sign_in(people.lead)
    client.get(f"/evidence/{item.ref}/")
    client.get(f"/evidence/{item.ref}/")
    assert item.custody.filter(kind="view", actor=people.lead.actor).count() == 1

    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        client.get(f"/evidence/{item.ref}/")
    assert item.custody.filter(kind="view").count() == 2
    assert Event.objects.filter(action="evidence.open_item").count() == 2


def test_who_looks_at_a_run_looks_at_its_item(people, sign_in):
    run = actions.run_test(test_id="green-list", suspect="Lantern 7B", inputs=COUNTS, by=people.analyst)
    sign_in(people.lead).get(f"/evidence/runs/{run.ref}/")
    assert run.item.custody.filter(kind="view", actor=people.lead.actor).count() == 1


def test_what_is_marked_red_asks_why(people, sign_in, collect):
    item = collect(tlp="red")  # by the analyst, who knows why
    assert item.sha512 in text(sign_in(people.analyst).get(f"/evidence/{item.ref}/"))
    client, address = sign_in(people.lead), f"/evidence/{item.ref}/"
    page = text(client.get(address))
    assert "Why do you look?" in page
    assert item.sha512 not in page
    assert item.sha512 in text(client.post(address, {"reason": "Reviewing the finding"}, follow=True))
    seen = item.custody.get(kind="view", actor=people.lead.actor)
    assert seen.purpose == "Reviewing the finding"  # the chain says it too
    assert Event.objects.get(object_id=seen.pk).reason == "Reviewing the finding"
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert item.sha512 in text(client.get(address))
    assert [look.purpose for look in item.custody.filter(actor=people.lead.actor)] == ["Reviewing the finding"] * 2


def test_the_page_shows_the_chain(people, sign_in, item):
    page = text(sign_in(people.lead).get(f"/evidence/{item.ref}/"))
    assert "Collected" in page
    assert "Ada Analyst" in page
    assert item.sha512 in page


def test_verifying_says_what_was_found(people, sign_in, item):
    answer = sign_in(people.analyst).post(f"/evidence/{item.ref}/verify/", follow=True)
    assert "byte for byte what was collected" in text(answer)


def test_damage_is_said_loudly_and_stops_copies(people, sign_in, collect, damage):
    item = collect(chunks=b"this one will be damaged")
    damage(item)
    client = sign_in(people.analyst)

    page = text(client.get(f"/evidence/{item.ref}/"))
    assert 'role="alert"' in page
    assert "is not what was collected" in page
    assert "Take a copy" not in page

    answer = client.post(f"/evidence/{item.ref}/export/", {"purpose": "Court"})
    assert answer.status_code == 422
    assert "No copy was made" in text(answer)
    assert item.custody.filter(kind="export", intact=False).exists()


def test_a_copy_is_a_download_that_nothing_runs(people, sign_in, collect):
    content = b"<html><script>alert(1)</script></html>"
    item = collect(filename="page.html", chunks=content, kind="capture")
    answer = sign_in(people.counsel).post(f"/evidence/{item.ref}/export/", {"purpose": "Expert"})

    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert item.custody.get(kind="export").purpose == "Expert"


@pytest.mark.parametrize("filename", ['a"b;c.csv', "Prüfbericht 中文.csv"])
def test_a_strange_name_does_not_break_the_header(people, sign_in, collect, filename):
    item = collect(filename=filename)
    answer = sign_in(people.analyst).post(f"/evidence/{item.ref}/export/", {"purpose": "Expert"})
    header = answer["Content-Disposition"]
    assert header.startswith("attachment; filename")
    assert header.isascii()
    assert header.count('"') in (0, 2) or '\\"' in header


def test_no_copy_without_a_purpose(people, sign_in, item):
    answer = sign_in(people.analyst).post(f"/evidence/{item.ref}/export/", {"purpose": " "})
    assert answer.status_code == 422
    assert not item.custody.filter(kind="export").exists()


# --- test runs -------------------------------------------------------------------------------------------------------


def counts(**values) -> dict:
    flat = COUNTS | COUNTS["validation"] | {"suspect": "Lantern 7B", "key_secret": "unknown", "distinct": "on"}
    del flat["validation"]
    return flat | values


def test_running_a_test_by_hand(people, sign_in):
    answer = sign_in(people.analyst).post("/evidence/runs/new/", counts(submitted_p="0.001"), follow=True)
    run = TestRun.objects.get()
    page = text(answer)
    assert answer.redirect_chain == [(f"/evidence/runs/{run.ref}/", 302)]
    assert run.result["sentence"].split(". ")[-1] in page
    assert "Submitted p_value 0.001" in page
    assert "Exploratory" in page
    assert run.item.ref in page
    assert escape(run.result["p_text"]) in page


def test_the_run_by_hand_is_the_run_by_action(people, sign_in):
    sign_in(people.analyst).post("/evidence/runs/new/", counts())
    by_action = actions.run_test(test_id="green-list", suspect="Lantern 7B", inputs=COUNTS, by=people.analyst)
    by_action.refresh_from_db()
    by_hand = TestRun.objects.exclude(pk=by_action.pk).get()
    assert by_hand.inputs_sha256 == by_action.inputs_sha256
    assert by_hand.result == by_action.result


@pytest.mark.parametrize(
    "wrong", [{"green": 50_000}, {"gamma": 1}, {"scored": ""}, {"scored": 10**30}, {"detected": 21}]
)
def test_counts_that_cannot_be_are_explained(people, sign_in, wrong):
    answer = sign_in(people.analyst).post("/evidence/runs/new/", counts(**wrong))
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not TestRun.objects.exists()


def test_the_extremes_are_computed(people, sign_in):
    client = sign_in(people.analyst)
    for extreme in ({"scored": 1, "green": 1}, {"green": 0}, {"scored": 10**9, "green": 9 * 10**8}):
        assert client.post("/evidence/runs/new/", counts(**extreme), follow=True).status_code == 200
    assert "Lantern 7B" in text(client.get("/evidence/runs/"))


# --- who may ---------------------------------------------------------------------------------------------------------


def test_a_stranger_finds_nothing(people, sign_in, item):
    client = sign_in(people.admin)
    for address in ("/evidence/", f"/evidence/{item.ref}/", "/evidence/runs/", "/evidence/collect/"):
        assert client.get(address).status_code == 404, address
    assert client.post(f"/evidence/{item.ref}/verify/").status_code == 404
    assert client.post(f"/evidence/{item.ref}/export/", {"purpose": "x"}).status_code == 404


def test_who_may_only_read_sees_no_button_and_is_refused(people, sign_in, item):
    client = sign_in(people.reviewer)
    page = text(client.get(f"/evidence/{item.ref}/"))
    assert "Verify the file" not in page
    assert "Take a copy" not in page
    assert "Collect evidence" not in text(client.get("/evidence/")).replace("No evidence yet", "")
    for name in ("verify_item", "export_item"):
        answer = client.post(reverse(f"evidence:{name}", args=[item.ref]), {"purpose": "x"})
        assert answer.status_code == 403, name
    assert client.get("/evidence/collect/").status_code == 403
    assert client.post("/evidence/runs/new/", counts()).status_code == 403
    assert not item.custody.filter(kind__in=["verify", "export"]).exists()
