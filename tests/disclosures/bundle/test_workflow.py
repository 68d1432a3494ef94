"""From the order to the release: who may, what is refused, what is on record, and what a killed worker leaves."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.core import vault
from apps.disclosures import actions
from apps.disclosures.bundle import assembly, verifier
from apps.disclosures.models import Bundle
from apps.evidence.models import CustodyEvent
from tests.disclosures.bundle import mutations
from tests.disclosures.bundle.conftest import PARTY, PRIVILEGED, sequence, unpack, work
from tests.kills import workers
from tests.notices.conftest import work_off
from tests.notices.test_constraints import refused, run

State = Bundle.State


def test_each_audience_gets_what_the_rules_give_it(made, tmp_path, people):
    """One bundle an audience: the files, names and values of each, and nothing of the privileged note in any."""
    bags = {
        audience: mutations.of_folder(unpack(made(audience=audience), tmp_path / audience))
        for audience in Bundle.Audience
    }
    for audience, files in bags.items():
        everything = b"\n".join(files.values())
        assert PRIVILEGED.encode() not in everything
        assert (PARTY.encode() in everything) is (audience != "partner")
        assert (people.analyst.name.encode() in everything) is (audience != "partner")
        assert (b"The canaries were seeded" in everything) is (audience == "court")
        assert any(name.startswith("data/exhibits/") for name in files) is (audience != "partner")
        assert any(name.startswith("data/documents/") for name in files) is (audience != "partner")
        report = mutations.judged(files)
        assert report.faults == []
        sealed = [line for line in json.loads(files["data/events.json"])["events"] if "sealed" in line]
        assert sealed != [], "legal advice is for no recipient (R20)"
    partner = bags[Bundle.Audience.PARTNER]
    assert [name for name in partner if name.startswith("data/events/")] != []  # its own order, and no other
    assert len([name for name in partner if name.startswith("data/events/")]) == 1
    assert any("sealed" in sentence for sentence in mutations.judged(partner).completeness.not_proved)


def test_a_bag_of_chosen_exhibits_says_what_it_leaves_out(made, rich, tmp_path):
    bundle = made(exhibits=rich.exhibits.filter(number__in=[1, 3]))
    report = mutations.judged(mutations.of_folder(unpack(bundle, tmp_path)))
    assert report.faults == []
    assert any("E2 were left out by choice" in sentence for sentence in report.completeness.not_proved)


def test_another_person_releases_it_and_then_it_can_be_taken(made, people, sign_in, tmp_path):
    bundle = made()
    client = sign_in(people.counsel)
    taking = reverse("disclosures:bundle_file", args=[bundle.pk])
    assert client.get(taking).status_code == 403  # not released
    with pytest.raises(Forbidden):
        actions.release_bundle(bundle, reason="Ordered", by=people.counsel)
    release = reverse("disclosures:release_bundle", args=[bundle.pk])
    assert sign_in(people.approver).post(release, {"reason": ""}).status_code == 422
    assert sign_in(people.approver).post(release, {"reason": "Order of 3 May"}).status_code == 302
    answer = client.get(taking)
    data = b"".join(answer.streaming_content)
    assert len(data) == int(answer["Content-Length"])
    assert answer["Content-Disposition"] == f'attachment; filename="{bundle.ref}.tar"'
    assert_resumes(client, taking, data, answer["ETag"])
    (tmp_path / "b.tar").write_bytes(data)
    sequence()
    receipt = b"".join(client.get(reverse("disclosures:bundle_receipt", args=[bundle.pk])).streaming_content)
    with verifier.opened(tmp_path / "b.tar") as bag:
        report = verifier.check_bundle(bag, verifier.Outside(receipt=receipt.decode()))
    assert report.faults == []
    assert any("every file of it" in sentence for sentence in report.integrity.proved)
    taken = Event.objects.filter(action="disclosures.open_bundle", object_id=bundle.pk)
    assert [json.loads(bytes(event.body))["details"]["what"] for event in taken.order_by("id")] == [
        "the bundle",
        "the receipt",
    ]
    released = Event.objects.get(action="disclosures.release_bundle", object_id=bundle.pk)
    assert released.reason == "Order of 3 May"
    with refused("released_bundle_is_frozen"):
        run("UPDATE disclosures_bundle SET recipient = 'Somebody else' WHERE id = %s", bundle.pk)


def assert_resumes(client, taking: str, data: bytes, etag: str) -> None:
    """From any byte on, and only while it is the same bundle."""
    for start in (1, 511, 512, 513, len(data) // 2, len(data) - 10_241, len(data) - 1):
        asked = {"Range": f"bytes={start}-", "If-Range": etag}
        answer = client.get(taking, headers=asked)
        assert (answer.status_code, answer["Content-Length"]) == (206, str(len(data) - start))
        assert answer["Content-Range"] == f"bytes {start}-{len(data) - 1}/{len(data)}"
        assert b"".join(answer.streaming_content) == data[start:]
    for other in ({"Range": "bytes=512-", "If-Range": '"another"'}, {"Range": "bytes=0-9,20-29"}):
        answer = client.get(taking, headers=other)
        assert (answer.status_code, b"".join(answer.streaming_content)) == (200, data)
    beyond = client.get(taking, headers={"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(data)}")


def test_an_order_says_what_is_wrong_with_it(order, rich, people):
    with pytest.raises(ValidationError, match="at least one exhibit"):
        order(exhibits=[])
    work()
    letter = rich.notices.get()
    with pytest.raises(ValidationError, match=f"not made for this recipient: {letter.ref}"):
        order(audience="partner", documents=[letter])
    assert not Bundle.objects.exists()


def test_a_damaged_exhibit_stops_it(order, rich, people):
    bundle = order()
    item = rich.exhibits.get(number=2).item
    path = vault.path_of(item.sha256)
    path.chmod(0o600)
    kept = path.read_bytes()
    path.write_bytes(b"something else")
    try:
        sequence()
        work()
    finally:
        path.write_bytes(kept)
    bundle.refresh_from_db()
    assert (bundle.state, bundle.problem) == (State.FAILED, "The file of E2 is not what was collected.")
    with pytest.raises(Forbidden):
        actions.release_bundle(bundle, reason="Anyway", by=people.approver)


def test_a_copy_is_in_the_custody_of_each_exhibit(made, rich):
    bundle = made()
    purposes = CustodyEvent.objects.filter(kind="export").values_list("purpose", flat=True)
    assert list(purposes) == [f"Copied into {bundle.ref} for {bundle.recipient}"] * rich.exhibits.count()


DEATHS = {
    "while the third exhibit is measured": workers.before(vault, "measure", 3),
    "while the bag is written": workers.before(assembly, "_lists"),
    "before the bag is on record": workers.before(assembly, "check"),
}


@pytest.mark.slow
def test_a_killed_worker_leaves_no_half_bag_and_the_next_one_goes_on(order, rich, committed_db):
    bundle = order()
    sequence()
    for when, death in DEATHS.items():
        assert not workers.work(death), when
        bundle.refresh_from_db()
        assert (bundle.state, bundle.made_sha256) == (State.ASSEMBLING, ""), when
        sequence()
    work_off()
    bundle.refresh_from_db()
    assert bundle.state == State.READY
    assert bundle.verdict["holds"]
    assert CustodyEvent.objects.filter(kind="export").count() == rich.exhibits.count()  # no step was done twice
    assert len(b"".join(assembly.archive(bundle))) == assembly.archive_size(bundle)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_bundle_is_released_by_another_person", "released_by_id = compiled_by_id"),
        ("a_ready_bundle_has_its_content", "state = 'ready', made_sha256 = ''"),
        ("a_released_bundle_says_by_whom_and_why", "state = 'released'"),
        ("a_bundle_that_is_none_says_why", "state = 'discarded'"),
    ],
)
def test_the_database_refuses(order, constraint, change):
    bundle = order()
    if "made_" not in change and "released'" in change:
        change += ", made_sha256 = 'x', made_bytes = 1, made_files = 1, checkpoint_size = 1, tagmanifest_sha256 = 'x'"
        change += ", verdict = '{}'"
    with refused(constraint):
        run(f"UPDATE disclosures_bundle SET {change} WHERE id = %s", bundle.pk)
