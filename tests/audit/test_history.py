"""One object's history with before and after in words, and the record as of a time, as people read them."""

from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from apps.audit import contents, ledger
from apps.audit.models import Event
from apps.policies.models import Document
from apps.staff import actions
from tests.audit.planting import acting, plant


def text(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return " ".join(response.content.decode().split())


@pytest.fixture
def auditor(people: Any, sign_in: Any) -> Any:
    return sign_in(people.auditor)


def address(row: Any) -> str:
    return reverse("audit:history", args=[row._meta.db_table, row.pk])


@pytest.fixture
def document(db: None) -> Document:
    """Written by one batch, renamed by another, and then by itself."""
    with acting(), ledger.batch(why="imported") as rows:
        rows.insert(Document, [{"collection": "c", "service": "Model API", "name": "Terms", "slug": "terms"}])
    row = Document.objects.get()
    with acting(), ledger.batch(why="renamed") as rows:
        rows.run(Document, "UPDATE policies_document SET name = 'Terms of Use' WHERE id = %s", [row.pk])
    with acting():
        ledger.change(row, name="Terms of Service")
    return row


def test_before_and_after_are_in_words_also_of_batches(document, auditor):
    response = auditor.get(address(document))
    page = text(response)
    changes = [[(c.label, c.old, c.new) for c in entry.changes] for entry in response.context["entries"]]
    assert changes[0] == [("Name", "Terms of Use", "Terms of Service")]
    assert changes[1] == [("Name", "Terms", "Terms of Use")]
    assert ("Service", None, "Model API") in changes[2]
    assert "SHA-256 of the body" in page
    assert "policies_document" not in page.partition("<details>")[0]


def test_a_record_is_shown_as_of_a_time(document, auditor):
    first, second, third = Event.objects.filter(action="audit.plant").order_by("id")
    for event, name in ((first, "Terms"), (second, "Terms of Use"), (third, "Terms of Service")):
        response = auditor.get(address(document), {"at": event.occurred_at.isoformat()})
        assert {fact.label: fact.value for fact in response.context["facts"]}["Name"] == name
        assert "From the log alone" in text(response)
    page = text(auditor.get(address(document), {"at": "2020-01-01T00:00"}))
    assert "it did not exist yet" in page


def test_a_time_to_the_minute_means_its_end(document, auditor):
    event = Event.objects.latest("id")
    response = auditor.get(address(document), {"at": f"{event.occurred_at:%Y-%m-%dT%H:%M}"})
    assert {fact.label: fact.value for fact in response.context["facts"]}["Name"] == "Terms of Service"


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01T00:00", "<script>"])
def test_what_is_no_time_is_said_to_be_none(document, auditor, at):
    assert "Give a time such as" in text(auditor.get(address(document), {"at": at}))


def test_what_was_erased_is_said_to_be(document, auditor):
    first = Event.objects.filter(action="audit.plant").earliest("id")
    with transaction.atomic():
        contents.erase("policies_document", [document.pk])
    page = text(auditor.get(address(document), {"at": first.occurred_at.isoformat()}))
    assert "In part" in page
    assert "the rows of that batch were erased" in page


def test_private_values_are_withheld(people, auditor):
    actions.change_roles(people.analyst, roles=["lead"], by=people.admin)
    at = Event.objects.filter(object_id=people.analyst.pk).earliest("id").occurred_at
    response = auditor.get(address(people.analyst), {"at": at.isoformat()})
    facts = {fact.label: fact.value for fact in response.context["facts"]}
    assert facts["Roles"] == "analyst"
    assert facts["Name"] == "(withheld)"
    assert facts["Password"] == "(withheld)"


def test_a_room_that_is_not_seen_is_withheld(people, sign_in):
    _ = people.admin
    row = plant(0)[Document]
    at = Event.objects.latest("id").occurred_at.isoformat()
    response = sign_in(people.admin).get(address(row), {"at": at})
    assert {fact.value for fact in response.context["facts"]} == {"(withheld)"}
