"""Work product is read by counsel alone (R20): a marker is planted wherever counsel writes, in every case there is, and
looked for on every page, in every answer to a program and in every export, as each who may not read it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import Event, Manifest
from apps.cases import actions as cases
from apps.core import vault
from apps.counsel import actions
from apps.counsel.models import Element, Note, Theory
from apps.disclosures import actions as disclosures
from apps.staff.roles import ROLES
from tests import paper as on
from tests.architecture.permissions import API, OPEN, ROUTES
from tests.architecture.world import World
from tests.disclosures.bundle.conftest import made, order, rich, unpack  # noqa: F401 - fixtures
from tests.disclosures.conftest import compiled  # noqa: F401 - fixture
from tests.notices.conftest import quick_paper, suspended  # noqa: F401 - fixtures

MARK = "zanzibar"
OTHERS = ("analyst", "lead", "reviewer", "auditor", "admin")
PRIVILEGED = (Theory, Element, Note)

pytestmark = pytest.mark.timeout(900)


def advise(case: Any, people: Any) -> None:
    """Whatever counsel may write in a case says the marker."""
    pursued = actions.adopt_theory(
        case, theory="dtsa", jurisdiction=f"{MARK} law", note=f"{MARK} note", by=people.counsel
    )
    actions.weigh_element(
        pursued.elements.first(), strength="weak", note=f"{MARK} strength", against=f"{MARK} against", by=people.counsel
    )
    dropped = actions.adopt_theory(case, theory="cfaa", jurisdiction=f"{MARK} law", by=people.counsel)
    actions.withdraw_theory(dropped, why=f"{MARK} withdrawn", by=people.counsel)
    cases.add_note(case, body=f"{MARK} advice", is_privileged=True, by=people.counsel)


def says(answer: Any) -> bool:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return MARK.encode() in body.lower()


def in_trail(world: World) -> Iterator[str]:
    """The entries and histories of what counsel wrote, also as of a time."""
    tables = [model._meta.db_table for model in PRIVILEGED]
    for event in Event.objects.filter(object_type__in=tables)[:40]:
        yield reverse("audit:event", args=[event.event_uuid])
    for model in PRIVILEGED:
        row = model.objects.first()
        history = reverse("audit:history", args=[model._meta.db_table, row.pk])
        yield from (history, f"{history}?at=2099-01-01T00:00")
        yield reverse("audit:readers", args=[model._meta.db_table, row.pk])


@pytest.fixture
def world(db, monkeypatch) -> World:
    """A house in which counsel has advised on each case from its first day."""
    on.as_html(monkeypatch)
    world, opened = World(), cases.open_case

    def open_case(*args: Any, **values: Any) -> Any:
        case = opened(*args, **values)
        advise(case, world.people)
        return case

    monkeypatch.setattr(cases, "open_case", open_case)
    return world


@pytest.mark.slow
def test_no_page_and_no_answer_to_a_program_says_it(world):
    pages = {name: reverse(name, args=route.args(world)) for name, route in ROUTES.items() if "get" in route.methods}
    case = world.once("case", "investigation")
    calls = [reverse(name) for name in OPEN] + [
        f"/api/v1/cases/{case.ref}{path}" for path in ("", "/evidence", "/matrix")
    ]
    assert {"cases:api-case", "cases:api-evidence", "cases:api-matrix"} <= API
    # A page repeats what was asked for: half of the marker is not the marker.
    questions = [
        f"/search/?q={MARK[:4]}",
        f"/trail/?q={MARK[:4]}",
        f"/cases/?q={MARK[:4]}",
        "/trail/?verb=counsel.adopt_theory",
    ]
    addresses = [*pages.values(), *calls, *questions, *in_trail(world)]
    counsel, shown = Client(), reverse("counsel:theory", args=[case.theories.first().pk])
    counsel.force_login(world.people.counsel)
    assert says(counsel.get(shown)), "it is there to be read"
    for who in OTHERS:
        client = Client(raise_request_exception=True)
        client.force_login(getattr(world.people, who))
        assert [address for address in addresses if says(client.get(address))] == [], who
        assert client.get(shown).status_code == 404
    program = Client(headers={"authorization": f"Bearer {world.key[1]}"})
    assert [address for address in calls if says(program.get(address))] == []


def test_no_other_role_has_the_right():
    rights = {"counsel.view_privileged", "counsel.open_theory", "cases.view_privileged", "cases.open_privileged"}
    assert {slug for slug, role in ROLES.items() if rights & role.verbs} == {"legal_counsel", "legal_approver"}


def test_the_trail_holds_commitments_alone(ready, people, sign_in):
    advise(ready, people)
    assert not any(MARK.encode() in bytes(body) for body in Event.objects.values_list("body", flat=True))
    assert not Event.objects.filter(reason__icontains=MARK).exists()
    assert not Manifest.objects.filter(table_name__startswith="counsel_").exists()
    client = sign_in(people.auditor)
    for event in Event.objects.filter(object_type__startswith="counsel_"):
        answer = client.post(reverse("audit:open_private", args=[event.event_uuid]), {"reason": "Audit"})
        assert answer.status_code == 403
    days = {"since": "2026-01-01", "until": "2099-12-31", "reason": "Yearly"}
    sign_in(people.approver).get(ready.theories.first().get_absolute_url())
    assert not says(client.post(reverse("audit:export_reads"), days))


@pytest.mark.parametrize("audience", ["regulator", "partner", "public"])
def test_no_report_says_it(suspended, compiled, quick_paper, people, audience):  # noqa: F811
    advise(suspended.case, people)
    report = compiled(audience=audience)
    files = [*disclosures.files_of(report).values(), vault.read(report.snapshot_sha256)]
    assert len(files) > 2
    assert not any(MARK.encode() in part for part in files)


@pytest.mark.parametrize("audience", ["court", "regulator", "partner"])
def test_no_bundle_says_it_or_that_there_is_any(rich, made, people, audience, tmp_path):  # noqa: F811
    advise(rich, people)
    actions.open_theory(rich.theories.first(), by=people.approver)
    folder = unpack(made(audience=audience), tmp_path)
    written = [str(pk).encode() for model in PRIVILEGED for pk in model.objects.values_list("pk", flat=True)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        data = path.read_bytes()
        assert MARK.encode() not in data, path
        assert not any(key in data for key in (*written, b"counsel_theory", b"counsel.open_theory")), path
