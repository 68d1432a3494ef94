import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import Event
from apps.evidence.models import Item
from tests.evidence.conftest import LOG, ran

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
    upload = SimpleUploadedFile("report.pdf", b"", content_type="application/pdf")
    answer = sign_in(people.analyst).post("/evidence/collect/", form(file=upload))
    assert answer.status_code == 422
    assert "empty" in text(answer)
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
    run = ran(people)
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
    assert not item.custody.filter(kind="export").exists()


def copy(client, item):
    """What comes by the link that asking for a copy leads to, in a browser that is signed in nowhere."""
    asked = client.post(f"/evidence/{item.ref}/export/", {"purpose": "Expert"})
    assert asked.status_code == 303
    return Client().get(asked["Location"])


def test_a_copy_is_a_download_that_nothing_runs(people, sign_in, collect):
    content = b"<html><script>alert(1)</script></html>"
    item = collect(filename="page.html", chunks=content, kind="capture")
    answer = copy(sign_in(people.counsel), item)

    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert item.custody.get(kind="export").purpose == "Expert"


@pytest.mark.parametrize("filename", ['a"b;c.csv', "Prüfbericht 中文.csv"])
def test_a_strange_name_does_not_break_the_header(people, sign_in, collect, filename):
    item = collect(filename=filename)
    answer = copy(sign_in(people.analyst), item)
    header = answer["Content-Disposition"]
    assert header.startswith("attachment; filename")
    assert header.isascii()
    assert header.count('"') in (0, 2) or '\\"' in header


def test_no_copy_without_a_purpose(people, sign_in, item):
    answer = sign_in(people.analyst).post(f"/evidence/{item.ref}/export/", {"purpose": " "})
    assert answer.status_code == 422
    assert not item.custody.filter(kind="export").exists()


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
    assert client.post("/evidence/runs/new/?test=green-list", {}).status_code == 403
    assert not item.custody.filter(kind__in=["verify", "export"]).exists()
