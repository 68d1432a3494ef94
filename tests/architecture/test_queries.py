"""A list costs the same number of queries however much is in it: never more than the committed figure.

After a change that is meant: `QUERY_COUNTS=write pytest tests/architecture/test_queries.py`, and look at the diff.
"""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.cases import actions as cases
from apps.counsel import actions as counsel
from apps.staff import actions as staff
from tests.alerts.conftest import alert
from tests.architecture.world import World
from tests.cases.conftest import make_accounts
from tests.conftest import PASSWORD
from tests.evidence.conftest import ran

BASELINE = Path(__file__).with_name("query_counts.json")

More = Callable[[World], None]


def _people(w: World) -> None:
    for n in range(5):
        staff.invite(
            email=f"m{n}@northlight.example", name=f"M{n}", roles=["analyst"], password=PASSWORD, by=w.people.admin
        )


def _alerts(w: World) -> None:
    for n in range(5):
        w.receive(
            alert(source_ref=f"volume/m{n}", subject={"type": "account", "accounts": [f"m{n}"]}),
            {"title": "not an alert"},
        )


def _cases(w: World) -> None:
    for _ in range(5):
        cases.assign(w.case(), to=w.people.lead, by=w.people.analyst)


def _runs(w: World) -> None:
    for _ in range(5):
        ran(w.people, suspect="Other")


def _suspected(w: World) -> None:
    shown = "Our key reaches into the suspect's answers."
    case, item = w.once("case", "investigation"), ran(w.people).item
    cases.add_exhibit(case, item=item, shows=shown, element="training", by=w.people.analyst)


def _suspected_more(w: World) -> None:
    for _ in range(5):
        ran(w.people)


def _plans(w: World) -> None:
    for _ in range(5):
        w.plan("registered")


def _trials(w: World) -> None:
    for _ in range(5):
        w.trial()


def _items(w: World) -> None:
    for _ in range(5):
        w.collect()


def _notices(w: World) -> None:
    for _ in range(3):
        w.draft()


def _reports(w: World) -> None:
    case = w.once("confirmed").case
    for _ in range(5):
        w.compile(case)


def _accounts(w: World) -> None:
    make_accounts(8, "more")


def _suppressions(w: World) -> None:
    for _ in range(5):
        w.suppression()


def _advice(w: World, *theories: str) -> None:
    case, by = w.once("case", "investigation"), w.people.counsel
    for number, theory in enumerate(theories):
        counsel.adopt_theory(case, theory=theory, jurisdiction="United States", by=by)
        party = cases.add_party(case, name=f"Reef {number}", role="reseller", basis="E1", by=w.people.analyst)
        for acts_for in (None, party):
            counsel.record_counsel(case, party=acts_for, role="co", firm="Gray", acts_from=date(2026, 3, 1), by=by)


def _all(w: World) -> None:
    for more in (_alerts, _cases, _items):
        more(w)


# Address -> who opens it, what makes the first row, and what makes many more.
def _exports(w: World) -> None:
    for _ in range(5):
        w.sor_export()


LISTS: dict[str, tuple[str, More, More]] = {
    "insights:home": ("lead", _cases, _all),
    "insights:search": ("lead", _cases, _all),
    "staff:people": ("admin", lambda w: None, _people),
    "audit:trail": ("auditor", _items, _items),
    "policies:list": ("analyst", lambda w: w.clause and None, lambda w: None),
    "policies:tags": ("analyst", lambda w: w.clause and None, lambda w: w.once("two_clauses") and None),
    "accounts:authorisations": (
        "analyst",
        lambda w: w.authorisation() and None,
        lambda w: [w.authorisation() for _ in range(4)] and None,
    ),
    "accounts:rings": ("analyst", lambda w: w.ring() and None, lambda w: [w.ring() for _ in range(3)] and None),
    "accounts:ties": ("analyst", lambda w: w.tie() and None, lambda w: w.ring() and w.tie() and None),
    "accounts:linkage_runs": ("analyst", lambda w: w.ring() and None, lambda w: w.ring() and None),
    "accounts:list": ("analyst", lambda w: w.account and None, _accounts),
    "alerts:queue": ("analyst", lambda w: w.alert and None, _alerts),
    "alerts:suppressions": ("analyst", lambda w: w.once("suppression") and None, _suppressions),
    "alerts:batches": ("analyst", lambda w: w.alert and None, _alerts),
    "alerts:rejections": ("analyst", lambda w: w.rejection and None, _alerts),
    "alerts:detectors": ("analyst", lambda w: w.detector and None, _alerts),
    "evidence:list": ("analyst", lambda w: w.item and None, _items),
    "evidence:runs": ("analyst", lambda w: w.run and None, _runs),
    "evidence:plans": ("analyst", lambda w: w.once("plan") and None, _plans),
    "evidence:trials": ("analyst", lambda w: w.once("trial") and None, _trials),
    "cases:list": ("analyst", lambda w: w.once("case") and None, _cases),
    "cases:runs": ("analyst", _suspected, _suspected_more),
    "counsel:counsel": ("counsel", lambda w: _advice(w, "cfaa"), lambda w: _advice(w, "dtsa", "contract", "dmca")),
    "appeals:list": (
        "reviewer",
        lambda w: w.once("appeal") and None,
        lambda w: [w.appeal() for _ in range(2)] and None,
    ),
    "service:calendar": (
        "counsel",
        lambda w: w.once("deadlines") and None,
        lambda w: [w.deadlines() for _ in range(2)] and None,
    ),
    "service:returns": (
        "counsel",
        lambda w: w.once("returned") and None,
        lambda w: [w.returned() for _ in range(3)] and None,
    ),
    "notices:list": ("counsel", lambda w: w.once("draft") and None, _notices),
    "notices:templates": ("counsel", lambda w: w.once("draft") and None, _notices),
    "transparency:list": ("counsel", lambda w: w.once("sor_export") and None, _exports),
    "disclosures:list": ("counsel", lambda w: w.once("report") and None, _reports),
}

IN_A_CASE = {"cases:runs", "counsel:counsel"}


def count(client: Client, address: str) -> int:
    client.get(address)  # what is remembered for longer than a request is remembered now
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_with_one_row_and_with_many(name, db, sign_in):
    who, first, more = LISTS[name]
    world = World()
    first(world)
    client = sign_in(getattr(world.people, who))
    where = [world.once("case", "investigation").ref] if name in IN_A_CASE else []
    address = reverse(name, args=where) + ("?q=case" if name == "insights:search" else "")
    one = count(client, address)
    more(world)
    many = count(client, address)
    assert many <= one, "a query for each row"
    if os.environ.get("QUERY_COUNTS") == "write":
        _write(name, many)
    assert many == json.loads(BASELINE.read_text())[name]


def _write(name: str, number: int) -> None:
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    BASELINE.write_text(json.dumps(dict(sorted((known | {name: number}).items())), indent=2) + "\n")


def test_every_list_is_measured():
    """A page that is paged by key is a list."""
    from tests.architecture.permissions import ROUTES

    lists = {
        name
        for name in ROUTES
        if name.endswith((":list", ":queue", ":runs", ":batches", ":rejections", ":suppressions", ":people"))
    }
    assert lists <= set(LISTS)
