"""Models of ours and of others: what is registered, what stays, what may be put right."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.evidence import actions
from apps.evidence.models import SuspectModel
from apps.evidence.registry import digests, register
from tests.evidence.registry.conftest import OTHER, SHARD, told

DIGITS = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.mark.parametrize(
    ("pasted", "read"),
    [
        (DIGITS, f"sha256:{DIGITS}"),
        (f"SHA256:{DIGITS.upper()}", f"sha256:{DIGITS}"),
        (f"blake3:{DIGITS}", f"blake3:{DIGITS}"),
        ("a" * 128, "sha512:" + "a" * 128),
    ],
)
def test_a_digest_is_read_as_people_paste_it(pasted, read):
    assert digests.parse(pasted) == read


@pytest.mark.parametrize("pasted", ["", "sha256:" + "g" * 64, "sha512:" + DIGITS, "md5:" + "a" * 32, "a" * 40])
def test_what_is_no_digest_is_refused_in_words(pasted):
    with pytest.raises(ValueError, match="is no digest"):
        digests.parse(pasted)


def test_files_are_read_as_sha256sum_prints_them():
    lines = f"{DIGITS}  ./b.bin\n\n{'a' * 64} *a file.bin\n"
    assert digests.parse_files(lines) == [
        {"file": "a file.bin", "digest": "sha256:" + "a" * 64},
        {"file": "b.bin", "digest": f"sha256:{DIGITS}"},
    ]
    with pytest.raises(ValueError, match="Line 3"):
        digests.parse_files(f"{lines}{DIGITS}  b.bin\n".replace("\n\n", "\n"))
    with pytest.raises(ValueError, match="Line 1"):
        digests.parse_files("weights.bin")


def test_a_version_is_registered_in_the_browser(model, people, sign_in):
    client = sign_in(people.analyst)
    answer = client.post(
        f"/models/{model.pk}/versions/add/",
        {"version": "3", "released_on": "2026-09-01", "weights": f"{DIGITS}  w.bin", "tokenizer": DIGITS},
        follow=True,
    )
    assert "Harbour 3 is registered, with 1 file." in told(answer)
    made = model.versions.get()
    assert (made.tokenizer, made.weights[0]["digest"]) == (f"sha256:{DIGITS}", f"sha256:{DIGITS}")
    assert "planned" in told(client.get("/models/")) or made.released_on <= timezone.localdate()
    assert Event.objects.filter(action="evidence.register_version", object_id=made.pk).count() == 1


def test_a_refused_version_says_at_which_field(model, people, sign_in):
    answer = sign_in(people.analyst).post(f"/models/{model.pk}/versions/add/", {"version": "3", "tokenizer": "abc"})
    assert answer.status_code == 422
    assert "“abc” is no digest" in told(answer)
    assert not model.versions.exists()


def test_a_recorded_digest_stays_and_a_missing_one_is_added(version, people):
    later = {"released_on": version.released_on, "by": people.analyst}
    actions.describe_version(version, tokenizer=DIGITS, **later)
    assert (version.tokenizer, version.weights[0]["digest"]) == (f"sha256:{DIGITS}", SHARD)
    with pytest.raises(ValidationError, match="other files are another version"):
        actions.describe_version(version, weights=f"{OTHER}  weights.bin", **later)


def test_describing_again_what_is_there_changes_nothing(version, people, sign_in):
    client, address = sign_in(people.analyst), f"/models/versions/{version.pk}/describe/"
    form = client.get(address).context["form"]
    said = {
        name: "" if form.get_initial_for_field(field, name) is None else form.get_initial_for_field(field, name)
        for name, field in form.fields.items()
    }
    answer = client.post(address, said)
    assert answer.status_code == 422
    assert "Nothing was changed" in told(answer)


def test_an_attestation_says_how_long_it_stands(model, version, people, sign_in):
    today = timezone.localdate()
    for expires in (today - timedelta(days=1), today + timedelta(days=20), None):
        actions.record_attestation(
            model,
            kind="control",
            issuer="Assessor",
            statement="Weights lie in a hardened enclave.",
            issued_on=date(2026, 1, 1),
            expires_on=expires,
            version=version,
            by=people.analyst,
        )
    standing = [register.standing(one, today) for one in register.attestations_of(model)]
    assert sorted(standing) == ["expired", "in_force", "late"]
    page = told(sign_in(people.reviewer).get(f"/models/{model.pk}/"))
    assert "expires soon" in page
    assert "expired" in page


def test_an_attestation_is_about_a_version_of_its_model(version, people):
    other = actions.register_model(name="Quay", owner="Model desk", by=people.lead)
    with pytest.raises(ValidationError, match="is not a version of Quay"):
        actions.record_attestation(
            other, kind="audit", issuer="A", statement="S", issued_on=date(2026, 1, 1), version=version, by=people.lead
        )


def test_a_suspect_is_registered_with_its_aliases_and_its_endpoint_stays_text(people, sign_in):
    client = sign_in(people.analyst)
    client.post(
        "/models/suspects/add/",
        {
            "name": "Lantern 7B",
            "publisher": "Quarry Lane",
            "endpoint": "https://lantern.example/<b>",
            "aliases": "L7\nL7\nLt",
        },
    )
    suspect = SuspectModel.objects.get()
    assert suspect.aliases == ["L7", "Lt"]
    page = client.get(f"/models/suspects/{suspect.pk}/").content.decode()
    assert "https://lantern.example/&lt;b&gt;" in page
    assert 'href="https://lantern.example' not in page


def test_a_suspect_is_registered_once(suspect, people):
    with pytest.raises(ValidationError, match="registered already"):
        actions.register_suspect(name=suspect.name, publisher=suspect.publisher, by=people.analyst)


def test_what_was_first_seen_lies_in_the_past(people):
    with pytest.raises(ValidationError, match="lies in the future"):
        actions.register_suspect(name="X", first_seen_at=timezone.now() + timedelta(days=1), by=people.analyst)


def test_only_the_lead_registers_a_model_of_ours(people):
    with pytest.raises(Forbidden):
        actions.register_model(name="Harbour", owner="Model desk", by=people.analyst)


def test_nothing_of_the_register_can_be_deleted_by_anybody(register, people, sign_in):
    client = sign_in(people.lead)
    for address in (
        f"/models/{register.model.pk}/",
        f"/models/suspects/{register.suspect.pk}/",
        "/models/keys/wm-2026-a/",
    ):
        assert client.delete(address).status_code == 405
        assert client.post(address).status_code == 405
