"""A case over REST: what a script of a person may read and do, and a machine may not."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.cases import queries
from apps.cases.models import Finding
from tests.cases.conftest import END, START


@pytest.fixture
def send(people, sign_in):
    client = sign_in(people.analyst)
    return lambda path, **fields: client.post(f"/api/v1/{path}", fields, content_type="application/json")


@pytest.fixture
def read(people, sign_in):
    client = sign_in(people.analyst)
    return lambda path: client.get(f"/api/v1/{path}")


def test_from_an_item_to_an_approved_decision(case, terms, people, collect, send, read, sign_in):
    from apps.cases import actions
    from tests.cases.conftest import make_accounts, make_activity

    make_accounts(3)
    make_activity()
    actions.add_accounts(case, query={"country": "DE"}, by=people.analyst)
    actions.start_investigation(case, by=people.analyst)
    at = f"cases/{case.ref}"
    log = {"item": collect().ref, "shows": "Output taken in bulk.", "element": "harvesting", "dependency_group": "log"}
    added = send(f"{at}/exhibits", **log)
    assert (added.status_code, added.json()["number"], added.json()["family"]) == (201, 1, "traffic")
    marks = log | {"item": collect("Marks").ref, "dependency_group": "canaries", "family": "canary"}
    assert send(f"{at}/exhibits", **marks).status_code == 201
    raised = send(f"{at}/explanations", hypothesis="reseller")
    assert "passes on the requests" in raised.json()["question"]
    assert send(f"{at}/ratings", exhibit=1, rating="I", explanation="reseller").status_code == 201
    assert send(f"{at}/ratings", exhibit=1, rating="C").status_code == 201
    assessment = {"status": "refuted", "conclusion": "Its customers would write other prompts."}
    assert send(f"{at}/explanations/reseller/assessment", **assessment).status_code == 201

    matrix = read(f"{at}/matrix").json()
    assert matrix["hypotheses"] == [None, "reseller"]
    assert matrix["rows"][0] == {
        "exhibit": 1,
        "ratings": ["C", "I"],
        "diagnosticity": 1.0,
        "says": "speaks against 1 of 2",
    }
    assert [line["name"] for line in matrix["ranking"]] == [
        "What is suspected",
        "Reseller or proxy with many real customers",
    ]

    proposed = send(
        f"{at}/findings",
        conduct="The accounts collected output by automatic means.",
        conduct_from=START.isoformat(),
        conduct_to=END.isoformat(),
        confidence="likely",
        limits="What it was used for is not known.",
        clauses=[{"version": str(terms.version.pk), "clause": str(terms.clause.pk)}],
        exhibits=[1, 2],
        theories=["extraction"],
        elements=[{"theory": "extraction", "element": "harvesting", "confidence": "likely", "exhibits": [1, 2]}],
        levels=[{"level": "cluster", "confidence": "likely", "basis": "They share their hours."}],
    )
    assert proposed.status_code == 201, proposed.json()
    shown = read(f"{at}/findings").json()["findings"][0]
    assert shown == proposed.json()
    assert [(e["element"], e["met"]) for e in shown["elements"]] == [
        ("harvesting", True),
        ("same_hand", False),
        ("use", False),
    ]
    assert {level["level"]: level["confidence"] for level in shown["levels"]} == {
        "account": "likely",
        "cluster": "likely",
    }
    lead = sign_in(people.lead)
    assert lead.post(f"/api/v1/findings/{shown['ref']}/confirmation", {}, "application/json").status_code == 201
    finding = Finding.objects.get()
    decided = send(
        f"findings/{finding.ref}/decisions",
        action="suspend",
        scope="All use",
        starts_on="2026-05-12",
        reasoning="Nothing milder ends it.",
        acknowledged=queries.wrongful_of(finding).value,
    )
    assert (decided.status_code, decided.json()["account_count"]) == (201, 3)
    approver = sign_in(people.approver)
    approved = approver.post(f"/api/v1/decisions/{decided.json()['ref']}/approval", {}, "application/json")
    assert approved.json()["state"] == "approved"
    assert read(at).json()["state"] == "notice"


@pytest.mark.parametrize(
    ("path", "fields", "status", "says"),
    [
        ("exhibits", {"shows": "x"}, 400, "missing required field `item`"),
        ("exhibits", {"item": "EV-1", "shows": "x", "element": "access"}, 404, "nothing here"),
        ("ratings", {"exhibit": 99, "rating": "C"}, 404, "nothing here"),
        ("explanations", {"hypothesis": "aliens"}, 422, "The register has no explanation"),
        ("explanations", {"hypothesis": "fault", "why": "x"}, 400, "unknown field `why`"),
    ],
)
def test_a_problem_is_told_in_words(case, send, path, fields, status, says):
    answer = send(f"cases/{case.ref}/{path}", **fields)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert says in answer.json()["detail"]


def test_a_stranger_sees_nothing_and_a_machine_concludes_nothing(case, people, sign_in, api):
    for path in ("", "/evidence", "/matrix", "/findings"):
        assert sign_in(people.admin).get(f"/api/v1/cases/{case.ref}{path}").status_code == 404
    machine = api()
    assert machine.get(f"/api/v1/cases/{case.ref}").status_code == 404
    answer = machine.post(f"/api/v1/cases/{case.ref}/explanations", {"hypothesis": "fault"}, "application/json")
    assert answer.status_code == 404
    assert not case.explanations.exists()


def test_reading_costs_the_same_for_any_number_of_exhibits(ready, add_exhibit, people, read):
    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert read(f"cases/{ready.ref}/{path}").status_code == 200
        return len(asked)

    before = [cost(path) for path in ("evidence", "matrix")]
    for n in range(4):
        add_exhibit(ready, group=f"source {n}", family="other")
    assert [cost(path) for path in ("evidence", "matrix")] == before


def test_a_file_is_collected_into_the_case_at_once(ready, people, sign_in):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client, address = sign_in(people.analyst), f"/cases/{ready.ref}/evidence/collect/"
    form = {
        "kind": "query_log",
        "title": "Three days",
        "origin": "Gateway",
        "tlp": "amber",
        "shows": "They stole it all.",
        "element": "harvesting",
        "dependency_group": "gateway",
    }
    refused = client.post(address, form | {"file": SimpleUploadedFile("log.csv", b"a,b\n1,2\n")})
    assert refused.status_code == 422
    assert ready.exhibits.count() == 2
    assert not ready.exhibits.model.item.field.related_model.objects.filter(title="Three days").exists()
    told = form | {"shows": "Output was taken in bulk."}
    assert client.post(address, told | {"file": SimpleUploadedFile("log.csv", b"a,b\n1,2\n")}).status_code == 302
    added = ready.exhibits.get(number=3)
    assert (added.item.title, added.family) == ("Three days", "traffic")
