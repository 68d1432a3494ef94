"""Files of records: every row is taken, left as it is, or refused with its reason; nothing is erased by silence."""

import contextlib
import io
import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts import actions, importing
from apps.accounts.models import Acceptance, Account, Activity, Identifier, Import
from apps.audit.models import Event


@pytest.fixture
def bring_in(people):
    """Import rows (dicts become NDJSON, text is taken as it is) as the analyst."""

    def run(kind, rows, by=None):
        data = rows if isinstance(rows, bytes) else "\n".join(json.dumps(row) for row in rows).encode()
        return actions.import_records(kind=kind, filename="f", stream=io.BytesIO(data), by=by or people.analyst)

    return run


def counts(done: Import) -> tuple[int, int, int, int]:
    return done.created, done.updated, done.unchanged, done.rejected


def test_accounts_are_created_updated_and_left_alone(bring_in):
    rows = [{"ref": "a", "plan": "free", "country": "fr"}, {"ref": "b", "created_at": "2026-01-02T03:04:05Z"}]
    assert counts(bring_in("accounts", rows)) == (2, 0, 0, 0)
    assert counts(bring_in("accounts", rows)) == (0, 0, 2, 0)
    assert counts(bring_in("accounts", [rows[0] | {"plan": "pro"}, rows[1]])) == (0, 1, 1, 0)
    a = Account.objects.get(ref="a")
    assert (a.plan, a.country, a.status) == ("pro", "FR", "unknown")
    assert Account.objects.get(ref="b").opened_at.isoformat() == "2026-01-02T03:04:05+00:00"


def test_what_a_file_does_not_say_stays_as_it_was(bring_in):
    bring_in("accounts", [{"ref": "a", "plan": "pro", "payer_verified": True, "status": "active"}])
    done = bring_in("accounts", [{"ref": "a", "country": "DE", "plan": None}])
    assert counts(done) == (0, 1, 0, 0)
    a = Account.objects.get()
    assert (a.plan, a.payer_verified, a.status, a.country) == ("pro", True, "active", "DE")


def test_csv_with_a_header_in_any_order(bring_in):
    done = bring_in("accounts", b"\xef\xbb\xbfplan,payer_verified,ref\r\npro,true,a\r\n,,b\r\n")
    assert counts(done) == (2, 0, 0, 0)
    assert Account.objects.get(ref="a").payer_verified is True
    assert Account.objects.get(ref="b").payer_verified is None


def test_bad_rows_are_kept_with_their_line_and_reason(bring_in):
    rows = b"\n".join(
        [
            b'{"ref": "good"}',
            b'{"ref": 5}',
            b'{"ref": "x", "country": "FRA"}',
            b"[]",
            b"{",
            b'{"ref": "y", "opened_at": "2026-01-02T03:04:05"}',
            b'{"ref": "z", "plan": "a\\u0000b"}',
            b'{"ref": "w", "opened_at": "9999-01-01T00:00:00Z"}',
            b'{"ref": "\xff"}',
        ]
    )
    done = bring_in("accounts", rows)
    assert counts(done) == (1, 0, 0, 8)
    assert [r.line for r in done.rejections.all()] == list(range(2, 10))
    reasons = {r.line: r.reason for r in done.rejections.all()}
    assert reasons[2] == "ref: a text is expected, not a whole number"
    assert "time" in reasons[6]
    assert reasons[7] == "a text holds the character U+0000"


def test_identifiers_are_kept_as_keyed_hash_and_mask_only(bring_in):
    rows = [
        {"account_ref": "a", "type": "email", "value": "Ada.L@Courier.example"},
        {"account_ref": "b", "type": "email", "value": "ada.l@courier.example", "first_seen": "2026-01-01T00:00:00Z"},
        {"account_ref": "b", "type": "asn", "value": "as64500"},
        {"account_ref": "b", "type": "asn", "value": "banana"},
        {"account_ref": "b", "type": "fonts", "value": "schema_12345678"},
    ]
    done = bring_in("identifiers", rows)
    assert counts(done) == (4, 0, 0, 1)
    assert done.rejections.get().reason == "this is no autonomous system, such as AS64500"
    emails = Identifier.objects.filter(kind="email")
    assert len({i.value_hmac for i in emails}) == 1
    assert {i.masked for i in emails} == {"a…@courier.example"}
    assert Identifier.objects.get(kind="other").masked == "fonts:…5678"
    assert set(Account.objects.values_list("ref", "status")) == {("a", "unknown"), ("b", "unknown")}
    assert counts(bring_in("identifiers", rows)) == (0, 0, 4, 1)
    later = rows[1] | {"first_seen": "2025-12-01T00:00:00Z", "last_seen": "2026-02-01T00:00:00Z"}
    assert counts(bring_in("identifiers", [later])) == (0, 1, 0, 0)


def test_a_day_reported_anew_replaces_the_earlier_report(bring_in):
    header = b"account_ref,day,model,queries,active_hours,ignored\n"
    assert counts(bring_in("activity", header + b"a,2026-05-01,m1,10,3,x\na,2026-05-01,m2,5,,x\n")) == (2, 0, 0, 0)
    done = bring_in("activity", header + b"a,2026-05-01,m1,12,3,x\na,2026-05-01,m2,5,,x\na,2026-05-02,m1,1,25,x\n")
    assert counts(done) == (0, 1, 1, 1)
    assert Activity.objects.get(model="m1").queries == 12


def test_the_hours_of_a_day_are_compared_with_those_on_record(bring_in):
    row = {"account_ref": "a", "day": "2026-05-01", "model": "m", "queries": 3, "by_hour": [1, 2] + [0] * 22}
    assert counts(bring_in("activity", [row])) == (1, 0, 0, 0)
    assert counts(bring_in("activity", [row])) == (0, 0, 1, 0)
    assert (Activity.objects.get().by_hour, Activity.objects.get().active_hours) == (row["by_hour"], 2)
    assert counts(bring_in("activity", [row | {"by_hour": [0, 3] + [0] * 22}])) == (0, 1, 0, 0)
    assert (Activity.objects.get().by_hour[:2], Activity.objects.get().active_hours) == ([0, 3], 1)
    assert counts(bring_in("activity", [{name: row[name] for name in row if name != "by_hour"}])) == (0, 1, 0, 0)
    assert Activity.objects.get().by_hour is None


def test_acceptances_need_terms_that_are_known(bring_in):
    row = {"account_ref": "a", "service": "Chat", "document": "Terms", "accepted_at": "2026-01-01T00:00:00Z"}
    done = bring_in("acceptances", [row])
    assert done.rejections.get().reason == "there is no document “Terms” of “Chat”: import the terms first"
    assert Acceptance.objects.count() == 0


def test_of_two_rows_about_the_same_thing_the_later_counts(bring_in):
    done = bring_in(
        "accounts", [{"ref": "a", "plan": "free"}, {"ref": "a", "plan": "pro"}, {"ref": "a", "plan": "pro"}]
    )
    assert counts(done) == (1, 1, 1, 0)
    assert Account.objects.get().plan == "pro"


def test_an_import_is_one_event_that_names_the_file(bring_in):
    done = bring_in("accounts", [{"ref": "a"}])
    event = Event.objects.get(action="accounts.import_records")
    assert event.object_id == done.pk
    assert json.loads(bytes(event.body))["details"]["sha256"] == done.sha256


@pytest.mark.parametrize("data", [b"", b"\n\n", b"name,plan\nx,y\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_table_is_refused_as_a_whole(bring_in, data):
    with pytest.raises(ValidationError):
        bring_in("accounts", data)
    assert Import.objects.count() == 0


def test_only_those_who_may_import(bring_in, people):
    for person in (people.counsel, people.auditor, people.admin):
        with pytest.raises(PermissionDenied):
            bring_in("accounts", [{"ref": "a"}], by=person)


def test_the_command_says_what_it_did(people, tmp_path, capsys):
    path = tmp_path / "accounts.ndjson"
    path.write_text('{"ref": "a"}\n{"ref": 1}\n')
    call_command("import_accounts", "accounts", str(path), "--as", people.analyst.email)
    assert "2 rows: 1 created, 0 updated, 0 unchanged, 1 rejected\n  line 2: " in capsys.readouterr().out
    for arguments in (["--as", "nobody@x.example"], ["--as", people.auditor.email]):
        with pytest.raises(CommandError):
            call_command("import_accounts", "accounts", str(path), *arguments)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_accounts", "accounts", str(tmp_path / "absent"), "--as", people.analyst.email)


def test_a_line_too_long_is_refused_and_the_next_one_read():
    data = b'{"ref": "' + b"x" * 200_000 + b'"}\n{"ref": "b"}\n'
    rows = next(iter(importing.Reader("accounts", io.BytesIO(data))))
    assert [(row.line, row.reason[:17]) for row in rows.refused] == [(1, "the line has more")]
    assert rows.lines == [2]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(list(importing.TYPES)), st.binary(max_size=300))
def test_whatever_a_file_holds_the_reader_answers_in_words(kind, data):
    with contextlib.suppress(importing.NotReadable):
        for rows in importing.Reader(kind, io.BytesIO(data)):
            assert len(rows.values) == len(rows.lines)
            assert all(row.reason for row in rows.refused)
