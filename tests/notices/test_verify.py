"""Anybody asks whether a letter was issued, and learns no more than that. A changed byte is reported everywhere."""

import logging
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from apps.audit.models import Event
from apps.core import vault
from apps.evidence.models import StoredFile
from apps.notices import writing
from apps.notices.models import Notice
from apps.notices.views import verify
from tests import paper as on
from tests.notices.conftest import work_off

ASK = reverse("notices:verify")


def address(letter: Notice) -> str:
    return reverse("notices:verify_letter", args=[letter.verification_ref])


def compared(letter: Notice, file: bytes) -> str:
    answer = Client().post(address(letter), {"file": SimpleUploadedFile("letter.pdf", file)})
    assert answer.status_code == 200
    return answer.text


def damage(letter: Notice) -> None:
    """One byte of the file changes in the vault."""
    path = vault.path_of(letter.pdf_sha256)
    was = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(was[:100] + bytes([was[100] ^ 1]) + was[101:])


# --- what a stranger learns ------------------------------------------------------------------------------------------


def test_the_reference_says_issued_and_when(issued):
    page = Client().get(address(issued))
    assert page.status_code == 200
    assert "A letter with this reference was issued" in page.text
    assert date_format(issued.issued_at, "j F Y") in page.text
    assert "unaltered since" in page.text


def test_it_says_nothing_else(issued):
    text = Client().get(address(issued)).text
    secrets = [issued.ref, issued.case.ref, issued.account.ref, issued.appeal_code, issued.pdf_sha256, str(issued.pk)]
    secrets += [issued.get_kind_display(), issued.decision.ref, issued.issued_by.name, *issued.recipient.splitlines()]
    for secret in secrets:
        assert secret not in text, secret


@pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{plain}", "{spaced}"])
def test_however_it_is_typed(issued, typed):
    ref = issued.verification_ref
    typed = typed.format(ref, lower=ref.lower(), plain=ref.replace("-", ""), spaced=" ".join(ref))
    answer = Client().get(ASK, {"reference": typed})
    assert (answer.status_code, answer["Location"]) == (302, address(issued))


@pytest.mark.parametrize("reference", ["AAAAA-AAAAA", "x", "%2E%2E", "unknown", "'--", "\u00e9\u00df"])
def test_an_unknown_reference_says_so(issued, reference):
    answer = Client().get(f"{ASK}{reference}")
    assert answer.status_code == 404
    assert "We know of no letter with the reference" in answer.text


def test_a_letter_is_known_only_once_it_is_issued(issuing):
    assert issuing.verification_ref
    assert Client().get(address(issuing)).status_code == 404


def test_the_way_in_asks_for_the_reference(db):
    assert "Type it here" in Client().get(ASK).text
    assert Client().get(ASK, {"reference": ""}).status_code == 422


def test_the_number_and_the_code_of_a_letter_are_no_reference(issued):
    for other in (issued.ref, issued.appeal_code, str(issued.pk)):
        assert Client().get(f"{ASK}{other}").status_code == 404


def test_nothing_is_kept_on_the_way(issued):
    for answer in (Client().get(address(issued)), Client().get(ASK), Client().get(f"{ASK}AAAAA-AAAAA")):
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]
        assert "<script" not in answer.text


def test_asking_leaves_nothing_in_the_trail(issued):
    before = Event.objects.count()
    Client().get(address(issued))
    compared(issued, b"a file")
    assert Event.objects.count() == before


def test_asking_is_slowed_down(issued, settings):
    settings.ACCOUNT_RATE_LIMITS = {"verify_letter": "3/m/ip"}
    answers = [Client().get(f"{ASK}AAAAA-AAAA{n}").status_code for n in range(2, 6)]
    assert answers == [404, 404, 404, 429]
    assert Client().get(address(issued)).status_code == 429
    assert Client().post(address(issued), {"file": SimpleUploadedFile("a", b"a")}).status_code == 429


# --- a file that somebody brings -------------------------------------------------------------------------------------


def test_the_very_file_is_told_from_every_other(issued):
    file = vault.read(issued.pdf_sha256)
    assert "Your file is the one that was issued" in compared(issued, file)
    for other in (file + b"\n", file[:-1], b"", file.replace(b"e", b"3", 1)):
        assert "Your file is not the one that was issued" in compared(issued, other)


def test_a_file_too_large_is_refused_before_it_is_read(issued, monkeypatch):
    answer = Client().post(
        address(issued), b"x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(34 * 1024**2)
    )
    assert answer.status_code == 413
    assert "No letter of ours has more than 32 MB" in answer.text


def test_no_file_is_asked_for_again(issued):
    answer = Client().post(address(issued), {"else": "1"})
    assert answer.status_code == 422


def test_another_site_cannot_send_a_file(issued):
    client = Client(enforce_csrf_checks=True)
    assert client.post(address(issued), {"file": SimpleUploadedFile("a", b"a")}).status_code == 403


def test_nothing_of_the_file_is_kept(issued, settings, tmp_path):
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(incoming)
    before = {path for path in settings.VAULT_DIR.rglob("*") if path.is_file()}
    compared(issued, b"what somebody brings")
    assert not list(incoming.iterdir())
    assert {path for path in settings.VAULT_DIR.rglob("*") if path.is_file()} == before


# --- one changed byte ------------------------------------------------------------------------------------------------


@pytest.fixture
def damaged(issued: Any) -> Notice:
    damage(issued)
    return issued


def test_the_public_page_reports_it(damaged):
    page = Client().get(address(damaged)).text
    assert "no longer exactly what was issued" in page
    assert "unaltered since" not in page


def test_the_page_of_the_notice_reports_it(damaged, people, sign_in):
    page = sign_in(people.counsel).get(reverse("notices:notice", args=[damaged.pk])).content.decode()
    assert "The file in the vault is not what was issued" in page


def test_the_page_of_a_whole_one_does_not(issued, people, sign_in):
    page = sign_in(people.counsel).get(reverse("notices:notice", args=[issued.pk])).content.decode()
    assert "not what was issued" not in page
    assert issued.verification_ref in page


def test_nobody_gets_the_file(damaged, people, sign_in):
    client = sign_in(people.counsel)
    taken = client.get(reverse("notices:pdf", args=[damaged.pk]))
    shown = client.get(reverse("notices:preview", args=[damaged.pk]))
    assert (taken.status_code, shown.status_code) == (500, 503)
    for answer in (taken, shown):
        assert "not what was issued" in answer.content.decode()
        assert "application/pdf" not in answer["Content-Type"]


def test_nor_does_its_recipient(damaged):
    client = Client()
    client.post(reverse("appeals:letters"), {"number": damaged.ref, "code": damaged.appeal_code})
    answer = client.get(reverse("appeals:letter_file"))
    assert answer.status_code == 500
    assert "This file cannot be sent just now" in answer.content.decode()


def test_whoever_meets_it_tells_those_who_watch_the_vault(damaged, caplog, people, sign_in):
    with caplog.at_level(logging.CRITICAL):
        Client().get(address(damaged))
    assert f"the issued file {damaged.pdf_sha256} is not what it was" in caplog.text
    assert StoredFile.objects.get(pk=damaged.pdf_sha256).outcome == "damaged"
    assert damaged.pdf_sha256[:8] in sign_in(people.auditor).get(reverse("evidence:fixity")).content.decode()


def test_a_file_that_is_gone_is_reported_too(issued, people, sign_in):
    vault.path_of(issued.pdf_sha256).unlink()
    assert "no longer exactly what was issued" in Client().get(address(issued)).text
    assert sign_in(people.counsel).get(reverse("notices:pdf", args=[issued.pk])).status_code == 500
    assert StoredFile.objects.get(pk=issued.pdf_sha256).outcome == "missing"


# --- on paper --------------------------------------------------------------------------------------------------------


def test_the_letter_leads_there(issuing):
    work_off()
    issuing.refresh_from_db()
    link = f"https://appeals.northlight.example/verify/{issuing.verification_ref}"
    file = vault.read(issuing.pdf_sha256)
    assert link in on.links(file)
    assert f"QR code that leads to {link}" in on.figures(file)
    assert verify.issued_as(link.rpartition("/")[2]) == issuing


def test_a_draft_leads_nowhere(draft):
    file = writing.to_pdf(draft, writing.facts_of(draft))
    assert not any("/verify/" in link for link in on.links(file))
    assert not on.figures(file)
