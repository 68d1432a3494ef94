"""The case room in a browser without a screen."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.cases import actions, queries
from apps.cases.models import Case, CaseAccount, CaseNote, Finding
from tests.cases.conftest import make_accounts, worksheet

TABS = ["", "campaign/", "accounts/", "evidence/", "explanations/", "findings/", "decisions/", "timeline/", "trail/"]
FORMS = [
    "accounts/add/",
    "evidence/add/",
    "findings/propose/",
    "describe/",
    "assign/",
    "close/",
    "parties/add/",
    "tasks/add/",
    "notes/add/",
]


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_says_what_is_missing(tab, ready, people, sign_in):
    page = sign_in(people.analyst).get(f"/cases/{ready.ref}/{tab}")
    assert page.status_code == 200
    html = page.content.decode()
    assert ready.ref in html
    assert "What is missing" in html
    assert "No exhibit shows: access" in html
    assert "style=" not in html
    assert "onclick" not in html


@pytest.mark.parametrize("tab", TABS)
def test_a_stranger_gets_404(tab, case, people, sign_in):
    assert sign_in(people.admin).get(f"/cases/{case.ref}/{tab}").status_code == 404


@pytest.mark.parametrize("name", FORMS)
def test_forms_are_for_those_who_may_send_them(name, ready, people, sign_in):
    person = people.lead if name == "close/" else people.analyst
    assert sign_in(person).get(f"/cases/{ready.ref}/{name}").status_code == 200
    if name != "notes/add/":
        assert sign_in(people.reviewer).get(f"/cases/{ready.ref}/{name}").status_code == 403
    assert sign_in(people.admin).get(f"/cases/{ready.ref}/{name}").status_code == 404


def test_the_whole_way_in_the_browser(ready, terms, people, sign_in):
    analyst, lead, approver = (sign_in(p) for p in (people.analyst, people.lead, people.approver))
    url = f"/cases/{ready.ref}"
    offer = analyst.get(f"{url}/findings/propose/")
    assert f"{terms.version.pk}:{terms.clause.pk}" in offer.content.decode()
    assert analyst.post(f"{url}/findings/propose/", worksheet(ready, terms)).status_code == 302
    finding = Finding.objects.get()
    assert "Confirm the finding" not in analyst.get(f"{url}/findings/").content.decode()
    assert analyst.post(f"/findings/{finding.ref}/confirm/").status_code == 403
    assert "Confirm the finding" in lead.get(f"{url}/findings/").content.decode()
    assert lead.post(f"/findings/{finding.ref}/confirm/", {"note": "Agreed."}).status_code == 302
    assert Case.objects.get().state == "decision"
    form = analyst.get(f"/findings/{finding.ref}/decide/").content.decode()
    assert "expected to be hit wrongly" in form
    data = {
        "action": "suspend",
        "scope": "All use",
        "starts_on": "2026-05-12",
        "reasoning": "Nothing milder ends it.",
        "acknowledged": queries.wrongful_of(finding).value,
    }
    assert analyst.post(f"/findings/{finding.ref}/decide/", data).status_code == 302
    decision = finding.decisions.get()
    assert "Approve the decision" not in analyst.get(f"{url}/decisions/").content.decode()
    assert analyst.post(f"/decisions/{decision.ref}/approve/").status_code == 403
    assert "Approve the decision" in approver.get(f"{url}/decisions/").content.decode()
    assert approver.post(f"/decisions/{decision.ref}/approve/").status_code == 302
    assert lead.post(f"{url}/close/", {"closure": "acted", "note": "Done."}).status_code == 302
    assert Case.objects.get().state == "closed"
    assert lead.post(f"{url}/reopen/", {"reason": "They are back."}).status_code == 302
    for tab in TABS:
        assert analyst.get(f"{url}/{tab}").status_code == 200
    assert analyst.get(f"/findings/{finding.ref}/").status_code == 200


def test_a_refusal_stands_beside_its_field(ready, terms, people, sign_in):
    data = worksheet(ready, terms, conduct="They stole the output of the service.")
    page = sign_in(people.analyst).post(f"/cases/{ready.ref}/findings/propose/", data)
    assert page.status_code == 422
    assert "say what was done" in str(page.context["form"].errors["conduct"])


def test_a_refused_review_is_explained_at_its_own_decision(decide, people, sign_in):
    one, other = decide(), decide(action="limit", requests_per_day=100)
    page = sign_in(people.approver).post(f"/decisions/{one.ref}/reject/", {"reason": ""})
    assert page.status_code == 422
    html = page.content.decode()
    assert html.count("This field is required") == 1
    assert html.index("This field is required") > html.index(f'id="id_{one.ref}_reason"')
    assert html.count(f'id="id_{other.ref}_reason"') == 1


def test_the_page_of_a_verb_stands_under_its_tab(ready, people, sign_in):
    page = sign_in(people.analyst).get(f"/cases/{ready.ref}/evidence/add/")
    assert [tab["label"] for tab in page.context["tabs"] if tab["current"]] == ["Evidence"]


def test_open_a_case_by_hand(people, sign_in):
    client = sign_in(people.analyst)
    assert client.post("/cases/open/", {"title": " ", "severity": 2, "kind": "extraction"}).status_code == 422
    page = client.post("/cases/open/", {"title": "New ring", "severity": 2, "kind": "extraction"})
    case = Case.objects.get()
    assert page.url == f"/cases/{case.ref}/"
    assert case.assignee == people.analyst
    assert client.get(page.url).status_code == 200
    assert client.post(f"/cases/{case.ref}/investigate/").status_code == 422  # no account is in it


def test_add_accounts_counts_first_and_keeps_identifiers_out_of_the_address(case, people, sign_in):
    make_accounts(12)
    make_accounts(3, "other", country="FR")
    client = sign_in(people.analyst)
    page = client.post(f"/cases/{case.ref}/accounts/add/", {"country": "de"})
    assert (page.context["total"], page.context["new"]) == (12, 12)
    assert not CaseAccount.objects.exists()
    assert client.post(f"/cases/{case.ref}/accounts/add/", {"country": "de", "apply": "1"}).status_code == 302
    assert case.members.count() == 12
    assert client.post(f"/cases/{case.ref}/accounts/add/", {"apply": "1"}).status_code == 422
    page = client.post(f"/cases/{case.ref}/accounts/add/", {"product": "Harbour"})
    assert (page.context["new"], page.context["known"], page.context["out"]) == (3, 12, 0)


def test_taking_out_many_is_confirmed_by_their_number(case, people, sign_in):
    make_accounts(150)
    actions.add_accounts(case, query={"country": "DE"}, by=people.analyst)
    client, url = sign_in(people.analyst), f"/cases/{case.ref}/accounts"
    assert "Type" in client.get(f"{url}/?country=DE").content.decode()
    refused = client.post(f"{url}/exclude/", {"country": "DE", "why": "A university.", "typed": "15"})
    assert refused.status_code == 422
    assert "type 150 to confirm" in refused.content.decode()
    done = client.post(f"{url}/exclude/", {"country": "DE", "why": "A university.", "typed": "150"})
    assert done.status_code == 302
    assert case.members.filter(excluded_why="A university.").count() == 150
    page = client.get(f"{url}/?shown=excluded")
    assert "A university." in page.content.decode()
    assert client.post(f"{url}/restore/", {"typed": "150"}).status_code == 302
    assert case.members.filter(excluded_at=None).count() == 150


def test_a_page_of_accounts_costs_the_same_however_many_there_are(case, people, sign_in):
    client = sign_in(people.analyst)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/cases/{case.ref}/accounts/").status_code == 200
        return len(asked)

    make_accounts(60)
    actions.add_accounts(case, query={"country": "DE"}, by=people.analyst)
    few = cost()
    make_accounts(400, "more")
    actions.add_accounts(case, query={"product": "Harbour"}, by=people.analyst)
    assert cost() == few
    page = client.get(f"/cases/{case.ref}/accounts/")
    assert len(page.context["page"]) == 50
    older = client.get(f"/cases/{case.ref}/accounts/?after={page.context['page'].older}")
    assert not {m.pk for m in page.context["page"]} & {m.pk for m in older.context["page"]}


def test_the_list_costs_the_same_however_many_there_are(people, sign_in):
    client = sign_in(people.analyst)
    actions.open_case(title="Ring 0", severity=1, by=people.analyst)
    client.get("/cases/")
    with CaptureQueriesContext(connection) as one:
        client.get("/cases/")
    for n in range(6):
        actions.open_case(title=f"Ring {n + 1}", severity=n % 5, by=people.lead)
    with CaptureQueriesContext(connection) as many:
        page = client.get("/cases/")
    assert len(many) == len(one)
    assert len(page.context["page"]) == 7
    assert len(client.get("/cases/?severity=4").context["page"]) == 1
    assert len(client.get(f"/cases/?assignee={people.analyst.pk}").context["page"]) == 1
    assert len(client.get("/cases/?q=ring 3").context["page"]) == 1
    assert len(client.get("/cases/?state=closed").context["page"]) == 0


def test_privileged_notes_are_for_legal_roles(case, people, sign_in):
    url = f"/cases/{case.ref}/"
    counsel, analyst = sign_in(people.counsel), sign_in(people.analyst)
    assert counsel.post(f"{url}notes/add/", {"body": "Advice: wait.", "is_privileged": "on"}).status_code == 302
    analyst.post(f"{url}notes/add/", {"body": "Looked at logs.", "is_privileged": "on"})
    assert CaseNote.objects.get(body="Looked at logs.").is_privileged is False
    page = counsel.get(url).content.decode()
    assert "Legal advice: 1 note" in page
    assert "Advice: wait." not in page
    assert "Advice: wait." in counsel.get(f"{url}advice/").content.decode()
    for person in (people.analyst, people.lead, people.auditor, people.reviewer):
        html = sign_in(person).get(url).content.decode()
        assert "Looked at logs." in html
        assert "dvice" not in html
        assert sign_in(person).get(f"{url}advice/").status_code == 403


def test_the_matrix_is_filled_cell_by_cell(ready, people, sign_in):
    client, explanation, exhibit = sign_in(people.analyst), ready.explanations.get(), ready.exhibits.first()
    address, cell = f"/exhibits/{exhibit.pk}/rate/", {"explanation": explanation.pk}
    for rating in ("C", "I"):
        client.post(address, cell | {"rating": rating})
        assert ready.assessments.get().rating == rating
    client.post(address, cell | {"rating": "X"})
    assert ready.assessments.get().rating == "I"
    totals = client.post(address, {"rating": "C"}, headers={"HX-Request": "true"}).content.decode()
    assert "speaks against 1 of 2" in totals
    assert "1 exhibit against it, from 1 source" in totals
    page = client.get(f"/cases/{ready.ref}/explanations/")
    assert page.context["matrix"].refuted_by == [1]
    assert [s.name for _, s in page.context["matrix"].ranking] == ["What is suspected", str(explanation)]
    assert client.post(f"/cases/{ready.ref}/explanations/raise/", {"hypothesis": "fault"}).status_code == 302
    raised = ready.explanations.get(hypothesis="fault")
    bad = client.post(f"/explanations/{raised.pk}/assess/", {f"{raised.pk}-status": "refuted"})
    assert bad.status_code == 422
    good = {f"{raised.pk}-status": "not_excluded", f"{raised.pk}-conclusion": "Recomputed from raw."}
    assert client.post(f"/explanations/{raised.pk}/assess/", good).status_code == 302
    assert sign_in(people.lead).get(f"/cases/{ready.ref}/explanations/").status_code == 200


def test_an_exhibit_is_added_by_its_reference(case, people, collect, sign_in):
    make_accounts(1)
    item = collect()
    data = {"item": item.ref, "shows": "What was asked.", "element": "access", "dependency_group": "gateway"}
    client = sign_in(people.analyst)
    without = client.post(f"/cases/{case.ref}/evidence/add/", data | {"dependency_group": ""})
    assert without.status_code == 422
    assert "counted twice" in str(without.context["form"].errors["dependency_group"])
    assert client.post(f"/cases/{case.ref}/evidence/add/", data).status_code == 302
    assert case.exhibits.get().label == "E1"
    assert case.ref in client.get(f"/evidence/{item.ref}/cases/").content.decode()


def test_tasks_and_parties(case, people, sign_in):
    client, url = sign_in(people.analyst), f"/cases/{case.ref}"
    data = {"title": "Ask billing", "assignee": str(people.lead.pk), "due_on": date(2026, 6, 1)}
    assert client.post(f"{url}/tasks/add/", data).status_code == 302
    task = case.tasks.get()
    assert sign_in(people.reviewer).post(f"/tasks/{task.pk}/complete/").status_code == 403
    assert client.post(f"/tasks/{task.pk}/complete/").status_code == 302
    task.refresh_from_db()
    assert task.done_by == people.analyst
    assert client.post(f"/tasks/{task.pk}/complete/").status_code == 403
    data = {"name": "Reef Resale", "role": "reseller", "basis": "E1"}
    assert client.post(f"{url}/parties/add/", data).status_code == 302
    assert "Reef Resale" in client.get(f"{url}/").content.decode()


def test_an_accounts_page_names_its_cases(ready, people, sign_in):
    account = ready.members.first().account
    client = sign_in(people.analyst)
    assert ready.ref in client.get(f"/accounts/{account.pk}/cases/").content.decode()
    actions.exclude_accounts(ready, account_ids=[account.pk], why="A university.", by=people.analyst)
    assert "A university." in client.get(f"/accounts/{account.pk}/cases/").content.decode()
    assert sign_in(people.admin).get(f"/accounts/{account.pk}/cases/").status_code == 404
