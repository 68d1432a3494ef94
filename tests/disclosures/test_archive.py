"""A released report is signed for the archive (PAdES B-LTA): what it waits for, and what others than its maker say.

The signer and the time-stamping authority have certificates of two registers on this machine, which say over HTTP what
they revoked.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from apps.audit.principals import System
from apps.core import paper, signing, vault
from apps.core.models import Job
from apps.core.signing import revocation
from apps.disclosures import actions
from apps.disclosures.actions import files_of, reports
from apps.disclosures.bates import copies
from tests import archived, signed
from tests import paper as on
from tests.audit.anchors.conftest import authority, made_at_once  # noqa: F401 - fixtures
from tests.audit.anchors.outside import Answer, Handler, redirect
from tests.audit.anchors.register import Register, certify_stamps, key_file
from tests.notices.conftest import work_off

DEVIATION = "SIGNATURE-BYTERANGE-001"


class Registers(NamedTuple):
    signers: Register
    stamps: Register

    @property
    def roots(self) -> list[Any]:
        return [self.signers.root, self.stamps.root]


@pytest.fixture
def registers(authority: Any, settings: Any, tmp_path: Path) -> Iterator[Registers]:  # noqa: F811
    found = Registers(Register("Root of signers"), Register("Root of stamps"))
    settings.DOCUMENT_KEY_FILE = key_file(found.signers, tmp_path / "documents.pem", days=5)
    certify_stamps(found.stamps, authority, days=30)
    settings.REVOCATION_HOSTS = ["127.0.0.1"]
    yield found
    for register in found:
        register.shutdown()
        register.server_close()


@pytest.fixture
def whole(draft: Any, people: Any) -> Any:
    """A report that is being released, with all its pages. These take seconds to set, and as long to validate."""
    actions.release_report(draft, by=people.approver)
    return draft


@pytest.fixture
def whole_report(registers: Registers, whole: Any) -> Any:
    return made(whole)


@pytest.fixture
def releasing(whole: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Any:
    """One of a single page, for tests of its signature. Its bytes are those of other tests' ones, whose signatures
    must not be found: what is held of them is held elsewhere."""
    settings.VAULT_DIR = tmp_path / "vault"
    monkeypatch.setattr(reports, "files_of", lambda report: {"report.pdf": single_page()})
    return whole


@cache
def single_page() -> bytes:
    html = "<html lang=en><title>Report</title><h1>Report</h1><p>What it says is on its other pages.</p>"
    return paper.to_pdf(
        html,
        sheet="report",
        title="Report",
        created=datetime(2026, 5, 12, tzinfo=UTC),
        signature_field=True,
        archive_field=True,
    )


@pytest.fixture
def report(registers: Registers, releasing: Any) -> Any:
    return made(releasing)


def made(report: Any) -> Any:
    work_off()
    report.refresh_from_db()
    return report


def file(report: Any) -> bytes:
    assert report.state == "released"
    return vault.read(report.files[0]["sha256"])


def what_it_waits_for(report: Any) -> str:
    assert made(report).state == "releasing"
    job = Job.objects.get(kind="disclosures.render")
    assert (job.state, job.attempts) == ("waiting", 0)
    return job.last_error


# --- what judges say of it -------------------------------------------------------------------------------------------


def test_a_report_proves_itself_from_the_file_alone(whole_report, registers):
    assert whole_report.files[0]["signature_level"] == "B-LTA"
    assert archived.judged(file(whole_report), registers.roots) is AdESPassed.OK


def test_it_holds_when_the_certificate_of_its_signer_has_ended(report, registers):
    """Then only the authority can still be asked, whose certificate has not ended."""
    pdf, later = file(report), timedelta(days=10)
    at, lists = datetime.now(UTC) + later, [registers.stamps.revoked_list(age=-later)]
    assert archived.judged(pdf, registers.roots, at=at, lists=lists) is AdESPassed.OK
    before = pdf[: archived.end(archived.signatures(pdf)[0])]
    said = archived.judged(before, registers.roots, at=at, lists=lists)
    assert isinstance(said, AdESIndeterminate), "the signature and its time stamp alone do not"


def test_what_verifies_it_later_is_in_the_file(report, registers):
    store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(file(report))))
    names = {certificate.subject.human_friendly.partition(": ")[2] for certificate in store.load_certs()}
    others = {"Root of signers", "Responder: Root of signers", "Stamps of a test", "Root of stamps"}
    assert names == {"Northlight AI Ltd"} | others
    assert (len(store.ocsps), len(store.crls)) == (1, 1), "a responder for the signer, a list for the authority"


def test_the_archive_time_stamp_covers_the_whole_file(report):
    pdf = file(report)
    signature, stamp = archived.signatures(pdf)
    assert (signature.field_name, stamp.field_name) == ("Signature", "Archive time stamp")
    assert stamp.sig_object["/SubFilter"] == "/ETSI.RFC3161"
    assert stamp.evaluate_signature_coverage().name == "ENTIRE_FILE"
    assert archived.end(stamp) == len(pdf)


def test_openssl_agrees(report, registers, tmp_path):
    pdf = file(report)
    signature, stamp = archived.signatures(pdf)
    assert "CMS Verification successful" in archived.openssl_agrees(pdf, signature, registers.signers.root, tmp_path)
    assert "Verification: OK" in archived.openssl_agrees(pdf, stamp, registers.stamps.root, tmp_path)
    assert "OK" not in archived.openssl_agrees(b"%" + pdf[1:-1] + b"x", stamp, registers.stamps.root, tmp_path)


@pytest.mark.skipif(not shutil.which("pdfsig"), reason="pdfsig of poppler-utils, another judge, is not installed")
def test_poppler_agrees(report, tmp_path):
    (tmp_path / "report.pdf").write_bytes(file(report))
    done = subprocess.run(["pdfsig", "report.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False)
    signature, stamp = done.stdout.split("Signature #")[1:]
    assert "Signature Validation: Signature is Valid." in signature
    assert "Total document signed" in stamp


def test_one_changed_byte_breaks_it(report, registers):
    pdf = file(report)
    signature, stamp = archived.signatures(pdf)
    (first, second) = ([int(place) for place in each.byte_range] for each in (signature, stamp))
    inside = {
        "the rendering": first[1] // 2,
        "the signature": first[1] + 200,
        "what verifies it": (archived.end(signature) + second[1]) // 2,
        "the time stamp": second[1] + 400,
    }
    for part, place in inside.items():
        changed = bytearray(pdf)
        changed[place] ^= 1
        try:
            said = archived.judged(bytes(changed), registers.roots)
        except Exception:
            continue
        assert said is not AdESPassed.OK, part


# --- what it conforms to ---------------------------------------------------------------------------------------------


def test_it_begins_with_its_rendering_to_the_byte(whole_report):
    assert file(whole_report).startswith(next(iter(files_of(whole_report).values())))
    assert on.validate(next(iter(files_of(whole_report).values()))) == []


def test_the_revision_of_the_signature_conforms(whole_report):
    pdf = file(whole_report)
    assert on.validate(pdf[: archived.end(archived.signatures(pdf)[0])]) == []


def test_with_the_archive_time_stamp_the_validator_says_one_thing_and_is_wrong(whole_report):
    """It wants the ByteRange of the first signature to cover what was added after it, which no signature can. ISO
    32000-2 and PAdES mean the file as it was signed, and veraPDF, the reference, measures each to the end of its own
    revision (its issues 917 and 1493). Told that this one covers all, it says nothing more: nothing else hides behind.
    """
    pdf = file(whole_report)
    (said,) = on.validate(pdf)
    assert f"PDFA3A-{DEVIATION}" in said
    assert on.validate(_said_to_cover_all(pdf)) == []


def test_its_numbered_copy_is_as_if_nobody_had_signed_it(report):
    """Neither signature nor stamps, nor what verifies them; its structure stays."""
    numbers = copies.Numbers(1, "NAI-", "")
    with copies.stamped([file(report)], ours=True, title="", numbered=numbers) as copy:
        pdf = copy.file.read_bytes()
        assert copy.left_out[0] == "its signature"
    assert archived.signatures(pdf) == []
    assert not {"/DSS", "/AcroForm", "/Perms", "/AF"} & set(on.open_pdf(pdf).Root.keys())
    assert on.attachments(pdf) == {}
    assert on.validate(pdf) == []
    assert "NAI-0000001" in on.text(pdf)


def _said_to_cover_all(pdf: bytes) -> bytes:
    signature, _ = archived.signatures(pdf)
    first, length, second, rest = map(int, signature.byte_range)
    there = re.search(rb"/ByteRange \[%d %d %d %d\] *" % (first, length, second, rest), pdf)
    assert there
    whole = b"/ByteRange [%d %d %d %d]" % (first, length, second, len(pdf) - second)
    return pdf[: there.start()] + whole.ljust(len(there[0])) + pdf[there.end() :]


def test_a_certificate_that_ends_in_a_carriage_return_conforms(whole, registers, settings, tmp_path):
    """One in 256 does, and would read like a stream that ends a byte earlier."""
    unlucky = tmp_path / "unlucky.pem"
    while True:
        key = signing.FileKey(key_file(registers.signers, unlucky, days=5), name="")
        if key.certificates()[0].public_bytes(Encoding.DER).endswith(b"\r"):
            break
    settings.DOCUMENT_KEY_FILE = unlucky
    pdf = file(made(whole))
    assert b"/ASCIIHexDecode" in pdf
    (said,) = on.validate(pdf)
    assert DEVIATION in said
    assert archived.judged(pdf, registers.roots) is AdESPassed.OK


# --- what it waits for -----------------------------------------------------------------------------------------------


def drop(handler: Handler) -> None:
    handler.close_connection = True


def send(handler: Handler, body: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (drop, "/list.crl: "),
        ((503, b""), "Answered 503"),
        ((200, b"garbage"), "no list of revoked certificates"),
        ((200, b""), "no list of revoked certificates"),
        (redirect, "redirects are not followed"),
    ],
)
def test_without_an_answer_on_revocation_it_waits_and_then_goes_out_by_itself(
    made_at_once,  # noqa: F811
    releasing,
    registers,
    authority,  # noqa: F811
    answer: Answer,
    why: str,
):
    registers.stamps.plan = [answer]
    said = what_it_waits_for(releasing)
    assert "It is signed, and lacks what verifies its signature later." in said
    assert why in said
    assert file(made(releasing))
    assert releasing.files[0]["signature_level"] == "B-LTA"
    assert len(authority.got) == 2, "signed and stamped once, and stamped for the archive"


def test_what_the_settings_do_not_name_is_never_asked(releasing, registers, settings):
    settings.REVOCATION_HOSTS = ["crl.example.org"]
    said = what_it_waits_for(releasing)
    assert "REVOCATION_HOSTS does not list 127.0.0.1. Whoever runs casemgr can add it." in said
    assert registers.signers.got == registers.stamps.got == []
    settings.REVOCATION_HOSTS = ["127.0.0.1"]
    assert file(made(releasing))


def test_what_is_inside_is_asked_only_where_the_settings_say_so(releasing, registers, settings):
    registers.stamps.plan = [(503, b"")]
    what_it_waits_for(releasing)
    registers.stamps.got.clear()
    settings.TRAIL_NETWORKS = []
    assert "TRAIL_NETWORKS says what may be called there" in what_it_waits_for(releasing)
    assert registers.stamps.got == []


def test_a_revoked_certificate_keeps_it_back(releasing, registers):
    registers.signers.revoke(signing.key().certificates()[0])
    assert "revoked" in what_it_waits_for(releasing)


@pytest.mark.parametrize("wrong", ["of another register", "of last year"])
def test_an_answer_that_does_not_hold_is_none(releasing, registers, wrong):
    list_of = registers.signers if wrong == "of another register" else registers.stamps
    age = timedelta(days=365 if wrong == "of last year" else 0)
    registers.stamps.plan = [(200, list_of.revoked_list(age=age))]
    assert "lacks what verifies its signature later" in what_it_waits_for(releasing)


def test_no_damaged_answer_is_taken_or_stops_anything(report, registers):
    """Wherever a byte of what it says was changed on the way, or its end is missing."""
    pdf = file(report)
    signed_only = signing.Signed(pdf[: archived.end(archived.signatures(pdf)[0])], "B-T", "")
    trusted = [*signing.key().certificates(), registers.stamps.root]
    for register in registers:
        for part in range(12):
            for damage in (_changed, _cut):
                register.plan = [partial(_send_damaged, damage, part / 12), (503, b"")]
                with pytest.raises(signing.Unproven):
                    signing.archive(signed_only, trusted=trusted, stamper=DummyTimeStamper(None, None))


def _send_damaged(damage: Callable[[bytes, float], bytes], part: float, handler: Handler) -> None:
    _, answer = handler.server.answer(handler.server.got[-1])
    send(handler, damage(answer, part))


def _changed(answer: bytes, part: float) -> bytes:
    """In what is signed of it. Elsewhere some bits say nothing, as the count of unused bits in front of a signature."""
    said = _said(answer)
    place = answer.index(said) + int(len(said) * part)
    return answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]


def _said(answer: bytes) -> bytes:
    try:
        return ocsp.load_der_ocsp_response(answer).tbs_response_bytes
    except ValueError:
        return x509.load_der_x509_crl(answer).tbs_certlist_bytes


def _cut(answer: bytes, part: float) -> bytes:
    return answer[: int(len(answer) * part)]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((200, b"garbage"), "Failed to parse response"),
        ((200, bytes.fromhex("30030a0103")), "Status was 'try_later'"),
        ((200, bytes.fromhex("30030a0100")), "/status: "),
        ((500, b""), "Answered 500"),
    ],
)
def test_a_responder_that_does_not_say(releasing, registers, settings, tmp_path, answer: Answer, why: str):
    settings.DOCUMENT_KEY_FILE = key_file(registers.signers, tmp_path / "other.pem", days=5, names=["responder"])
    registers.signers.plan = [answer]
    assert why in what_it_waits_for(releasing)
    assert file(made(releasing))


def test_an_answer_to_another_question_is_none(releasing, registers, settings, tmp_path):
    settings.DOCUMENT_KEY_FILE = key_file(registers.signers, tmp_path / "other.pem", days=5, names=["responder"])
    registers.signers.plan = [(503, b"")]
    what_it_waits_for(releasing)
    registers.signers.plan = [(200, registers.signers.status(registers.signers.got[-1]))]
    assert "nonces do not match" in what_it_waits_for(releasing)


def test_a_list_that_is_too_large_is_not_read_to_its_end(releasing, registers, monkeypatch):
    monkeypatch.setattr(revocation, "LARGEST_LIST", 100)
    assert "it answers with more than 100 bytes" in what_it_waits_for(releasing)


def test_the_clock_of_a_register_may_be_ahead(releasing, registers):
    registers.stamps.plan = [(200, registers.stamps.revoked_list(age=-timedelta(minutes=2)))]
    assert file(made(releasing))


def test_a_list_answers_where_the_responder_is_away(releasing, registers):
    registers.signers.plan = [(503, b"")]
    store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(file(made(releasing)))))
    assert (len(store.ocsps), len(store.crls)) == (0, 2)


def test_without_a_stamp_for_the_archive_it_waits(made_at_once, releasing, registers, authority):  # noqa: F811
    def stamp_and_go(handler: Handler) -> None:
        authority.is_down = True
        send(handler, authority.stamp(authority.got[-1]))

    authority.plan = [stamp_and_go]
    assert "It is signed, and has no time stamp for the archive yet." in what_it_waits_for(releasing)
    authority.is_down = False
    assert file(made(releasing))
    assert len(authority.got) == 2


def test_an_authority_that_is_taken_out_of_the_settings_is_missed(releasing, registers, settings):
    registers.stamps.plan = [(503, b"")]
    what_it_waits_for(releasing)
    settings.TRAIL_TIMESTAMP_URLS = []
    assert "names none now" in what_it_waits_for(releasing)


def test_whoever_was_killed_before_the_record_was_written_does_not_sign_again(
    made_at_once,  # noqa: F811
    releasing,
    registers,
    authority,  # noqa: F811
    monkeypatch,
):
    def killed(*args: Any, **values: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("apps.disclosures.actions.reports.ledger.change", killed)
        with pytest.raises(KeyboardInterrupt):
            actions.render_report(releasing, by=System("worker"))
    assert file(made(releasing))
    assert len(authority.got) == 2


def test_a_key_without_its_root_says_so(releasing, registers, settings, tmp_path):
    lines = settings.DOCUMENT_KEY_FILE.read_bytes()
    settings.DOCUMENT_KEY_FILE = tmp_path / "rootless.pem"
    settings.DOCUMENT_KEY_FILE.write_bytes(lines.removesuffix(registers.signers.pem))
    assert "no issuer matching" in what_it_waits_for(releasing)


# --- without sources, without an authority ---------------------------------------------------------------------------


def test_certificates_that_name_no_source_leave_nothing_to_collect(releasing, authority):  # noqa: F811
    """As the demonstration root's do. pyHanko's validation for archives takes no certificate of which nothing says that
    it was not revoked, so that each part is judged by itself."""
    pdf = file(made(releasing))
    assert releasing.files[0]["signature_level"] == "B-LTA"
    _, _, root = pem.unarmor(authority.roots.read_bytes())
    assert signed.status(pdf, root).bottom_line
    assert signed.status(pdf, root).timestamp_validity.trusted
    assert (signed.stamp_status(pdf, root).valid, signed.stamp_status(pdf, root).trusted) == (True, True)
    store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(pdf)))
    assert (len(store.certs), store.ocsps, store.crls) == (4, [], [])


def test_without_an_authority_it_is_signed_alone_and_its_page_says_so(whole, people, sign_in):
    report = made(whole)
    assert report.files[0]["signature_level"] == "B-B"
    assert len(archived.signatures(file(report))) == 1
    assert on.validate(file(report)) == []
    page = sign_in(people.counsel).get(f"/disclosures/{report.pk}/").content.decode()
    assert "PAdES B-B" in page


def test_its_page_says_at_which_level_it_is_signed(report, people, sign_in):
    page = sign_in(people.counsel).get(f"/disclosures/{report.pk}/").content.decode()
    assert "PAdES B-LTA" in page
