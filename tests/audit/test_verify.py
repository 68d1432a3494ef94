"""Whatever is changed, deleted or added by SQL in an audited table, verify_trail names it."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.postgres.fields import ArrayField
from django.core.management import call_command
from django.db import DataError, IntegrityError, models, transaction

from apps.audit import ledger
from apps.audit.log import sequencer
from apps.audit.models import Event, audited_models, derived_models
from apps.audit.verify import verify
from apps.core.ids import uuid7
from apps.staff import actions
from apps.staff.models import User
from tests.audit.findings import found, sentences
from tests.audit.planting import SECOND, acting, insert_past_the_ledger, plant, second
from tests.audit.tampering import constraints_off, guards_off, sql

pytestmark = pytest.mark.usefixtures("committed_db")

ROUNDS = 12


# --- no false alarm --------------------------------------------------------------------------------------------------


def test_a_clean_trail_raises_no_alarm(family, people, api):
    plant(1, by_batch=True)
    api()
    actions.change_roles(people.analyst, roles=["analyst", "lead"], by=people.admin)
    actions.sign_in(people.analyst, methods=["password"], by=people.analyst)
    sequencer.sequence()
    report = verify()
    assert sentences(report) == []
    assert report.holds
    assert report.size == Event.objects.count()
    agreement = report.verdicts[2].checked
    assert agreement["tables"] == len(audited_models()) + len(derived_models())
    assert agreement["rows"] == sum(model.objects.count() for model in audited_models())


def test_events_may_wait_a_moment_for_the_sequencer(family, people):
    people.all()
    report = verify()
    assert report.holds
    assert report.verdicts[1].checked["events waiting for the sequencer"] > 0


def test_an_event_without_a_place_after_a_moment_is_named(family, people):
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=1), tick=True):
        _ = people.analyst
    (sentence,) = sentences(verify())
    assert "has no place in the log" in sentence
    assert "staff.invite" in sentence


def test_a_rolled_back_action_leaves_no_trace(family, people):
    with transaction.atomic():
        actions.change_roles(people.analyst, roles=["lead"], by=people.admin)
        transaction.set_rollback(True)
    sequencer.sequence()
    assert verify().holds


def test_a_column_added_by_a_later_migration_raises_no_alarm(family, people):
    plant(1, by_batch=True)
    tables = [model._meta.db_table for model in audited_models()]
    try:
        sql("".join(f"ALTER TABLE {table} ADD COLUMN later text NOT NULL DEFAULT 'x';" for table in tables))
        sequencer.sequence()
        assert sentences(verify()) == []
    finally:
        sql("".join(f"ALTER TABLE {table} DROP COLUMN later;" for table in tables))


# --- the tables ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_column_of_every_table_is_held_to_what_the_trail_says(family):
    """A few columns of each row at a time; then the next."""
    plant(1)  # for foreign keys to point at
    sequencer.sequence()
    columns = {model: [f for f in model._meta.concrete_fields if not f.primary_key] for model in audited_models()}
    with constraints_off():
        for place in range(ROUNDS):
            changed = [(family[model], field) for model, fields in columns.items() for field in fields[place::ROUNDS]]
            before = [change(row, field) for row, field in changed]
            report = verify()
            for row, field in changed:
                assert found(report, row._meta.db_table, row.pk, field.column), f"{field} was changed and not named"
            derived = {model._meta.db_table for model in derived_models()}  # an alert's accounts stand there too
            others = [finding for finding in report.findings if finding.table not in derived]
            assert len(others) == len(changed), "something else was named too"
            for (row, field), old in zip(changed, before, strict=True):
                put(row, field, old)
        assert verify().holds


def change(row: models.Model, field: models.Field) -> str | None:
    """Write another value into a column, past the ledger; returns the old one as JSON."""
    table = row._meta.db_table
    ((old,),) = sql(f'SELECT to_jsonb("{field.column}")::text FROM {table} WHERE id = %s', row.pk)
    for value in other_values(field, None if old is None else json.loads(old)):
        try:
            put(row, field, json.dumps(value))
        except (IntegrityError, DataError):
            continue
        return old
    pytest.fail(f"no other value of {field} could be written")


def put(row: models.Model, field: models.Field, value: str | None) -> None:
    table = row._meta.db_table
    with guards_off(table):
        sql(
            f'UPDATE {table} SET "{field.column}" = (jsonb_populate_record(NULL::{table}, %s)).'
            f'"{field.column}" WHERE id = %s',
            json.dumps({field.column: None if value is None else json.loads(value)}),
            row.pk,
        )


def other_values(field: models.Field, old: Any) -> list[Any]:
    """Values that the column's type takes and that differ from what is there."""
    match old:
        case bool():
            return [not old]
        case int() | float():
            return [old + 1, old / 2]
        case list():
            return [[*old, "lead"], [*old, str(uuid7())], [*old, 7], []]
        case dict():
            return [old | {"tampered": True}]
    if isinstance(field, models.ForeignKey):
        related = field.related_model._meta.db_table
        return [str(pk) for (pk,) in sql(f"SELECT id FROM {related} WHERE id::text <> %s", str(old))]
    kinds: list[tuple[type, list[Any]]] = [
        (ArrayField, [[1] * 24]),  # the hours of a day
        (models.BooleanField, [True]),
        (models.IntegerField, [7]),
        (models.FloatField, [0.5]),
        (models.DateTimeField, ["2026-03-19T00:00:00+00:00", "2026-03-17T00:00:00+00:00"]),
        (models.DateField, ["2026-03-19", "2026-03-17"]),
        (models.JSONField, [{"tampered": True}]),
        (models.UUIDField, [str(uuid7())]),
    ]
    for kind, values in kinds:
        if isinstance(field, kind):
            return values
    choices = [choice for choice, _ in field.choices or []]
    return [value for value in (*choices, "zz", "lead", "z") if value != old]


def test_every_deleted_row_is_named(family):
    with guards_off():
        sql("SET CONSTRAINTS ALL DEFERRED")
        for model in audited_models():
            for key in (model, *second(model)):
                sql(f"DELETE FROM {model._meta.db_table} WHERE id = %s", family[key].pk)
    report = verify()
    for model in audited_models():
        assert "was deleted" in found(report, model._meta.db_table, family[model].pk)[0]
    assert len(report.findings) == len(audited_models()) + len(SECOND)


def test_every_added_row_is_named(family):
    with guards_off():
        added = insert_past_the_ledger(1)
    report = verify()
    for row in added.values():
        assert "was added" in found(report, row._meta.db_table, row.pk)[0]
    assert len(report.findings) == len(added)


def test_rows_of_a_batch_are_held_to_their_digests(family):
    batch = plant(1, by_batch=True)
    sequencer.sequence()
    written = [model for model in audited_models() if not model.PRIVATE]
    with constraints_off():
        before = [change(batch[model], model._meta.concrete_fields[-1]) for model in written]
        report = verify()
        for model, old in zip(written, before, strict=True):
            put(batch[model], model._meta.concrete_fields[-1], old)
    for model in written:
        changed = model._meta.concrete_fields[-1].column
        assert f"column {changed} says" in found(report, model._meta.db_table, batch[model].pk)[0]
    assert len(report.findings) == len(written)


def test_a_deleted_row_of_a_batch_is_named(family):
    batch = plant(1, by_batch=True)
    sequencer.sequence()
    account = next(row for model, row in batch.items() if row._meta.db_table == "accounts_acceptance")
    with guards_off():
        sql("DELETE FROM accounts_acceptance WHERE id = %s", account.pk)
    assert "was deleted" in found(verify(), "accounts_acceptance", account.pk)[0]


def test_a_change_hidden_between_two_events_is_named(family, people):
    """Tampered with, and then changed in the proper way: the row agrees with its last event, and still it shows."""
    analyst = people.analyst
    with guards_off():
        sql("UPDATE staff_user SET is_active = false WHERE id = %s", analyst.pk)
    with acting():
        ledger.change(User.objects.get(pk=analyst.pk), is_active=True)
    sequencer.sequence()
    (sentence,) = sentences(verify())
    assert "was changed between event" in sentence
    assert str(analyst.pk) in sentence


def test_a_finding_says_object_column_event_and_both_values(family, people):
    analyst = people.analyst
    with guards_off():
        sql("""UPDATE staff_user SET roles = '{lead}' WHERE id = %s""", analyst.pk)
    (finding,) = verify().findings
    event = Event.objects.get(object_id=analyst.pk)
    assert (finding.table, finding.row, finding.column) == ("staff_user", str(analyst.pk), "roles")
    assert finding.event == str(event.event_uuid)
    assert f"event {event.pk} (staff.invite by user:{people.admin.pk}" in finding.sentence
    assert 'column roles says “["lead"]”' in finding.sentence
    assert 'wrote “["analyst"]”' in finding.sentence


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_says_yes_and_exits_quietly(family):
    out = io.StringIO()
    call_command("verify_trail", stdout=out)
    assert "yes   Is the log as it was signed?" in out.getvalue()
    assert "Not anchored" in out.getvalue()


def test_the_command_names_what_is_wrong_and_exits_with_1(family, people):
    with guards_off():
        sql("UPDATE staff_user SET is_active = false WHERE id = %s", people.analyst.pk)
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_trail", stdout=out)
    assert stopped.value.code == 1
    assert "column is_active says “false”" in out.getvalue()
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_trail", "--json", stdout=out)
    assert json.loads(out.getvalue())["verdicts"][2]["findings"][0]["column"] == "is_active"
