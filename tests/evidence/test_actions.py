import hashlib

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from apps.audit import ledger
from apps.audit.models import Event
from apps.core import vault
from apps.evidence import actions
from apps.evidence.models import CustodyEvent, Item, TestRun
from tests.evidence.conftest import LOG, ran


def events(verb: str) -> int:
    return Event.objects.filter(action=verb).count()


def chain(item: Item) -> list[tuple[str, bool]]:
    return list(item.custody.order_by("at", "id").values_list("kind", "intact"))


# --- collecting ------------------------------------------------------------------------------------------------------


def test_a_collected_file_is_kept_byte_for_byte_under_its_hashes(collect, people):
    item = collect(chunks=iter([LOG[:10], LOG[10:]]))

    assert vault.read(item.sha256) == LOG
    assert (item.sha256, item.sha512) == (hashlib.sha256(LOG).hexdigest(), hashlib.sha512(LOG).hexdigest())
    assert (item.byte_size, item.media_type, item.collected_by) == (len(LOG), "text/plain", people.analyst.actor)
    assert chain(item) == [("collect", True)]
    assert events("evidence.collect") == 2  # the item and the first link of its chain


def test_references_follow_each_other(collect):
    assert [collect(chunks=bytes([65 + i])).ref[-4:] for i in range(3)] == ["0001", "0002", "0003"]


def test_an_empty_file_is_refused(collect):
    with pytest.raises(ValidationError, match="empty"):
        collect(filename="empty.csv", chunks=b"")
    assert not Item.objects.exists()


def test_a_file_above_the_limit_leaves_nothing_behind(collect, settings, tmp_path):
    settings.UPLOAD_MAX_BYTES, settings.VAULT_DIR = 100, tmp_path
    with pytest.raises(ValidationError, match="too large"):
        collect(chunks=(b"x" * 64 for _ in range(1000)))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\logs\\march.csv", "march.csv"),
        ("a\r\nSet-Cookie: b=c\r\n.csv", "aSet-Cookie: b=c.csv"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("  ", "unnamed"),
        ("Prüfbericht.csv", "Prüfbericht.csv"),
    ],
)
def test_a_file_name_is_data_and_never_a_path(collect, given, kept):
    assert collect(filename=given).filename == kept


def test_only_who_may_collect_collects(people):
    with pytest.raises(PermissionDenied):
        actions.collect(kind="other", title="x", origin="x", filename="x.txt", chunks=b"x", by=people.counsel)


# --- custody ---------------------------------------------------------------------------------------------------------


def test_every_touch_measures_the_file_again(collect, people):
    item = collect()
    actions.open_item(item, by=people.lead)
    actions.verify_item(item, by=people.analyst)
    actions.export_item(item, purpose="Expert of the other side", by=people.counsel)

    assert chain(item) == [("collect", True), ("view", True), ("verify", True), ("export", True)]
    last = item.custody.latest("id")
    assert (last.purpose, last.actor, last.measured_sha256) == (
        "Expert of the other side",
        people.counsel.actor,
        item.sha256,
    )


def test_a_changed_file_is_noticed(collect, damage, people):
    item = collect(chunks=b"the file that somebody will change")
    damage(item)
    event = actions.verify_item(item, by=people.analyst)
    assert not event.intact
    assert event.measured_sha256 == hashlib.sha256(b"something else").hexdigest()


def test_a_file_that_is_gone_is_noticed(collect, people):
    item = collect(chunks=b"the file that somebody will delete")
    vault.path_of(item.sha256).unlink()
    event = actions.verify_item(item, by=people.analyst)
    assert (event.intact, event.measured_sha256) == (False, "")


def test_an_export_has_a_purpose(collect, people):
    item = collect()
    with pytest.raises(ValidationError, match="what the copy is for"), transaction.atomic():
        actions.export_item(item, purpose="  ", by=people.counsel)
    assert chain(item) == [("collect", True)]


def test_a_derivative_says_how_it_was_made(collect, people):
    item = collect()
    fields = {f.name: getattr(item, f.name) for f in Item._meta.fields if f.name not in ("id", "ref", "parent")}
    with (
        pytest.raises(ValidationError, match="a derivative says how"),
        transaction.atomic(),
        ledger.act("evidence.collect", people.analyst),
    ):
        ledger.create(Item, **fields | {"ref": "EV-2026-9999", "parent": item})


def test_two_items_never_have_one_reference(collect, people):
    item = collect()
    fields = {f.name: getattr(item, f.name) for f in Item._meta.fields if f.name != "id"}
    with pytest.raises(ValidationError), transaction.atomic(), ledger.act("evidence.collect", people.analyst):
        ledger.create(Item, **fields)


@pytest.mark.parametrize(("model", "field"), [(TestRun, "failure"), (CustodyEvent, "purpose"), (Item, "title")])
def test_what_was_recorded_is_never_changed(people, model, field):
    ran(people)
    row = model.objects.first()
    with (
        pytest.raises(IntegrityError, match="written once"),
        transaction.atomic(),
        ledger.act("evidence.run_test", people.analyst),
    ):
        ledger.change(row, **{field: "something else"})
