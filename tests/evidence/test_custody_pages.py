"""Custody as people see it: what waits, what they may do about it, and the sheet on paper."""

import re

import pytest
from django.utils import timezone

from apps.audit.models import Event
from apps.evidence import actions, sheet
from apps.evidence.models import Item, Proposal
from tests import paper

WHY = {"reason": "For the court"}


def text(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


@pytest.fixture(autouse=True)
def own_vault(settings, tmp_path):
    settings.VAULT_DIR = tmp_path


def test_an_item_is_handed_over_from_page_to_page(people, sign_in, collect):
    item = collect()
    giver, taker = sign_in(people.analyst), sign_in(people.counsel)
    page = f"/evidence/{item.ref}/"
    form = text(giver.get(f"{page}hand-over/"))
    assert "Cora Counsel" in form
    assert "Rhea Reviewer" not in form  # her role has no items
    assert "Ada Analyst</option>" not in form  # nobody hands over to themselves

    giver.post(f"{page}hand-over/", {"to": people.counsel.pk, "authority": "Order 12", **WHY})
    assert "Evidence that waits for you" in text(taker.get("/"))
    assert "Accept it" in text(taker.get(page))
    assert "Accept it" not in text(giver.get(page))
    answer = taker.post(f"/evidence/proposals/{Proposal.objects.get().pk}/accept/", follow=True)
    assert "Cora Counsel answers for it" in text(answer)
    assert "Evidence that waits for you" not in text(taker.get("/"))


def test_disposing_takes_two_people_and_says_what_is_left(people, sign_in, collect):
    item = collect()
    sign_in(people.analyst).post(f"/evidence/{item.ref}/dispose/", WHY)
    proposal = Proposal.objects.get()
    counsel = sign_in(people.counsel)
    assert "removed from the vault for ever" in text(counsel.get(f"/evidence/{item.ref}/"))
    address = f"/evidence/proposals/{proposal.pk}/dispose/"
    answer = counsel.post(address, {"typed": "EV-2026-9999"})
    assert answer.status_code == 422
    assert f"This is not {item.ref}. Type it exactly: this cannot be undone." in text(answer)
    answer = counsel.post(address, {"typed": item.ref}, follow=True)
    assert "Disposed of. The record, the hashes and the chain of custody below are what is kept." in text(answer)
    assert "Take a copy" not in text(answer)
    assert item.sha512 in text(answer)


def test_a_refusal_without_words_is_explained(people, sign_in, collect):
    proposal = actions.hand_over(collect(), to=people.counsel, by=people.analyst, **WHY)
    counsel = sign_in(people.counsel)
    assert counsel.post(f"/evidence/proposals/{proposal.pk}/refuse/", {"reason": " "}).status_code == 422
    counsel.post(f"/evidence/proposals/{proposal.pk}/refuse/", {"reason": "I am away"})
    proposal.refresh_from_db()
    assert (proposal.state, proposal.answer) == ("refused", "I am away")


def test_somebody_was_quicker(people, sign_in, collect):
    proposal = actions.propose_release(collect(), recipient="Court", by=people.analyst, **WHY)
    actions.release(proposal, by=people.lead)
    answer = sign_in(people.counsel).post(f"/evidence/proposals/{proposal.pk}/release/")
    assert answer.status_code == 403


def test_a_sealed_item_offers_no_copy(people, sign_in, collect):
    item = collect()
    sign_in(people.counsel).post(f"/evidence/{item.ref}/seal/", {**WHY, "authority": "Order 12"})
    counsel, address = sign_in(people.counsel), f"/evidence/{item.ref}/"
    assert "Sealed: the file can be measured" not in text(counsel.get(address)), "it asks why, first"
    page = text(counsel.post(address, {"reason": "to prepare the hearing"}, follow=True))
    assert "Sealed: the file can be measured" in page
    assert "Take a copy" not in page
    assert "Ask to unseal it" in page


def test_a_suspicious_file_is_seen_with_its_reason_and_cleared_with_words(people, sign_in, collect):
    item = collect(filename="report.pdf", chunks=b"MZ\x90\x00 a program")
    lead = sign_in(people.lead)
    for address in ("/", "/evidence/quarantine/", f"/evidence/{item.ref}/"):
        assert "ends in .pdf" in text(lead.get(address)), address
    assert "Clear it" not in text(sign_in(people.analyst).get(f"/evidence/{item.ref}/"))
    assert "It is a program" in text(lead.get(f"/evidence/{item.ref}/clear/"))
    lead.post(f"/evidence/{item.ref}/clear/", {"reason": "The sample that we asked for"})
    assert "Nothing is in quarantine" in text(lead.get("/evidence/quarantine/"))
    page = text(lead.get(f"/evidence/{item.ref}/"))
    assert "The sample that we asked for" in page
    assert "ends in .pdf" in page  # what spoke against it stays


def test_what_is_made_of_an_item_is_shown_both_ways(people, sign_in, collect):
    from django.core.files.uploadedfile import SimpleUploadedFile

    item, analyst = collect(), sign_in(people.analyst)
    upload = SimpleUploadedFile("names-removed.csv", b"x,12\n")
    form = {"file": upload, "derived": "redacted", "title": "Without names", "tool": "sed", "version": "4.9"}
    analyst.post(f"/evidence/{item.ref}/derive/", {**form, "tlp": "green", "parameters": "s/acct.*/x/"})
    made = Item.objects.get(parent=item)
    assert made.tlp == "green"
    assert f"{made.ref}</a> Without names: redacted with sed 4.9" in text(analyst.get(f"/evidence/{item.ref}/"))
    assert "There is a redacted copy" in text(analyst.get(f"/evidence/{item.ref}/"))
    assert "Redacted with sed 4.9: s/acct.*/x/" in text(analyst.get(f"/evidence/{made.ref}/"))
    analyst.post(f"/evidence/{item.ref}/normalise/")
    assert Item.objects.filter(parent=item, derived="normalised").exists()


def test_the_lead_measures_every_file_and_damage_reaches_home(people, sign_in, collect, damage):
    item = collect(chunks=b"damaged in the vault")
    damage(item)
    lead = sign_in(people.lead)
    assert "Not intact" not in text(lead.get("/evidence/fixity/"))
    assert "1 files are being measured" in text(lead.post("/evidence/fixity/start/", follow=True))
    from apps.core.models import Job
    from apps.evidence import tasks

    tasks.measure_files(Job.objects.get(kind="evidence.measure_files"))
    page = text(lead.get("/evidence/fixity/"))
    assert 'role="alert"' in page
    assert item.ref in page
    for person in (people.lead, people.admin):
        assert "Files that are not intact" in text(sign_in(person).get("/"))
    seen_by_admin = text(sign_in(people.admin).get("/evidence/fixity/"))
    assert "Not what it was" in seen_by_admin
    assert item.ref not in seen_by_admin  # which item it is is casework


def test_the_custody_sheet_holds_the_chain_and_conforms(people, sign_in, collect, damage):
    item = collect(title="Gateway log of March", chunks=b"on paper")
    actions.export_item(item, purpose="Comparison", recipient="Dr Weber", authority="Order 12", by=people.counsel)
    damage(item)
    actions.verify_item(item, by=people.lead)
    answer = sign_in(people.counsel).get(f"/evidence/{item.ref}/custody.pdf")

    assert answer["Content-Type"] == "application/pdf"
    assert paper.validate(answer.content) == []
    words = sheet.to_html(item, people.counsel, timezone.now())
    for expected in ("Gateway log of March", "Dr Weber", "Order 12", "Comparison", "Differs", "not what was collected"):
        assert expected in words, expected
    assert words.count(item.sha256) == 3  # of the item, and as measured at both entries before the damage
    assert Event.objects.filter(action="evidence.print_sheet", object_id=item.pk).count() == 1
