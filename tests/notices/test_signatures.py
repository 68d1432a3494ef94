"""An issued letter is signed: what it waits for, what is kept of the signature, and what the file proves by itself."""

from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import pem
from pyhanko.pdf_utils.reader import PdfFileReader
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from apps.audit import signatures
from apps.audit.principals import System
from apps.core import vault
from apps.core.models import Job
from apps.notices import writing
from apps.notices.actions import render_notice
from tests import paper as on
from tests import signed
from tests.audit.anchors.conftest import authority, made_at_once  # noqa: F401 - fixtures
from tests.audit.anchors.outside import Authority
from tests.notices.conftest import work_off


@pytest.fixture
def letter(issuing: Any) -> Any:
    work_off()
    issuing.refresh_from_db()
    assert issuing.state == "issued"
    return issuing


def test_the_file_proves_whose_it_is(letter):
    file = vault.read(letter.pdf_sha256)
    assert signed.status(file).bottom_line
    assert (letter.signature_level, letter.signed_with) == ("B-B", signed.status(file).signing_cert.sha256.hex())
    assert on.validate(file) == []


def test_the_rendering_can_be_made_again_to_the_byte(letter):
    again = writing.to_pdf(letter, writing.facts_of(letter))
    assert sha256(again).hexdigest() == letter.unsigned_sha256
    assert vault.read(letter.pdf_sha256).startswith(again)


def test_a_draft_can_not_be_signed(draft):
    with pytest.raises(ValueError, match="no empty signature field"):
        signatures.issue(writing.to_pdf(draft, writing.facts_of(draft)))


def test_without_its_signer_a_letter_waits_and_then_goes_out_by_itself(issuing, settings, tmp_path):
    settings.DOCUMENT_SIGNER_SOCKET = str(tmp_path / "nobody")
    work_off()
    issuing.refresh_from_db()
    job = Job.objects.get(kind="notices.render")
    assert (issuing.state, job.state, job.attempts) == ("issuing", "waiting", 0)
    assert "Not yet signed. The document signer does not answer" in job.last_error
    settings.DOCUMENT_SIGNER_SOCKET = ""
    work_off()
    issuing.refresh_from_db()
    assert issuing.state == "issued"


def test_the_page_says_what_a_letter_waits_for(issuing, settings, tmp_path, people, sign_in):
    settings.DOCUMENT_SIGNER_SOCKET = str(tmp_path / "nobody")
    work_off()
    Job.objects.filter(kind="notices.render").update(created_at="2026-01-01T00:00Z")
    page = sign_in(people.counsel).get(f"/notices/{issuing.pk}/").content.decode()
    assert "Not yet signed. The document signer does not answer" in page


def test_an_authority_stamps_the_time(issuing, authority):  # noqa: F811
    work_off()
    issuing.refresh_from_db()
    file = vault.read(issuing.pdf_sha256)
    assert issuing.signature_level == "B-T"
    assert authority.got
    _, _, root = pem.unarmor(authority.roots.read_bytes())
    status = signed.status(file, root)
    assert status.bottom_line
    assert status.timestamp_validity.valid
    assert status.timestamp_validity.trusted
    assert on.validate(file) == []


@pytest.mark.parametrize("how", ["away", "another stamp", "untrusted"])
def test_without_a_good_stamp_a_letter_waits(issuing, authority, settings, tmp_path, how):  # noqa: F811
    if how == "away":
        authority.is_down = True
    elif how == "another stamp":
        authority.plan.append((200, authority.stamp(_another_question())))
    else:
        other = Authority(tmp_path / "other")
        settings.TRAIL_TIMESTAMP_ROOTS = str(other.roots)
        other.shutdown()
        other.server_close()
    work_off()
    issuing.refresh_from_db()
    job = Job.objects.get(kind="notices.render")
    assert (issuing.state, job.state) == ("issuing", "waiting")
    assert "Its signature has no time stamp yet." in job.last_error


def test_whoever_was_killed_before_the_record_was_written_does_not_sign_again(
    made_at_once,  # noqa: F811
    issuing,
    authority,  # noqa: F811
    monkeypatch,
    settings,
    django_capture_on_commit_callbacks,
):
    before = set(_files(settings.VAULT_DIR))
    with monkeypatch.context() as patched:
        patched.setattr("apps.notices.actions.letters.ledger.change", _killed)
        with pytest.raises(KeyboardInterrupt):
            render_notice(issuing, by=System("worker"))
    with django_capture_on_commit_callbacks(execute=True):
        render_notice(issuing, by=System("worker"))
    assert len(authority.got) == 1
    assert set(_files(settings.VAULT_DIR)) - before == {issuing.pdf_sha256}


def _files(vault_dir: Path) -> list[str]:
    return [path.name for path in vault_dir.rglob("*") if path.is_file()]


def _killed(*args: Any, **values: Any) -> None:
    raise KeyboardInterrupt


def _another_question() -> bytes:
    return TimestampRequestBuilder().data(b"else").hash_algorithm(HashAlgorithm.SHA256).build().as_bytes()


def test_the_signature_tells_nothing_that_the_letter_does_not(letter):
    (signature,) = PdfFileReader(BytesIO(vault.read(letter.pdf_sha256))).embedded_signatures
    said = {str(name) for name in signature.sig_object}
    assert said == {"/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M", "/Reason"}
