"""Whatever is changed, deleted or added by SQL in the log itself, verify_trail names it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from apps.audit.anchors import copies
from apps.audit.log import sequencer
from apps.audit.models import Checkpoint
from apps.audit.verify import Report, portions, verify
from tests.audit.findings import found, sentences
from tests.audit.planting import plant
from tests.audit.tampering import guards_off, sql

pytestmark = pytest.mark.usefixtures("committed_db")


LOG = {  # table: a condition that picks one row, and the columns that can be set to what
    "audit_event": (
        "id = (SELECT max(id) - 3 FROM audit_event WHERE case_id IS NOT NULL)",
        {
            "id": "id + 1000000",
            "event_uuid": "gen_random_uuid()",
            "xid": "xid + 1",
            "occurred_at": "occurred_at + interval '1 microsecond'",
            "act_uuid": "gen_random_uuid()",
            "actor": "'user:somebody'",
            "actor_kind": "'person'",
            "on_behalf_of": "'user:somebody'",
            "request_id": "'x'",
            "action": "'cases.close_case'",
            "object_type": "'cases_case'",
            "object_id": "gen_random_uuid()",
            "tables": """'["cases_case"]'""",
            "case_id": "gen_random_uuid()",
            "case_seq": "case_seq + 1000",
            "reason": "'another'",
            "schema_version": "2",
            "body": "body || ' '",
            "body_sha256": "sha256(body_sha256)",
            "seal": "sha256(seal)",
        },
    ),
    "audit_leaf": (
        "idx = (SELECT max(idx) - 3 FROM audit_leaf)",
        {"idx": "idx + 1000", "event_id": "event_id + 100000", "xid": "xid + 1", "hash": "sha256(hash)"},
    ),
    "audit_tile": (
        "level = 0 AND n = 0",
        {"level": "level + 3", "n": "n + 5", "hashes": "set_byte(hashes, 40, 255 - get_byte(hashes, 40))"},
    ),
    "audit_checkpoint": (
        "number = 1",
        {
            "number": "number + 50",
            "size": "size + 1000",
            "note": "replace(note, E'\\n\\n', E'\\nmore\\n\\n')",
            "signed_at": "signed_at + interval '1 day'",
            "seal": "sha256(seal)",
        },
    ),
    "audit_manifest": (
        "event_uuid = (SELECT event_uuid FROM audit_manifest ORDER BY 1 LIMIT 1)",
        {
            "event_uuid": "gen_random_uuid()",
            "ordinal": "ordinal + 1",
            "table_name": "'cases_case'",
            "rows": "set_byte(rows, 20, 255 - get_byte(rows, 20))",
            "content": "set_byte(content, 12, 255 - get_byte(content, 12))",
        },
    ),
    "audit_logstate": (
        "id = 1",
        {
            "size": "size + 1",
            "signed": "signed - 1",
            "checkpoints": "checkpoints + 1",
            "low_xid": "low_xid + 1",
            "low_id": "low_id + 1",
            "system_identifier": "'1'",
            "seal": "sha256(seal)",
        },
    ),
    "audit_casecounter": (
        "case_id = (SELECT case_id FROM audit_casecounter LIMIT 1)",
        {"case_id": "gen_random_uuid()", "seq": "seq + 1"},
    ),
    "audit_privatevalue": (
        "field = 'name.new' AND event_uuid = (SELECT min(event_uuid::text)::uuid FROM audit_privatevalue"
        " WHERE field = 'name.new')",
        {
            "event_uuid": "gen_random_uuid()",
            "field": "'other.new'",
            "subject": "'user:somebody'",
            "nonce": "sha256(nonce)",
            "ciphertext": "set_byte(ciphertext, 15, 255 - get_byte(ciphertext, 15))",
        },
    ),
    "audit_subjectkey": (
        "subject = (SELECT subject FROM audit_privatevalue GROUP BY 1 ORDER BY count(*), 1 LIMIT 1)",
        {"subject": "'user:somebody'", "wrapped": "set_byte(wrapped, 15, 255 - get_byte(wrapped, 15))"},
    ),
}


@pytest.fixture
def log(family) -> None:
    """Three checkpoints over events of people, of a case, and of batches."""
    plant(1, by_batch=True)
    sequencer.sequence()
    plant(2)
    sequencer.sequence()
    assert verify().holds


@contextmanager
def put_back(table: str) -> Iterator[None]:
    """What is done to a table in here is undone at the end: a log sealed anew for each would cost far more."""
    with guards_off(table):
        sql(f"CREATE TEMPORARY TABLE kept ON COMMIT PRESERVE ROWS AS SELECT * FROM {table}")
    yield
    with guards_off(table):
        sql(f"DELETE FROM {table}")
        sql(f"INSERT INTO {table} SELECT * FROM kept")
        sql("DROP TABLE kept")


@pytest.mark.slow
@pytest.mark.parametrize("table", LOG)
def test_every_changed_column_of_the_log_is_named(log, table):
    where, columns = LOG[table]
    declared = {
        row[0] for row in sql("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", table)
    }
    assert declared - {"id"} == set(columns) - {"id"}, "the test knows every column"
    assert sql(f"SELECT count(*) FROM {table} WHERE {where}") == [(1,)]
    for column, value in columns.items():
        with put_back(table):
            with guards_off(table):
                sql(f"UPDATE {table} SET {column} = {value} WHERE {where}")
            report = verify()
            assert found_in_log(report, table), f"{table}.{column} was changed and not named: {sentences(report)}"
            assert len(report.findings) <= 6, sentences(report)
    assert verify().holds


def test_a_deleted_row_of_the_log_is_named(log):
    for table, (where, _) in LOG.items():
        with put_back(table):
            with guards_off(table):
                sql(f"DELETE FROM {table} WHERE {where}")
            assert found_in_log(verify(), table), table
    assert verify().holds


# A row of each table that somebody might add, as `INSERT INTO … SELECT …`.
ADDED = {
    "audit_event": "SELECT (jsonb_populate_record(e, jsonb_build_object('id', e.id + 100000, 'event_uuid',"
    " gen_random_uuid(), 'case_seq', e.case_seq + 1))).* FROM audit_event e WHERE case_id IS NOT NULL"
    " ORDER BY id DESC LIMIT 1",
    "audit_leaf": "SELECT max(idx) + 1, max(event_id) + 1, max(xid), sha256('x') FROM audit_leaf",
    "audit_tile": "SELECT level, n + 1, hashes FROM audit_tile WHERE level = 0 ORDER BY n DESC LIMIT 1",
    "audit_checkpoint": "SELECT number + 1, size + 1, note, signed_at, seal FROM audit_checkpoint"
    " ORDER BY number DESC LIMIT 1",
    "audit_manifest": "SELECT event_uuid, ordinal + 1, table_name, rows, content FROM audit_manifest LIMIT 1",
    "audit_casecounter": "SELECT gen_random_uuid(), 1",
    "audit_privatevalue": "SELECT gen_random_uuid(), field, subject, nonce, ciphertext FROM audit_privatevalue LIMIT 1",
    "audit_subjectkey": "SELECT 'user:somebody', wrapped FROM audit_subjectkey LIMIT 1",
    "audit_anchor": "SELECT 1, 1000000, 'witness', 'w', 'x'::bytea, now(), now(), now()",
}


def test_an_added_row_of_the_log_is_named(log):
    for table, row in ADDED.items():
        with put_back(table):
            with guards_off(table):
                sql(f"INSERT INTO {table} ({', '.join(columns_of(table))}) {row}")
            assert found_in_log(verify(), table), table
    assert verify().holds


def columns_of(table: str) -> list[str]:
    rows = sql("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum", table)
    return [name for (name,) in rows]


def found_in_log(report: Report, table: str) -> list[str]:
    """Findings about the table, or about the rows that the missing or changed one no longer fits."""
    shows_in = {
        "audit_leaf": ["audit_leaf", "audit_event"],
        "audit_manifest": ["audit_manifest"],
        "audit_subjectkey": ["audit_subjectkey", "audit_privatevalue"],
        "audit_event": ["audit_event", "audit_leaf"],
    }
    return [sentence for name in shows_in.get(table, [table]) for sentence in found(report, name)]


def test_a_cut_off_end_is_named_even_when_all_of_the_log_agrees(log, people):
    """Events, leaves, tiles, checkpoint and state put back to where they were: only the signer remembers."""
    tables = ["audit_event", "audit_leaf", "audit_tile", "audit_checkpoint", "audit_logstate"]
    tables += ["audit_privatevalue", "audit_subjectkey", "staff_user"]
    with guards_off():
        for table in tables:
            sql(f"CREATE TEMPORARY TABLE kept_{table} AS SELECT * FROM {table}")
    people.all()
    sequencer.sequence()
    with guards_off():
        for table in reversed(tables):
            sql(
                f"DELETE FROM {table} WHERE true"
                if table != "staff_user"
                else "DELETE FROM staff_user u WHERE NOT EXISTS (SELECT FROM kept_staff_user k WHERE k.id = u.id)"
            )
        for table in tables:
            if table != "staff_user":
                sql(f"INSERT INTO {table} SELECT * FROM kept_{table}")
    (sentence,) = sentences(verify())
    assert "The signer remembers a checkpoint" in sentence


def test_what_is_signed_while_it_is_verified_raises_no_alarm(log, people, monkeypatch, settings, tmp_path):
    """The signer and the stores of copies are then ahead of what the verification sees."""
    (store := tmp_path / "store").mkdir()
    settings.TRAIL_COPIES = [str(store)]
    begin = portions._begin

    def begin_and_go_on(*asked):
        begin(*asked)
        _ = people.lead
        sequencer.sequence()
        last = Checkpoint.objects.latest("number")
        (store / copies.named(last.size)).write_text(last.note)

    monkeypatch.setattr(portions, "_begin", begin_and_go_on)
    before = Checkpoint.objects.latest("number").size
    report = verify()
    assert sentences(report) == []
    assert report.size == before < Checkpoint.objects.latest("number").size


def test_a_guard_that_is_switched_off_is_named(family):
    sql("ALTER TABLE cases_case DISABLE TRIGGER USER")
    try:
        assert "switched off" in found(verify(), "cases_case")[0]
    finally:
        sql("ALTER TABLE cases_case ENABLE TRIGGER USER")


def test_an_event_that_casemgr_did_not_write_gets_no_place_in_the_log(family):
    with guards_off():
        sql(
            "INSERT INTO audit_event SELECT (jsonb_populate_record(e, jsonb_build_object('id', e.id + 100000,"
            " 'event_uuid', gen_random_uuid(), 'case_id', NULL, 'case_seq', NULL, 'body', '\\x7b7d'))).*"
            " FROM audit_event e ORDER BY id LIMIT 1"
        )
    assert sequencer.sequence() == 0
    assert any("was not written by casemgr" in sentence for sentence in found(verify(), "audit_event"))
