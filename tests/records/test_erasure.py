"""Personal data goes for good, what is proved stays proved, and nothing goes quietly or under a hold."""

import io
import json

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.accounts import actions as accounts
from apps.accounts.models import Account
from apps.alerts.models import Alert, AlertGroup
from apps.audit import contents
from apps.audit.action import Forbidden
from apps.audit.models import Event, Manifest, PrivateValue, SubjectKey
from apps.cases import actions as cases
from apps.records import actions
from apps.records.models import Erasure
from apps.staff import actions as staff
from apps.staff.models import User
from apps.staff.roles import ROLES
from tests.alerts.conftest import alert
from tests.audit.findings import sentences
from tests.audit.tampering import guards_off, sql
from tests.conftest import PASSWORD
from tests.records.conftest import hold, release, request, verified


def everything() -> str:
    """All that the database says, as text."""
    said = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t")
            said += [text for (text,) in cursor.fetchall()]
    bodies = [bytes(body).decode() for body in Event.objects.values_list("body", flat=True)]
    return "\n".join([*said, *bodies])


def test_a_party_is_erased_and_the_trail_still_verifies(committed_db, world):
    party = world.party()
    cases.correct_party(
        party,
        name="Quarry Lane Models Limited",
        role=party.role,
        basis=party.basis,
        address="1 Quarry Lane",
        by=world.people.counsel,
    )
    erasure = request(world, party)
    assert "Quarry Lane Models" in everything()
    result = actions.erase_subject(erasure, by=world.people.approver)
    assert result["values"] >= 2
    party.refresh_from_db()
    assert (party.name, party.address) == ("(erased)", "")
    assert "Quarry Lane Models" not in everything()
    assert sentences(verified()) == []


def test_a_person_is_erased_with_the_addresses_from_which_they_acted(committed_db, world, client):
    people = world.people
    person = people.analyst2
    client.post("/sign-in/login/", {"login": person.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert PrivateValue.objects.filter(subject=person.actor).exists()
    with pytest.raises(ValidationError, match="still has access"):
        actions.erase_subject(request(world, person), by=people.approver)
    staff.deactivate(person, by=people.admin, reason="Left")
    actions.erase_subject(Erasure.objects.get(), by=people.approver)
    person = User.objects.get(pk=person.pk)
    assert person.name == "(erased)"
    assert not PrivateValue.objects.filter(subject=person.actor).exists()
    assert not SubjectKey.objects.filter(subject=person.actor).exists()
    assert "Ben Analyst" not in everything()
    assert sentences(verified()) == []


def test_an_account_is_erased_where_it_is_named(committed_db, world):
    world.receive(alert(source_ref="volume/x", subject={"type": "account", "accounts": ["acct_secret"]}))
    account = Account.objects.get(ref="acct_secret")
    rows = b"account_ref,kind,value,first_seen,last_seen\nacct_secret,email,eve@quarry.example,,\n"
    accounts.import_records(kind="identifiers", filename="i.csv", stream=io.BytesIO(rows), by=world.people.analyst)
    before = account.identifiers.get(kind="email")
    assert account.identifiers.count() == 3  # its domain and its pattern are derived
    actions.erase_subject(request(world, account), by=world.people.approver)
    account.refresh_from_db()
    after = account.identifiers.get(pk=before.pk)
    assert set(account.identifiers.values_list("masked", flat=True)) == {"(erased)"}
    assert account.ref == f"erased-{account.pk}"
    assert after.value_hmac != before.value_hmac
    assert after.masked == "(erased)"
    found = Alert.objects.get()
    assert "acct_secret" not in found.payload + found.title + found.key
    assert json.loads(found.payload)["subject"]["accounts"] == [account.ref]
    assert "acct_secret" not in AlertGroup.objects.get().key
    said = everything().replace(world.detector.batches.get().raw.hex(), "")
    assert "acct_secret" not in said
    assert sentences(verified()) == []


def written_by_batches() -> str:
    """What batches wrote, unpacked."""
    kept = Manifest.objects.exclude(content=None).values_list("content", flat=True)
    return "\n".join(line.decode() for content in kept for line in contents.lines(content))


def test_what_batches_wrote_of_an_account_is_erased_and_the_rest_stays(committed_db, world):
    names = ("acct_secret", "acct_other")
    about = [{"type": "account", "accounts": [name]} for name in names]
    world.receive(*(alert(source_ref=f"volume/{n}", subject=subject) for n, subject in enumerate(about)))
    lines = "".join(f"{n},email,{n}@quarry.example,,\n" for n in names)
    rows = f"account_ref,kind,value,first_seen,last_seen\n{lines}".encode()
    accounts.import_records(kind="identifiers", filename="i.csv", stream=io.BytesIO(rows), by=world.people.analyst)
    gone, stays = (Account.objects.get(ref=name).identifiers.get(kind="email") for name in names)
    before = written_by_batches()
    assert all(word in before for word in (*names, gone.value_hmac, stays.value_hmac))
    actions.erase_subject(request(world, gone.account), by=world.people.approver)
    after = written_by_batches()
    assert "acct_secret" not in after
    assert gone.value_hmac not in after
    assert "acct_other" in after
    assert stays.value_hmac in after
    report = verified()
    assert sentences(report) == []
    assert report.verdicts[1].checked["values erased on record"] >= 2


def test_a_hold_on_its_case_keeps_a_party_and_says_so(world):
    party = world.party()
    found = hold(world, party.case)
    erasure = request(world, party)
    with pytest.raises(ValidationError, match=f"{found.ref} .*17\\(3\\)\\(e\\)"):
        actions.erase_subject(erasure, by=world.people.approver)
    erasure.refresh_from_db()
    assert erasure.state == "requested"
    release(found, world)
    actions.erase_subject(erasure, by=world.people.approver)
    erasure.refresh_from_db()
    assert erasure.state == "carried_out"


def test_who_requests_does_not_erase(world, monkeypatch):
    erasure = request(world, world.party())
    monkeypatch.setattr(world.people.counsel, "roles", ["legal_counsel", "legal_approver"])
    assert "records.erase_subject" in ROLES["legal_approver"].verbs
    with pytest.raises(Forbidden):
        actions.erase_subject(erasure, by=world.people.counsel)


SILENT = {
    "erased_on_record": "DELETE FROM audit_privatevalue",
    "a_key_goes_last": "DELETE FROM audit_subjectkey",
    "stays_as_it_is": "UPDATE audit_privatevalue SET nonce = ''",
    "not_emptied_at_once": "TRUNCATE audit_privatevalue",
}


@pytest.mark.parametrize("name", SILENT)
def test_the_database_lets_nothing_go_without_an_event(committed_db, world, name):
    world.party()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        sql(SILENT[name])
    assert refused.value.__cause__.diag.constraint_name.startswith((name, "pgtrigger_" + name))


def test_a_silent_erasure_is_found(committed_db, world):
    party = world.party()
    with guards_off():
        sql("DELETE FROM audit_privatevalue WHERE subject = %s", f"cases_party:{party.pk}")
        sql("DELETE FROM audit_subjectkey WHERE subject = %s", f"cases_party:{party.pk}")
    assert any("name" in sentence and "is missing" in sentence for sentence in sentences(verified()))


def test_a_forged_event_excuses_no_erasure(committed_db, world):
    party = world.party()
    event = Event.objects.get(action="cases.add_party")
    forged = json.dumps({"details": {"erased": [[str(event.event_uuid), "name.new"]], "subjects": []}}).encode()
    with guards_off():
        sql("DELETE FROM audit_privatevalue WHERE subject = %s", f"cases_party:{party.pk}")
        sql(
            "INSERT INTO audit_event (event_uuid, xid, occurred_at, act_uuid, actor, actor_kind, on_behalf_of,"
            " request_id, action, object_type, reason, schema_version, body, body_sha256, seal)"
            " VALUES (core_uuid7(), audit_current_xid(), now(), core_uuid7(), 'x', 'x', '', '',"
            " 'records.erase_subject', '', '', 1, %s, sha256(%s), '')",
            forged,
            forged,
        )
    assert any("value of name" in sentence and "is missing" in sentence for sentence in sentences(verified()))


def test_what_is_there_again_is_found(committed_db, world):
    party = world.party()
    kept = sql("SELECT to_jsonb(p)::text FROM audit_privatevalue p WHERE subject = %s", f"cases_party:{party.pk}")
    actions.erase_subject(request(world, party), by=world.people.approver)
    with guards_off():
        for (row,) in kept:
            sql("INSERT INTO audit_privatevalue SELECT * FROM jsonb_populate_record(NULL::audit_privatevalue, %s)", row)
    assert any("is there again" in sentence for sentence in sentences(verified()))


def test_what_is_written_back_into_the_row_is_found(committed_db, world):
    party = world.party()
    actions.erase_subject(request(world, party), by=world.people.approver)
    with guards_off():
        sql("UPDATE cases_party SET name = 'Quarry Lane Models Ltd' WHERE id = %s", party.pk)
    assert any("private column name is not what" in sentence for sentence in sentences(verified()))
