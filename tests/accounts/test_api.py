"""Account records by REST: what is answered, to whom, and that a request that is repeated does no harm."""

import gzip
import json

import pytest
from django.test import Client

from apps.accounts import intake
from apps.accounts.actions import imports
from apps.accounts.models import Account, Identifier, Import
from apps.core import admission
from apps.staff.actions import create_service_account, issue_api_key
from tests.accounts.test_import_formats import as_csv, as_ndjson, as_parquet
from tests.accounts.test_import_parts import rows, work

MEDIA = {"ndjson": "application/x-ndjson", "csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
ACCOUNTS = [{"ref": "a", "plan": "free"}, {"ref": "b", "country": "FRA"}]


@pytest.fixture
def key(people):
    return _key(people, "crm", "account_system")


def _key(people, slug, role):
    account = create_service_account(slug=slug, name=slug, roles=[role], by=people.admin)
    return issue_api_key(account, by=people.admin)[1]


@pytest.fixture
def post(key):
    def send(kind, data, *, format="ndjson", by=key, query="", **headers):
        return Client().post(
            f"/api/v1/account-records/{kind}{query}",
            data,
            content_type=MEDIA.get(format, format),
            headers={"Authorization": f"Bearer {by}"} | headers,
        )

    return send


def get(key, address):
    return Client().get(address, headers={"Authorization": f"Bearer {key}"})


@pytest.mark.parametrize(
    ("format", "write", "line"), [("ndjson", as_ndjson, 2), ("csv", as_csv, 3), ("parquet", as_parquet, 2)]
)
def test_a_small_file_is_written_before_the_answer(post, key, format, write, line):
    answer = post("accounts", write(ACCOUNTS), format=format, query="?filename=crm.dat")
    said = answer.json()
    assert answer.status_code == 201, said
    assert {name: said[name] for name in ("state", "rows", "created", "rejected", "filename")} == {
        "state": "done",
        "rows": 2,
        "created": 1,
        "rejected": 1,
        "filename": "crm.dat",
    }
    [rejected] = said["rejections"]
    assert rejected["line"] == line
    assert rejected["reason"].startswith("country:")
    assert get(key, said["url"]).json() == said
    assert Account.objects.get().ref == "a"
    assert Import.objects.get().imported_by == "service:crm"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_may_be_compressed(post, encoding):
    from backports import zstd

    pack = {"gzip": gzip.compress, "zstd": zstd.compress}[encoding]
    answer = post("accounts", pack(as_ndjson(ACCOUNTS)), **{"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["created"]) == (201, 1)


def test_a_large_file_is_answered_at_once_and_written_afterwards(post, key, monkeypatch):
    monkeypatch.setattr(intake, "AT_ONCE", 1000)
    monkeypatch.setattr(imports, "PART", 40)
    answer = post("identifiers", rows(100))
    said = answer.json()
    assert (answer.status_code, said["state"], said["rows"]) == (202, "running", 0)
    work()
    said = get(key, said["url"]).json()
    assert (said["state"], said["rows"], said["rejected"], len(said["rejections"])) == ("done", 100, 10, 10)
    assert Identifier.objects.filter(kind="email_domain").exists()
    first = get(key, f"{said['url']}?limit=4").json()
    assert [row["line"] for row in first["rejections"]] == [4, 14, 24, 34]
    second = get(key, f"{said['url']}?limit=1000&after={first['next']}").json()
    assert [row["line"] for row in second["rejections"]] == [44, 54, 64, 74, 84, 94]
    assert second["next"] is None
    assert get(key, f"{said['url']}?limit=0").status_code == 400


@pytest.mark.parametrize("at_once", [10, 10_000])
def test_an_idempotency_key_gets_the_same_import_again(post, monkeypatch, at_once):
    monkeypatch.setattr(intake, "AT_ONCE", at_once)
    first = post("accounts", as_ndjson(ACCOUNTS), **{"Idempotency-Key": "k"})
    again = post("accounts", as_ndjson(ACCOUNTS), **{"Idempotency-Key": "k"})
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.json()["id"] == first.json()["id"]
    other = post("accounts", as_ndjson(ACCOUNTS[:1]), **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["type"]) == (422, "urn:casemgr:problem:idempotency_key_reused")
    assert post("accounts", b"", **{"Idempotency-Key": "x" * 256}).status_code == 400
    assert Import.objects.count() == 1


def test_a_request_that_was_faster_with_the_same_key_is_the_answer(post, monkeypatch):
    first = post("accounts", as_ndjson(ACCOUNTS), **{"Idempotency-Key": "k"})
    usual, asked = intake._earlier, []

    def late(by, key):
        asked.append(key)
        return None if len(asked) == 1 else usual(by, key)

    monkeypatch.setattr(intake, "_earlier", late)
    again = post("accounts", as_ndjson(ACCOUNTS), **{"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


@pytest.mark.parametrize("at_once", [3, 10_000])
@pytest.mark.parametrize("body", [b"name,plan\nx,y\n", b"\xff\xfe\x00\x01", gzip.compress(b"ref\na\n", mtime=0)[:-4]])
def test_what_cannot_be_read_is_refused_in_words(post, monkeypatch, body, at_once):
    monkeypatch.setattr(intake, "AT_ONCE", at_once)
    answer = post("accounts", body, format="csv")
    if answer.status_code == 202:  # it breaks off behind what was looked at
        work()
        assert "damaged or cut off" in Import.objects.get().failure
    else:
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:casemgr:problem:not_readable")
    assert not Account.objects.exists()


def test_limits_are_said_with_their_status(post, monkeypatch, settings):
    assert post("accounts", b"x", format="text/plain").status_code == 415
    assert post("accounts", b"x", **{"Content-Encoding": "br"}).status_code == 415
    assert post("letters", b"x").status_code == 404
    assert post("accounts", as_ndjson(ACCOUNTS), format="csv").status_code == 400
    settings.UPLOAD_MAX_BYTES = 20
    monkeypatch.setattr(intake, "AT_ONCE", 10)
    assert post("accounts", as_ndjson(ACCOUNTS)).status_code == 413
    settings.UPLOAD_MAX_BYTES = 10_000
    monkeypatch.setattr(intake, "WAITING", 1)
    assert post("accounts", as_ndjson(ACCOUNTS)).status_code == 202
    refused = post("accounts", as_ndjson(ACCOUNTS))
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    monkeypatch.setattr(admission, "_at_work", type(admission._at_work)(0))
    assert post("accounts", as_ndjson(ACCOUNTS)).status_code == 503


def test_who_may_send_and_read(post, people, sign_in, key):
    url = post("accounts", as_ndjson(ACCOUNTS)).json()["url"]
    other, detector = _key(people, "other", "account_system"), _key(people, "watch", "detector")
    assert Client().get(url).status_code == 401
    assert get(other, url).status_code == 404
    assert get(detector, url).status_code == 404
    assert post("accounts", b"{}", by=detector).status_code == 403
    assert sign_in(people.analyst).get(url).json()["rejections"]
    assert sign_in(people.admin).get(url).status_code == 404
    body = json.dumps({"ref": "c"})
    for person, status in ((people.analyst, 201), (people.auditor, 403)):
        answer = sign_in(person).post("/api/v1/account-records/accounts", body, content_type=MEDIA["ndjson"])
        assert answer.status_code == status
    assert get(key, "/api/v1/alerts").status_code == 403


def test_a_machine_is_registered_by_an_administrator(people, capsys):
    from django.core.management import CommandError, call_command

    call_command("register_machine", "feed", "--role", "account_system", "--as", people.admin.email)
    assert (
        get(
            capsys.readouterr().out.strip(),
            "/api/v1/account-records/imports/" + "0" * 8 + "-0000-7000-8000-" + "0" * 12,
        ).status_code
        == 404
    )
    for arguments in (
        ["feed", "--as", people.admin.email],
        ["x", "--as", people.analyst.email],
        ["x", "--as", "no@x.example"],
    ):
        with pytest.raises(CommandError):
            call_command("register_machine", "--role", "account_system", *arguments)
