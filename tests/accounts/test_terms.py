"""Which version of the terms bound which account at each act, for one account and for a whole campaign."""

import io
import json
from datetime import UTC, date, datetime

import pytest

from apps.accounts import actions, terms
from apps.accounts.models import Acceptance, Account
from apps.policies import actions as policies
from apps.policies.models import Document, Version
from tests.policies.conftest import HistoryWriter

WORDS = "General words about the service and its use. " * 10
DAY = "2026-{:02}-01T00:00:00Z".format


@pytest.fixture
def documents(tmp_path, people) -> dict[str, Document]:
    """Terms of Harbour: seen in January, in March (effective 1 April), in June; and its policy in two collections."""
    history = HistoryWriter(tmp_path)
    history.add(f"January. {WORDS}", DAY(1))
    history.add(f"Effective April 1, 2026. March. {WORDS}", DAY(3))
    history.add(f"June. {WORDS}", DAY(6))
    for collection in ("main", "eu"):
        history.add(f"Policy. {WORDS}", DAY(1), document="Usage Policy", collection=collection)
    history.add(f"Quay. {WORDS}", DAY(1), service="Quay")
    policies.import_terms(path=history.write(), by=people.counsel)
    return {f"{d.service} {d.name} {d.collection}": d for d in Document.objects.all()}


@pytest.fixture
def bring_in(people):
    def run(kind: str, *rows: dict):
        data = "\n".join(json.dumps(row) for row in rows).encode()
        return actions.import_records(kind=kind, filename="f", stream=io.BytesIO(data), by=people.analyst)

    return run


def accepted(ref: str, at: str, **which) -> dict:
    return {"account_ref": ref, "service": "Harbour", "document": "Terms of Service", "accepted_at": at} | which


def told(bound) -> list[tuple[str, int, int, str]]:
    """The first word of the version, from and until which month, and why."""
    return [
        (one.version.text.content.split()[0].strip("."), one.since.month, one.until.month, one.why) for one in bound
    ]


def bound(refs: list[str], start=date(2026, 1, 1), end=date(2026, 7, 31), **which):
    return terms.in_force_for(Account.objects.filter(ref__in=refs), start, end, **which)


def test_versions_bind_by_use_by_acceptance_and_as_seen(documents, bring_in):
    bring_in("accounts", {"ref": "user", "product": "Harbour"}, {"ref": "clicked", "product": "Harbour"})
    bring_in("acceptances", accepted("clicked", "2026-03-10T00:00:00Z"))
    of_terms = [documents["Harbour Terms of Service main"]]
    assert told(bound(["user"], documents=of_terms)) == [
        ("January", 1, 4, "as seen"),
        ("Effective", 4, 6, "continued use"),
        ("June", 6, 7, "as seen"),
    ]
    found = bound(["clicked"], documents=of_terms)
    assert told(found) == [
        ("January", 1, 3, "as seen"),
        ("Effective", 3, 6, "accepted"),
        ("June", 6, 7, "as seen"),
    ]
    assert [one.reason for one in found] == [
        "as seen since 2026-01-01 00:00 UTC; it states no day of effect",
        "accepted on 2026-03-10 00:00 UTC",
        "as seen since 2026-06-01 00:00 UTC; it states no day of effect",
    ]


def test_documents_are_those_of_the_product_and_those_accepted_in_the_collection_accepted(documents, bring_in):
    bring_in("accounts", {"ref": "a", "product": "Harbour"}, {"ref": "b", "product": "Quay"}, {"ref": "c"})
    policy = {"document": "Usage Policy", "collection": "eu"}
    bring_in("acceptances", accepted("a", DAY(2), **policy), accepted("b", DAY(2), **policy))
    named = {
        (one.account_id, f"{one.document.service} {one.document.name} {one.document.collection}")
        for one in bound(["a", "b", "c"])
    }
    a, b = (Account.objects.get(ref=ref).pk for ref in "ab")
    assert named == {
        (a, "Harbour Terms of Service main"),
        (a, "Harbour Usage Policy eu"),
        (b, "Quay Terms of Service main"),
        (b, "Harbour Usage Policy eu"),
    }


def test_nothing_binds_before_the_account_was_opened(documents, bring_in):
    bring_in("accounts", {"ref": "a", "product": "Harbour", "opened_at": "2026-05-20T00:00:00Z"})
    found = bound(["a"], documents=[documents["Harbour Terms of Service main"]])
    assert [(one.since.isoformat()[:10], one.why) for one in found] == [
        ("2026-05-20", "continued use"),
        ("2026-06-01", "as seen"),
    ]
    assert bound(["a"], end=date(2026, 5, 19)) == []


def test_a_moment_is_exact_and_a_day_whole(documents, bring_in):
    bring_in("accounts", {"ref": "a", "product": "Harbour"})
    only = {"documents": [documents["Harbour Terms of Service main"]]}
    assert told(bound(["a"], date(2026, 3, 31), date(2026, 3, 31), **only)) == [("January", 3, 3, "as seen")]
    assert len(bound(["a"], date(2026, 3, 31), date(2026, 4, 1), **only)) == 2
    until = datetime(2026, 4, 1, tzinfo=UTC)
    assert len(bound(["a"], datetime(2026, 3, 1, tzinfo=UTC), until, **only)) == 1


def test_an_acceptance_may_name_the_version_by_hash_or_moment(documents, bring_in):
    january, march = Version.objects.filter(document=documents["Harbour Terms of Service main"]).order_by("seen_at")[:2]
    done = bring_in(
        "acceptances",
        accepted("a", DAY(5), version_sha256=january.text.sha256, method="checkbox"),
        accepted("b", DAY(5), version_recorded_at="2026-03-01T00:00:00+00:00"),
        accepted("c", DAY(5), version_sha256="0" * 64),
        accepted("d", DAY(5), version_sha256="soon"),
    )
    assert (done.created, done.rejected) == (2, 2)
    assert [(one.account.ref, one.version, one.method) for one in Acceptance.objects.order_by("account__ref")] == [
        ("a", january, "checkbox"),
        ("b", march, ""),
    ]
    reasons = [one.reason for one in done.rejections.order_by("line")]
    assert "no version of “Terms of Service” of “Harbour” has this SHA-256" in reasons[0]
    assert "version_sha256" in reasons[1]


def test_the_hash_of_a_text_says_which_collection_it_is_of(documents, tmp_path, people, bring_in):
    history = HistoryWriter(tmp_path / "more")
    history.root.mkdir()
    history.add(f"Only here. {WORDS}", DAY(4), document="Usage Policy", collection="eu", record_kind="change")
    policies.import_terms(path=history.write(), by=people.counsel)
    text = Version.objects.get(seen_at__month=4).text
    bring_in("acceptances", accepted("a", DAY(5), document="Usage Policy", version_sha256=text.sha256))
    assert Acceptance.objects.get().document == documents["Harbour Usage Policy eu"]


def test_a_later_report_adds_the_version_and_takes_nothing_away(documents, bring_in):
    bring_in("acceptances", accepted("a", DAY(5), method="checkbox"))
    version = Version.objects.filter(document=documents["Harbour Terms of Service main"]).earliest("seen_at")
    done = bring_in("acceptances", accepted("a", DAY(5), version_sha256=version.text.sha256))
    assert (done.created, done.updated) == (0, 1)
    again = bring_in("acceptances", accepted("a", DAY(5)))
    assert (again.updated, again.unchanged) == (0, 1)
    one = Acceptance.objects.get()
    assert (one.version, one.method) == (version, "checkbox")


def test_the_database_refuses_a_version_of_another_document(documents, bring_in):
    from django.db import IntegrityError, connection, transaction

    bring_in("acceptances", accepted("a", DAY(5)))
    other = Version.objects.get(document=documents["Quay Terms of Service main"])
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_acceptance SET version_id = %s", [other.pk])
    assert refused.value.__cause__.diag.constraint_name == "an_accepted_version_is_of_the_document"


def test_a_campaign_is_asked_about_at_once(documents, bring_in, django_assert_max_num_queries):
    rows = [{"ref": f"acct_{n:05}", "product": "Harbour"} for n in range(2000)]
    bring_in("accounts", *rows)
    bring_in("acceptances", *(accepted(row["ref"], DAY(2)) for row in rows[::2]))
    with django_assert_max_num_queries(6):
        found = terms.in_force_for(Account.objects.all(), date(2026, 1, 1), date(2026, 7, 31))
    assert len({one.account_id for one in found}) == 2000
    assert len(found) == 2000 * (3 + 2) + 1000  # an acceptance parts the first version in two
