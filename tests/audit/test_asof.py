"""Every record as of any time: what is replayed from the log is what the row was."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import models, transaction

from apps.audit import asof, contents, ledger
from apps.audit.models import AuditedModel, Event, Manifest, PrivateValue, SubjectKey, audited_models
from apps.core import workflow
from tests.audit.planting import Family, acting, columns, in_order, plant, values
from tests.audit.tampering import constraints_off, guards_off, sql
from tests.audit.test_verify import other_values

pytestmark = pytest.mark.usefixtures("committed_db")

Seen = list[tuple[datetime, dict[str, Any]]]


def row_now(row: AuditedModel) -> dict[str, Any]:
    ((text,),) = sql(f"SELECT to_jsonb(t)::text FROM {row._meta.db_table} t WHERE id = %s", row.pk)
    return json.loads(text)


def last_time() -> datetime:
    return Event.objects.latest("id").occurred_at


@pytest.fixture
def freely(monkeypatch: pytest.MonkeyPatch) -> None:
    """States change as they are told to, not as people would change them."""
    monkeypatch.setattr(workflow, "check", lambda *args: None)


def by_itself(row: AuditedModel, column: models.Field, value: Any) -> None:
    as_python = value.encode() if isinstance(column, models.BinaryField) else column.to_python(value)
    ledger.change(row, **{column.attname if column.is_relation else column.name: as_python})


def by_batch(row: AuditedModel, column: models.Field, value: Any) -> None:
    table = row._meta.db_table
    with ledger.batch(why="as of") as rows:
        rows.run(
            type(row),
            f'UPDATE {table} SET "{column.column}" = (jsonb_populate_record(NULL::{table}, %s)).'
            f'"{column.column}" WHERE id = %s',
            [json.dumps({column.column: value}), row.pk],
        )


def test_random_histories_of_every_model_are_replayed(family: Family, freely: None) -> None:
    """A row of each model through a history of changes, one by one and by batches, in an order that chance decides."""
    plant(1)  # for foreign keys to point at
    chance = random.Random(20260318)
    with unconstrained():
        for model in in_order():
            row = family[model]
            seen: Seen = [(Event.objects.filter(object_id=row.pk).earliest("id").occurred_at, row_now(row))]
            changeable = [f for f in model._meta.concrete_fields if not f.primary_key]
            for column in chance.sample(changeable, len(changeable)):
                ways: list[Callable[..., None]] = [by_itself] if model.PRIVATE else [by_itself, by_batch]
                if len(seen) < 6 and change(row, column, chance.choice(ways)):
                    seen.append((last_time(), row_now(row)))
            has_rules_of_its_own = len(model._meta.triggers) > len(AuditedModel.Meta.triggers)
            assert len(seen) > 2 or has_rules_of_its_own, f"{model.__name__} did not change"
            for at, was in seen:
                found = asof.record(model, row.pk, at)
                assert found is not None
                assert found.values == was, (model, at)
            assert asof.record(model, row.pk, seen[0][0] - timedelta(microseconds=1)) is None


@contextmanager
def unconstrained() -> Iterator[None]:
    """Rows may hold what no constraint allows; none is left when the constraints come back."""
    with constraints_off():
        try:
            yield
        finally:
            with guards_off():
                sql(f"TRUNCATE {', '.join(model._meta.db_table for model in audited_models())} CASCADE")


def change(row: AuditedModel, column: models.Field, way: Callable[..., None]) -> bool:
    for value in other_values(column, row_now(row)[column.column]):
        try:
            with acting():
                way(row, column, value)
        except Exception:
            continue
        return True
    return False


# --- what was erased -------------------------------------------------------------------------------------------------


def batched(model: type[AuditedModel], family: Family, number: int = 7) -> AuditedModel:
    row = model(**values(model, number, family))
    with acting(), ledger.batch(why="as of") as rows:
        rows.insert(model, [columns(row)])
    return row


def a_model(*, private: bool) -> type[AuditedModel]:
    names = {True: "staff_user", False: "policies_document"}
    return next(model for model in audited_models() if model._meta.db_table == names[private])


def test_an_erased_line_leaves_the_others_and_says_so(family: Family) -> None:
    model = a_model(private=False)
    rows = [model(**values(model, number, family)) for number in range(7, 10)]
    with acting(), ledger.batch(why="as of") as batch:
        batch.insert(model, [columns(row) for row in rows])
    table = model._meta.db_table
    with transaction.atomic():
        erased = contents.erase(table, [rows[1].pk])
    assert erased == [[str(Event.objects.latest("id").event_uuid), f"{table}:{rows[1].pk}"]]
    first, gone, last = (asof.record(model, row.pk) for row in rows)
    assert first is not None
    assert first.values == row_now(rows[0])
    assert last is not None
    assert last.values == row_now(rows[2])
    assert gone is not None
    assert not gone.is_whole
    assert set(gone.values.values()) == {asof.LOST}


def test_what_an_event_after_the_erasure_wrote_is_known_again(family: Family) -> None:
    model = a_model(private=False)
    row = batched(model, family)
    with transaction.atomic():
        contents.erase(model._meta.db_table, [row.pk])
    column = next(f for f in model._meta.concrete_fields if isinstance(f, models.CharField | models.TextField))
    with acting():
        ledger.change(model.objects.get(pk=row.pk), **{column.name: "known"})
    found = asof.record(model, row.pk)
    assert found is not None
    assert found.values[column.column] == "known"
    assert not found.is_whole


def test_a_line_that_was_changed_is_not_shown(family: Family) -> None:
    model = a_model(private=False)
    row = batched(model, family)
    manifest = Manifest.objects.get(event_uuid=Event.objects.latest("id").event_uuid)
    manifest.content = contents.packed(b'{"id": "another"}')
    manifest.save(update_fields=["content"])
    found = asof.record(model, row.pk)
    assert found is not None
    assert set(found.values.values()) == {asof.LOST}


@pytest.mark.parametrize("what", [PrivateValue, SubjectKey])
def test_an_erased_private_value_is_said_to_be(family: Family, what: Any) -> None:
    model = a_model(private=True)
    row = family[model]
    with guards_off():
        what.objects.filter(subject=f"staff_user:{row.pk}").delete()
    found = asof.record(model, row.pk)
    assert found is not None
    assert found.values["name"] == asof.ERASED
    assert found.values["roles"] == ["analyst"]


def test_a_private_value_that_is_not_the_one_committed_to_is_not_shown(family: Family) -> None:
    row = family[a_model(private=True)]
    with guards_off():
        sql("UPDATE audit_privatevalue SET nonce = sha256(nonce) WHERE subject = %s", f"staff_user:{row.pk}")
    found = asof.record(type(row), row.pk)
    assert found is not None
    assert found.values["name"] == asof.LOST
