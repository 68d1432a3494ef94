"""Every way round the ledger is refused, by Python or by PostgreSQL, and leaves nothing changed."""

import asyncio
import json
from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models.deletion import Collector

from apps.audit import ledger
from apps.audit.fence import WriteOutsideLedger
from apps.audit.models import Checkpoint, Event, Leaf, Manifest, audited_models
from apps.staff import actions
from apps.staff.models import ApiKey, ServiceAccount
from tests.audit.planting import acting


@pytest.fixture
def account(people) -> ServiceAccount:
    return actions.create_service_account(slug="volume-watch", name="Volume watch", roles=["detector"], by=people.admin)


def changed(account: ServiceAccount) -> ServiceAccount:
    account.name = "Somebody else's"
    return account


def another() -> ServiceAccount:
    return ServiceAccount(slug="another", name="Another", roles=["detector"])


def deserialised(account: ServiceAccount) -> None:
    """What `loaddata` does with each object of a fixture."""
    data = json.loads(serializers.serialize("json", [account]))
    data[0]["fields"]["name"] = "Somebody else's"
    for row in serializers.deserialize("json", json.dumps(data)):
        row.save()


def collected(account: ServiceAccount) -> None:
    """What a cascade does: it deletes without asking the instance."""
    collector = Collector(using="default", origin=account)
    collector.collect([account])
    collector.delete()


async def in_an_event_loop(coroutine) -> None:
    await coroutine


WAYS: dict[str, Callable[[ServiceAccount], object]] = {
    "save": lambda account: changed(account).save(),
    "save of some fields": lambda account: changed(account).save(update_fields=["name"]),
    "save of a new instance": lambda account: another().save(),
    "save_base": lambda account: changed(account).save_base(raw=True),
    "create": lambda account: ServiceAccount.objects.create(slug="another", name="Another", roles=["detector"]),
    "get_or_create": lambda account: ServiceAccount.objects.get_or_create(slug="another"),
    "update_or_create": lambda account: ServiceAccount.objects.update_or_create(
        slug=account.slug, defaults={"name": "Somebody else's"}
    ),
    "bulk_create": lambda account: ServiceAccount.objects.bulk_create([another()]),
    "bulk_update": lambda account: ServiceAccount.objects.bulk_update([changed(account)], ["name"]),
    "queryset update": lambda account: ServiceAccount.objects.filter(pk=account.pk).update(name="x"),
    "base manager update": lambda account: ServiceAccount._base_manager.update(name="x"),
    "queryset delete": lambda account: ServiceAccount.objects.filter(pk=account.pk).delete(),
    "instance delete": lambda account: account.delete(),
    "cascade": collected,
    "_raw_delete": lambda account: ServiceAccount.objects.filter(pk=account.pk)._raw_delete("default"),
    "_update": lambda account: ServiceAccount.objects.filter(pk=account.pk)._update([]),
    "related manager create": lambda account: account.keys.create(prefix="x", secret_sha256="x"),
    "related manager add": lambda account: account.keys.add(ApiKey(prefix="x", secret_sha256="x"), bulk=False),
    "related manager update": lambda account: account.keys.update(prefix="x"),
    "loaddata": deserialised,
    "asave": lambda account: asyncio.run(in_an_event_loop(changed(account).asave())),
    "adelete": lambda account: asyncio.run(in_an_event_loop(account.adelete())),
    "acreate": lambda account: asyncio.run(in_an_event_loop(ServiceAccount.objects.acreate(slug="another"))),
    "aupdate": lambda account: asyncio.run(in_an_event_loop(ServiceAccount.objects.aupdate(name="x"))),
    "abulk_create": lambda account: asyncio.run(in_an_event_loop(ServiceAccount.objects.abulk_create([another()]))),
}


@pytest.mark.parametrize("way", WAYS)
def test_python_has_no_way_round_the_ledger(account, way):
    before = state()
    with pytest.raises(WriteOutsideLedger, match="is audited: write it with ledger"), transaction.atomic():
        WAYS[way](account)
    assert state() == before


def state() -> tuple:
    return list(ServiceAccount.objects.values()), list(ApiKey.objects.values()), Event.objects.count()


@pytest.mark.parametrize("way", WAYS)
def test_not_even_inside_an_action(account, way):
    """The gate is open for the ledger's own write alone."""
    before = state()
    with pytest.raises(WriteOutsideLedger), acting("staff.create_service_account"):
        WAYS[way](account)
    assert state() == before


def test_loaddata_is_refused_whole(account, tmp_path):
    fixture = tmp_path / "accounts.json"
    fixture.write_text(serializers.serialize("json", [account]))
    before = state()
    with pytest.raises(WriteOutsideLedger):
        call_command("loaddata", str(fixture))
    assert state() == before


STATEMENTS = {
    "insert": "INSERT INTO staff_serviceaccount (id, slug, name, roles, is_active, created_at)"
    " VALUES (gen_random_uuid(), 'another', 'Another', '{}', true, now())",
    "update": "UPDATE staff_serviceaccount SET name = 'Somebody else'",
    "update that changes nothing": "UPDATE staff_serviceaccount SET name = name",
    "delete": "DELETE FROM staff_serviceaccount",
    "upsert": "INSERT INTO staff_serviceaccount (id, slug, name, roles, is_active, created_at)"
    " VALUES (gen_random_uuid(), 'volume-watch', 'Another', '{}', true, now())"
    " ON CONFLICT (slug) DO UPDATE SET name = excluded.name",
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_postgresql_does_not_commit_a_change_without_an_event(committed_db, account, statement):
    before = state()
    with pytest.raises(IntegrityError, match="was changed without an entry in the trail"), transaction.atomic():
        execute(STATEMENTS[statement])
    assert state() == before


def test_an_event_about_another_row_does_not_cover_it(committed_db, account, people):
    before = state()

    def both() -> None:
        with transaction.atomic():
            actions.sign_out(people.admin, by=people.admin)
            execute(STATEMENTS["update"])

    with pytest.raises(IntegrityError, match="without an entry in the trail"):
        both()
    assert state() == before


def test_an_event_of_an_earlier_transaction_does_not_cover_it(committed_db, account, people):
    with acting():
        ledger.note(account, seen=True)
    with pytest.raises(IntegrityError, match="without an entry in the trail"), transaction.atomic():
        execute(STATEMENTS["update"])


def test_no_session_can_ignore_the_trigger(committed_db, account):
    triggers = execute(
        "SELECT string_agg(tgname, ',') FROM pg_trigger"
        " WHERE tgrelid = 'staff_serviceaccount'::regclass AND strpos(tgname, 'needs_event') > 0"
    )[0][0]
    ignoring = f"SET LOCAL pgtrigger.ignore = '{{{triggers}}}'; {STATEMENTS['update']}"
    with pytest.raises(IntegrityError, match="without an entry in the trail"), transaction.atomic():
        execute(ignoring)


@pytest.mark.parametrize("model", audited_models(), ids=lambda model: model._meta.label)
def test_no_audited_table_is_truncated(db, model):
    with pytest.raises(DatabaseError, match="is refused"), transaction.atomic():
        execute(f"TRUNCATE {model._meta.db_table} CASCADE")


@pytest.mark.parametrize("model", [Event, Leaf, Manifest, Checkpoint], ids=lambda model: model.__name__)
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
def test_the_trail_is_append_only(people, model, verb):
    _ = people.admin
    table = model._meta.db_table
    column = "rows" if model is Manifest else model._meta.concrete_fields[-1].column  # its content can be erased
    with acting(), ledger.batch() as batch:
        row = {"slug": "x", "name": "x", "roles": [], "is_active": True, "created_at": "2026-03-18"}
        batch.insert(ServiceAccount, [row])
    if model is Leaf:
        Leaf.objects.create(idx=0, event_id=1, xid=1, hash=b"")
    if model is Checkpoint:
        Checkpoint.objects.create(number=1, size=1, note="", signed_at="2026-03-18T00:00Z", seal=b"")
    assert model.objects.exists()
    statement = {"UPDATE": f"UPDATE {table} SET {column} = {column}", "DELETE": f"DELETE FROM {table}"}
    with pytest.raises(DatabaseError, match=f"{verb} of {table} is refused"), transaction.atomic():
        execute(statement.get(verb, f"TRUNCATE {table}"))


@pytest.mark.parametrize("actor", ["", None])
def test_an_event_without_an_actor_is_refused(people, actor):
    _ = people.admin
    with pytest.raises(IntegrityError), transaction.atomic():
        execute(
            "INSERT INTO audit_event SELECT (jsonb_populate_record(e, jsonb_build_object('id', id + 1000,"
            " 'event_uuid', gen_random_uuid(), 'actor', %s::text))).* FROM audit_event e LIMIT 1",
            actor,
        )


def test_when_the_event_cannot_be_written_nothing_is_changed(committed_db, account, people):
    before = state()
    with patch("apps.audit.ledger.APPEND", "INSERT INTO audit_event SELECT 1 / 0"):
        with pytest.raises(DatabaseError, match="parameters"):
            actions.create_service_account(slug="another", name="Another", roles=["detector"], by=people.admin)
        with pytest.raises(DatabaseError, match="parameters"):
            actions.issue_api_key(account, by=people.admin)
    assert state() == before


def test_every_audited_table_has_its_guards(db):
    guarded = execute(
        "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
        " WHERE tgname ~ '^pgtrigger_(needs_event_(insert|update|delete)|no_truncate|what_is_held_stays)_'"
        " AND tgenabled = 'O' GROUP BY 1"
    )
    assert dict(guarded) == {model._meta.db_table: 5 for model in audited_models()}


def test_foreign_keys_of_audited_models_protect():
    for model in audited_models():
        for field in model._meta.concrete_fields:
            if field.is_relation:
                assert field.remote_field.on_delete.__name__ == "PROTECT", field


def execute(statement: str, *params) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []
