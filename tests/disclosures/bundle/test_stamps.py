"""Time stamps in a bag, as the verifier reads them: of an authority made of openssl, and what may be done to them."""

import re
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from apps.disclosures.bundle import verifier
from tests.audit.anchors.outside import make_authority, openssl
from tests.disclosures.bundle.mutations import Memory

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="the authority is made with openssl")

CHECKPOINT = f"trail.example\n5\n{'A' * 43}=\n"
NAME = "proof/timestamps/5-1.tsr"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("stamps") / "authority"
    made.mkdir()
    make_authority(made, days=30)
    return made


def stamp(authority: Path, text: str = CHECKPOINT, algorithm: str = "sha256") -> bytes:
    (authority / "text").write_text(text)
    openssl(authority, "ts", "-query", "-data", "text", f"-{algorithm}", "-cert", "-out", "query.tsq")
    openssl(authority, "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query.tsq", "-out", "reply.tsr")
    return (authority / "reply.tsr").read_bytes()


def judged(token: bytes, authorities: Path | str = "") -> verifier.Verdict:
    """What the verifier says of the times of a bag with this stamp."""
    outside = verifier.Outside(authorities=str(authorities))
    check = verifier.CaseCheck(Memory({NAME: token}), outside)
    check.names, check.measured = {NAME}, {}
    check.opened["note"] = verifier.Signed(verifier.Head.parse(CHECKPOINT), CHECKPOINT)
    check.times()
    return check.time


def is_proved(token: bytes, authority: Path) -> bool:
    verdict = judged(token, authority / "root.pem")
    assert bool(verdict.proved) is not bool(verdict.faults)
    return bool(verdict.proved)


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_stamp_proves_the_time(authority, algorithm):
    configuration = authority / "ts.cnf"
    configuration.write_text(configuration.read_text().replace("sha256, sha512", "sha256, sha384, sha512"))
    token = stamp(authority, algorithm=algorithm)
    (sentence,) = judged(token, authority / "root.pem").proved
    stated = datetime.strptime(re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", sentence)[0], "%Y-%m-%d %H:%M:%S")
    assert abs(stated.replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=1)


def test_without_the_authority_it_says_how_to_check(authority):
    """The command that it names is the one that does it."""
    token = stamp(authority)
    verdict = judged(token)
    assert not verdict.proved
    assert not verdict.faults
    command = re.search(r"`(openssl .*?)`", verdict.not_proved[0])[1]
    (authority / NAME).parent.mkdir(parents=True, exist_ok=True)
    (authority / NAME).write_bytes(token)
    shutil.copy(authority / "root.pem", authority / "AUTHORITY.pem")
    done = subprocess.run(command.split(), cwd=authority, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr


def test_a_bare_token_counts_as_its_answer_does(authority):
    answer = stamp(authority)
    (authority / "answer.tsr").write_bytes(answer)
    openssl(authority, "ts", "-reply", "-in", "answer.tsr", "-token_out", "-out", "bare.tst")
    bare = (authority / "bare.tst").read_bytes()
    assert verifier.stamp_of(bare).is_bare
    assert verifier.stamp_of(bare).at == verifier.stamp_of(answer).at
    assert is_proved(bare, authority)


def test_a_stamp_of_something_else(authority):
    verdict = judged(stamp(authority, "another text\n"), authority / "root.pem")
    assert [fault.kind for fault in verdict.faults] == ["timestamp-differs"]


def test_a_stamp_by_somebody_else(authority, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    make_authority(other, days=30)
    assert not is_proved(stamp(other), authority)
    assert is_proved(stamp(other), other)


@pytest.mark.parametrize("times", [60, pytest.param(3000, marks=pytest.mark.soak)])
def test_a_changed_stamp_proves_nothing_or_the_same(authority, times):
    """What no signature covers, such as the words beside the status, may differ; the statement may not."""
    token, random = stamp(authority), Random(3161)
    clean, refused = judged(token, authority / "root.pem").proved, 0
    for _ in range(times):
        spoiled = bytearray(token)
        for _ in range(random.choice((1, 1, 1, 2, 5))):
            spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
        cut = random.choice((bytes(spoiled), bytes(spoiled), bytes(spoiled[: random.randrange(len(spoiled))])))
        verdict = judged(cut, authority / "root.pem")
        assert verdict.faults or verdict.proved == clean
        refused += bool(verdict.faults)
    assert refused > times * 0.8


# --- what an attacker makes ------------------------------------------------------------------------------------------


def element(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def parts_of(token: bytes) -> tuple[bytes, bytes, bytes]:
    """Of an answer: the status, the token, and the TSTInfo in it."""
    (_, status), (_, content) = verifier.der(verifier.only(token, verifier.SEQUENCE))
    (_, _), (_, explicit) = verifier.der(content)
    signed = verifier.der(verifier.only(explicit, verifier.SEQUENCE))
    info = verifier.only(verifier.der(signed[2][1])[1][1], verifier.OCTETS)
    return element(0x30, status), element(0x30, content), info


def earlier(info: bytes) -> bytes:
    """The same statement of the year 2001."""
    return re.sub(rb"\x18\x0f20\d{12}Z", b"\x18\x0f20010101000000Z", info)


KIND = bytes.fromhex("060b2a864886f70d0109100104")  # id-ct-TSTInfo


def test_a_statement_that_is_planted_before_the_signed_one_is_not_read(authority):
    """In the words beside the status, which nobody signs."""
    _, token, info = parts_of(stamp(authority))
    planted = KIND + element(0xA0, element(0x04, earlier(info)))
    status = element(0x30, element(0x02, b"\0"), element(0x30, element(0x0C, planted)))
    forged = element(0x30, status, token)
    assert b"20010101000000Z" in forged
    assert not any("2001" in sentence for sentence in judged(forged, authority / "root.pem").proved)
    assert verifier.stamp_of(forged).at.year > 2001


def test_a_statement_that_was_changed_where_it_is_signed(authority):
    token = stamp(authority)
    *_, info = parts_of(token)
    assert not is_proved(token.replace(info, earlier(info)), authority)


def test_a_stamp_that_was_refused_counts_for_nothing(authority):
    _, token, _ = parts_of(stamp(authority))
    for status in (2, 3, 5):
        verdict = judged(element(0x30, element(0x30, element(0x02, bytes([status]))), token), authority / "root.pem")
        assert [fault.kind for fault in verdict.faults] == ["timestamp-damaged"]


GARBAGE = [
    b"",
    b"\x30",
    b"\x30\x80\0\0",
    b"\x30\x84\xff\xff\xff\xff",
    b"\x30\x00",
    b"\x1f" * 50,
    bytes(400),
    b"not DER",
]


@pytest.mark.parametrize("data", GARBAGE)
def test_garbage_is_named(data):
    assert [fault.kind for fault in judged(data).faults] == ["timestamp-damaged"]


# --- certificates ----------------------------------------------------------------------------------------------------


def certify(authority: Path, *, start: timedelta, end: timedelta, purpose: x509.ObjectIdentifier) -> None:
    """A certificate for the authority's key by its root, of these dates and for this purpose."""
    load = serialization.load_pem_private_key
    root = x509.load_pem_x509_certificate((authority / "root.pem").read_bytes())
    root_key = load((authority / "root.key").read_bytes(), None)
    public = load((authority / "tsa.key").read_bytes(), None).public_key()
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stamps of a test")]))
        .issuer_name(root.subject)
        .public_key(public)
        .serial_number(99)
        .not_valid_before(now + start)
        .not_valid_after(now + end)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    (authority / "tsa.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))


@pytest.fixture
def own(tmp_path) -> Path:
    """An authority whose certificate a test may replace."""
    made = tmp_path / "own"
    made.mkdir()
    make_authority(made, days=30)
    return made


STAMPS, DAY = ExtendedKeyUsageOID.TIME_STAMPING, timedelta(days=1)


def test_a_stamp_outlives_its_certificate(own):
    certify(own, start=timedelta(seconds=-5), end=timedelta(seconds=1.5), purpose=STAMPS)
    token = stamp(own)
    time.sleep(2)
    assert is_proved(token, own)


@pytest.mark.parametrize(("start", "end"), [(-2 * DAY, -DAY), (DAY, 2 * DAY)])
def test_a_certificate_that_was_not_valid_then(own, start, end):
    certify(own, start=start, end=end, purpose=STAMPS)
    assert not is_proved(stamp(own), own)


def signed_by_hand(authority: Path) -> bytes:
    """As `openssl ts -reply` would, which itself refuses a certificate that is not for time stamps."""
    *_, info = parts_of(stamp(authority))
    (authority / "info").write_bytes(info)

    def sign() -> bytes:
        openssl(
            authority, "cms", "-sign", "-binary", "-nodetach", "-cades", "-md", "sha256", "-in", "info", "-out", "cms",
            "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-signer", "tsa.pem", "-inkey", "tsa.key", "-outform", "DER",
        )  # fmt: skip
        return (authority / "cms").read_bytes()

    assert is_proved(sign(), authority), "signed by hand, with the right certificate"
    certify(authority, start=-DAY, end=DAY, purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    return sign()


def test_a_certificate_for_something_else(own):
    token = signed_by_hand(own)
    assert verifier.stamp_of(token).imprint == sha256(CHECKPOINT.encode()).digest()
    verdict = judged(token, own / "root.pem")
    assert [fault.kind for fault in verdict.faults] == ["timestamp-untrusted"]
