"""Account pages: what they show, to whom, and that looking at identifiers leaves a trace."""

import io
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts import actions
from apps.accounts.models import (
    Acceptance,
    Account,
    Activity,
    Authorisation,
    AuthorisedAccount,
    CommonValue,
    Identifier,
    Import,
    Link,
    LinkageRun,
    Ring,
    RingMember,
    Tie,
)
from apps.audit.models import Event
from apps.audit.principals import System
from apps.policies.actions import import_terms


@pytest.fixture
def records(people):
    """Two accounts that share a device, one of them with a week of activity."""

    def bring(kind, rows):
        data = "\n".join(json.dumps(row) for row in rows).encode()
        return actions.import_records(kind=kind, filename=f"{kind}.ndjson", stream=io.BytesIO(data), by=people.analyst)

    bring(
        "accounts",
        [
            {
                "ref": "acct_a",
                "plan": "pro",
                "country": "FR",
                "organisation": "Elm",
                "opened_at": "2026-03-01T00:00:00Z",
            },
            {"ref": "acct_b", "plan": "free", "country": "DE", "contract": "reseller", "payer_verified": True},
        ],
    )
    bring(
        "identifiers",
        [
            {"account_ref": "acct_a", "kind": "device", "value": "dev_0123456789"},
            {"account_ref": "acct_b", "kind": "device", "value": "dev_0123456789"},
            {"account_ref": "acct_a", "kind": "email", "value": "ada@elm.example"},
        ],
    )
    bring(
        "activity",
        [
            {"account_ref": "acct_a", "day": f"2026-05-0{d}", "model": "aurora", "queries": 1000 * d}
            for d in range(1, 8)
        ],
    )
    return Account.objects.get(ref="acct_a"), Account.objects.get(ref="acct_b")


def test_the_list_narrows_by_address(sign_in, people, records):
    client = sign_in(people.analyst)

    def refs(query: str) -> set[str]:
        return {account.ref for account in client.get(f"/accounts/?{query}").context["page"]}

    assert refs("") == {"acct_a", "acct_b"}
    assert refs("plan=pro") == refs("q=acct_a") == refs("country=fr") == refs("q=elm") == {"acct_a"}
    assert refs("contract=reseller") == refs("payer_verified=true") == {"acct_b"}
    assert refs("opened_after=2026-02-01&opened_before=2026-04-01") == {"acct_a"}
    assert refs("status=suspended") == set()
    assert b"Show all accounts" in client.get("/accounts/?q=zzz").content


def test_an_account_shows_its_record_and_activity_but_no_identifier(sign_in, people, records):
    page = sign_in(people.analyst).get(records[0].get_absolute_url()).content.decode()
    assert "acct_a" in page
    assert "Elm" in page
    assert "2026-05-07: 7" in page  # the chart's description for who cannot see it
    assert "ada@" not in page
    assert "a…@elm" not in page


def test_looking_at_identifiers_is_recorded_and_shows_who_shares_them(sign_in, people, records):
    address = f"/accounts/{records[0].pk}/identifiers/"
    analyst = sign_in(people.analyst)
    page = analyst.post(address, {"reason": "A complaint names it"}, follow=True).content.decode()
    assert "a…@elm.example" in page
    assert "ada@" not in page
    looked = Event.objects.get(action="accounts.open_identifiers")
    assert (looked.object_id, looked.actor) == (records[0].pk, people.analyst.actor)
    shared = Identifier.objects.get(account=records[0], kind="device")
    assert f"?shares={shared.pk}" in page
    both = analyst.get(f"/accounts/?shares={shared.pk}").context["page"]
    assert {account.ref for account in both} == {"acct_a", "acct_b"}
    asked = Event.objects.get(action="accounts.find_sharing")
    assert json.loads(bytes(asked.body))["details"] == {"kind": "device", "value_hmac": shared.value_hmac}


def test_who_may_not_see_identifiers_learns_nothing_of_them(sign_in, people, records):
    counsel = sign_in(people.counsel)
    assert counsel.get(f"/accounts/{records[0].pk}/identifiers/").status_code == 403
    assert "identifiers/" not in counsel.get(records[0].get_absolute_url()).content.decode()
    shared = Identifier.objects.filter(kind="device").first()
    assert list(counsel.get(f"/accounts/?shares={shared.pk}").context["page"]) == []
    assert not Event.objects.filter(action__in=["accounts.open_identifiers", "accounts.find_sharing"]).exists()


def test_a_file_is_uploaded_and_its_bad_rows_are_shown(sign_in, people):
    client = sign_in(people.analyst)
    file = SimpleUploadedFile("rows.csv", b"ref,country\nx,FR\ny,FRANCE\n")
    answer = client.post("/accounts/import/", {"kind": "accounts", "file": file}, follow=True)
    text = answer.content.decode()
    assert "1 of 2 rows were taken." in text
    assert "country: " in text
    assert "y,FRANCE" in text
    refused = client.post("/accounts/import/", {"kind": "accounts", "file": SimpleUploadedFile("x", b"\x00\x01")})
    assert refused.status_code == 422
    assert client.post("/accounts/import/", {}).status_code == 422


def test_every_page_asks_who_is_there(client, sign_in, people, records):
    casework = ["analyst", "lead", "counsel", "approver", "reviewer", "auditor"]
    result = Import.objects.first().get_absolute_url()
    table = [
        ("/accounts/", casework, ["admin"], []),
        (records[0].get_absolute_url(), casework, ["admin"], []),
        (f"/accounts/{records[0].pk}/identifiers/", ["analyst", "lead", "auditor"], ["admin"], ["counsel", "approver"]),
        ("/accounts/import/", ["analyst", "lead"], ["admin"], ["counsel", "auditor"]),
        (result, casework, ["admin"], []),
    ]
    clients = {person.email.partition("@")[0]: sign_in(person) for person in people.all()}
    for address, seen_by, strangers, forbidden in table:
        assert client.get(address).status_code == 302, address
        for status, names in ((200, seen_by), (404, strangers), (403, forbidden)):
            for name in names:
                assert clients[name].get(address).status_code == status, (address, name)


def test_lists_cost_the_same_number_of_queries_however_long(sign_in, people, records):
    client = sign_in(people.analyst)
    client.get("/accounts/")
    with CaptureQueriesContext(connection) as few:
        client.get("/accounts/")
    actions.record_seen(refs=[f"more-{n}" for n in range(40)], by=System("intake"))
    with CaptureQueriesContext(connection) as many:
        client.get("/accounts/")
    assert len(few) == len(many)


COPY = "INSERT INTO {0} SELECT (jsonb_populate_record(t, jsonb_build_object('id', core_uuid7()))).* FROM {0} t LIMIT 1"
NONSENSE = {
    "one_account_per_reference": (Account, "UPDATE accounts_account SET ref = 'same'"),
    "an_account_has_a_reference": (Account, "UPDATE accounts_account SET ref = '' WHERE ref = 'acct_a'"),
    "an_account_has_an_identifier_once": (
        Identifier,
        COPY.format("accounts_identifier"),
    ),
    "one_activity_per_account_day_model": (Activity, "UPDATE accounts_activity SET day = '2026-01-01'"),
    "a_day_has_24_hours": (Activity, "UPDATE accounts_activity SET active_hours = 25"),
    "a_day_is_counted_by_its_24_hours": (Activity, "UPDATE accounts_activity SET by_hour = '{1,2}'"),
    "every_row_is_counted": (Import, "UPDATE accounts_import SET rows = rows + 1"),
    "a_failed_import_is_over": (Import, "UPDATE accounts_import SET failure = 'cut off', finished_at = NULL"),
    "an_import_has_its_idempotency_key_once": (
        Import,
        "UPDATE accounts_import SET idempotency_key = 'k', imported_by = 'user:x'",
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_the_database_refuses_nonsense_by_name(records, name):
    model, statement = NONSENSE[name]
    assert name in {constraint.name for constraint in model._meta.constraints}
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert refused.value.__cause__.diag.constraint_name == name


def test_acceptances_show_the_version_in_force_then(sign_in, people, records):
    terms = Path(__file__).parents[2] / "fixtures" / "terms"
    import_terms(path=terms, by=people.counsel)
    row = {
        "account_ref": "acct_a",
        "service": "Northlight API",
        "document": "Usage Policy",
        "accepted_at": "2026-03-01T00:00:00Z",
    }
    data = io.BytesIO(json.dumps(row).encode())
    actions.import_records(kind="acceptances", filename="f", stream=data, by=people.analyst)
    page = sign_in(people.analyst).get(records[0].get_absolute_url())
    [(_, version)] = page.context["acceptances"]
    assert version.seen_at.isoformat() == "2025-01-15T00:00:00+00:00"
    assert version.get_absolute_url() in page.content.decode()
    data.seek(0)
    again = actions.import_records(kind="acceptances", filename="f", stream=data, by=people.analyst)
    assert (again.created, again.unchanged) == (0, 1)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COPY.format("accounts_acceptance"))
    assert refused.value.__cause__.diag.constraint_name == "an_acceptance_is_recorded_once"


def test_every_constraint_is_provoked():
    from django.apps import apps

    named = {c.name for model in apps.get_app_config("accounts").get_models() for c in model._meta.constraints}
    elsewhere = (Authorisation, AuthorisedAccount, LinkageRun, Ring, RingMember, Link, Tie, CommonValue)
    named -= {c.name for model in elsewhere for c in model._meta.constraints}
    assert named == set(NONSENSE) | {Acceptance._meta.constraints[0].name}
