"""The campaign page: figures computed once, pictures that are tables as well, and a graph that stays small."""

import json

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.models import Account, Identifier, LinkageRun, Ring, RingMember
from apps.audit import ledger
from apps.audit.principals import System
from apps.cases import actions, queries, tasks
from apps.cases.campaign import drawing, figures, graph, stages
from apps.cases.models import CampaignFigures, Exhibit
from apps.core.models import Job
from tests.alerts.conftest import cluster, detector, receive, register  # noqa: F401 - fixtures
from tests.cases.conftest import make_accounts, make_activity

NOW = "2026-05-20T10:00:00Z"


def make_rings(number: int, *, state: str = "found") -> list[Ring]:
    """Rings over all accounts in turn, each with a card of its own and a block of addresses that crosses them."""
    with transaction.atomic(), ledger.act("tests.arrange", System("tests")), ledger.batch() as written:
        written.insert(
            LinkageRun,
            [
                {
                    "number": 1, "scope": "full", "state": "done", "settings": {}, "stage": "", "input_sha256": "",
                    "accounts": 0, "identifiers": 0, "changes": {}, "asked_by": "system:tests", "started_at": NOW,
                    "ended_at": NOW, "stopped_why": "", "held": "",
                }
            ],
        )  # fmt: skip
    run = LinkageRun.objects.get()
    accounts = list(Account.objects.order_by("ref"))
    with transaction.atomic(), ledger.act("tests.arrange", System("tests")), ledger.batch() as written:
        written.insert(
            Ring,
            [
                {
                    "ref": f"R-{n}", "state": state, "size": len(accounts[n::number]), "measures": {},
                    "first_run_id": str(run.pk), "last_run_id": str(run.pk), "judged_why": "",
                }
                for n in range(number)
            ],
        )  # fmt: skip
    rings = list(Ring.objects.order_by("ref"))
    joined = {"how": "strong", "probability": 0.9, "since_run_id": str(run.pk), "until_run_id": None}
    shared = {"key_id": "k", "masked": "…", "first_seen": None, "last_seen": None}
    with transaction.atomic(), ledger.act("tests.arrange", System("tests")), ledger.batch() as written:
        members = enumerate(accounts)
        written.insert(
            RingMember,
            [{"ring_id": str(rings[n % number].pk), "account_id": str(account.pk)} | joined for n, account in members],
        )
        written.insert(
            Identifier,
            [
                {"account_id": str(account.pk), "kind": kind, "value_hmac": value} | shared
                for n, account in enumerate(accounts)
                for kind, value in (("payment", f"{n % number:064x}"), ("ip_prefix", "f" * 64))
            ],
        )
    return rings


@pytest.fixture
def campaign(case, people):
    """Twelve accounts in three rings, with a week of activity."""
    make_accounts(12)
    make_activity()
    rings = make_rings(3)
    actions.add_accounts(case, query={"plan": "payg"}, by=people.analyst)
    case.rings = rings
    return case


def test_the_page_says_what_there_is_with_its_sources(campaign, people, sign_in):
    page = sign_in(people.analyst).get(f"/cases/{campaign.ref}/campaign/")
    html = page.content.decode()
    assert page.status_code == 200
    assert "Where these figures come from" in html
    assert "style=" not in html
    found = page.context["figures"]
    assert found["numbers"] | {"wrongful": 0, "models": []} == {
        "accounts": 12, "in_rings": 12, "wrongful": 0, "queries": 84_000, "input_tokens": 0, "output_tokens": 1_680,
        "models": [],
    }  # fmt: skip
    assert found["numbers"]["wrongful"] == pytest.approx(1.2)
    assert [ring["ref"] for ring in found["rings"]] == ["R-0", "R-1", "R-2"]
    assert [sum(layer) for layer in found["activity"]] == [28_000] * 3
    assert html.count('<svg class="drawing"') == 2  # no hours are on record


def test_what_rings_share_and_what_crosses_them(campaign):
    found = figures.compute(campaign)
    nodes = {node["id"]: node for node in found["nodes"]}
    crossing = nodes[f"value:ip_prefix:{'f' * 64}"]
    assert (crossing["accounts"], crossing["type"]) == (12, "value")
    own = [node for node in nodes.values() if node["type"] == "own"]
    assert [(node["kind"], node["values"], node["accounts"]) for node in own] == [("payment", 1, 4)] * 3
    assert len(found["edges"]) == 6


def test_the_page_costs_at_most_20_statements(campaign, people, sign_in):
    client = sign_in(people.analyst)
    client.get(f"/cases/{campaign.ref}/campaign/")
    with CaptureQueriesContext(connection) as asked:
        client.get(f"/cases/{campaign.ref}/campaign/")
    assert len(asked) <= 20


def test_figures_are_kept_until_something_changes(campaign, people, monkeypatch):
    first, stale = queries.campaign_figures(campaign, by=people.analyst)
    assert not stale
    assert queries.campaign_figures(campaign, by=people.analyst)[0].computed_at == first.computed_at
    actions.exclude_accounts(campaign, query={"refs": ["acct_00001"]}, why="A university.", by=people.analyst)
    monkeypatch.setattr("apps.cases.campaign.figures.AT_ONCE", 0)  # as for a large case
    kept, stale = queries.campaign_figures(campaign, by=people.analyst)
    assert stale
    assert kept.figures["numbers"]["accounts"] == 12
    for job in Job.objects.filter(kind="cases.draw_campaign"):
        tasks.draw_campaign(job)
    kept, stale = queries.campaign_figures(campaign, by=people.analyst)
    assert (stale, kept.figures["numbers"]["accounts"]) == (False, 11)


def test_a_large_case_says_that_it_is_being_computed(campaign, people, sign_in, monkeypatch):
    monkeypatch.setattr("apps.cases.campaign.figures.AT_ONCE", 0)
    client = sign_in(people.analyst)
    assert "for the first time" in client.get(f"/cases/{campaign.ref}/campaign/").content.decode()
    assert not CampaignFigures.objects.exists()
    client.get(f"/cases/{campaign.ref}/campaign/")
    assert Job.objects.filter(kind="cases.draw_campaign", key__endswith=figures.basis(campaign)[0]).count() == 1


def test_behind_every_node_lies_a_table(campaign, people, sign_in):
    client, url = sign_in(people.analyst), f"/cases/{campaign.ref}/campaign/behind/"
    for node in figures.compute(campaign)["nodes"]:
        page = client.get(url, {"node": node["id"]})
        assert page.status_code == 200
        assert page.context["inside"]["total"] == (node["values"] if node["type"] == "own" else node["accounts"])
    for wrong in ("ring:x", "value:card:1", "own::", "ring:other", "more:x"):
        assert client.get(url, {"node": wrong}).status_code == 404


@pytest.mark.parametrize("picture", [*drawing.PICTURES, "stages"])
def test_every_picture_is_a_document_of_its_own(campaign, people, sign_in, picture):
    page = sign_in(people.analyst).get(f"/cases/{campaign.ref}/campaign/{picture}.svg")
    assert page["Content-Type"] == "image/svg+xml"
    assert page.content.startswith(b"<svg")
    assert b"style=" not in page.content


def test_no_stage_is_shown_by_an_alert():
    rows = {row["name"]: row for row in stages.of([Exhibit(number=1, element="harvesting")], {"training": [7, 1]})}
    assert rows["harvesting"]["words"] == "Shown by E1."
    assert not rows["training"]["is_shown"]
    assert rows["training"]["words"].startswith("Suspected by 7 alerts, shown by no exhibit.")


held = st.tuples(st.sampled_from(["payment", "device", "asn"]), st.text("ab", max_size=4), st.integers(0, 8))


@given(st.dictionaries(held, st.integers(1, 500), max_size=200), st.randoms())
@settings(max_examples=40, deadline=None)
def test_the_graph_stays_small_and_does_not_depend_on_order(values, random):
    rings = [{"id": str(n), "ref": f"R-{n}", "state": "found", "accounts": 10 * n} for n in range(9)]
    rows = [(kind, value, str(ring), accounts) for (kind, value, ring), accounts in values.items()]
    built = graph.build(rows, rings)
    assert len(built["nodes"]) <= 9 + 9 * graph.KINDS_EACH + graph.CROSSING + 3
    assert all(0 <= node["x"] <= graph.WIDTH and 0 <= node["y"] <= graph.HEIGHT for node in built["nodes"])
    random.shuffle(rows)
    again = graph.build(rows, rings)
    assert {json.dumps(n, sort_keys=True) for n in again["nodes"]} == {
        json.dumps(n, sort_keys=True) for n in built["nodes"]
    }


# --- rings -----------------------------------------------------------------------------------------------------------


def test_a_case_is_opened_from_a_ring(people, sign_in):
    make_accounts(6)
    ring = make_rings(2)[0]
    client = sign_in(people.analyst)
    assert client.get(f"/rings/{ring.pk}/case/").status_code == 200
    page = client.post(f"/rings/{ring.pk}/case/", {"title": "A ring", "severity": "3"}, follow=True)
    assert page.context["figures"]["numbers"]["accounts"] == 3
    assert "ring: R-0" in page.content.decode()


def test_the_other_members_of_a_ring_join(campaign, people, sign_in):
    out = Account.objects.get(ref="acct_00000")
    make_accounts(1, prefix="later")
    actions.exclude_accounts(campaign, account_ids=[out.pk], why="A university.", by=people.analyst)
    with transaction.atomic(), ledger.act("tests.arrange", System("tests")), ledger.batch() as written:
        row = {"ring_id": str(campaign.rings[0].pk), "account_id": str(Account.objects.get(ref="later_00000").pk)}
        run = LinkageRun.objects.get()
        written.insert(RingMember, [row | {"how": "strong", "probability": 0.8, "since_run_id": str(run.pk)}])
    sign_in(people.analyst).post(f"/cases/{campaign.ref}/campaign/rings/add/", {"ring": "R-0"})
    assert set(queries.members(campaign).values_list("account__ref", flat=True)) == {
        "later_00000", *(f"acct_{n:05d}" for n in range(1, 12)),
    }  # fmt: skip
    assert queries.members(campaign, excluded=True).get().excluded_why == "A university."


# --- pages of sets ---------------------------------------------------------------------------------------------------


def test_a_file_freezes_whom_it_names_and_keeps_the_unknown(campaign, people, sign_in):
    from django.core.files.uploadedfile import SimpleUploadedFile

    given = SimpleUploadedFile("list.csv", b"account_ref,plan\nacct_00001,x\nnobody_1,x\nacct_00002,x\n")
    page = sign_in(people.analyst).post(
        f"/cases/{campaign.ref}/sets/freeze/", {"pool": "present", "file": given}, follow=True
    )
    members = page.context["members"]
    assert (members.count, members.unknown) == (2, ["nobody_1"])
    assert members.how == "Accounts in the case: file list.csv of 3 references"
    assert "nobody_1" in page.content.decode()


def test_a_set_page_counts_what_speaks_against_acting(campaign, people, sign_in):
    client = sign_in(people.analyst)
    page = client.post(
        f"/cases/{campaign.ref}/sets/freeze/", {"pool": "present", "ring": campaign.rings[1].pk}, follow=True
    )
    members = page.context["members"]
    assert members.count == 4
    assert page.context["wrongful"].value == pytest.approx(0.4)
    assert "calibrated on simulated campaigns" in page.content.decode()
    assert client.get(f"/sets/{members.pk}/accounts/").context["page"].shown == 4
    done = client.post(f"/sets/{members.pk}/step/", {"kind": "exclude", "why": "Explained."}, follow=True)
    assert "Taken out of the case: 4 accounts" in done.content.decode()
    step = members.steps.get()
    assert client.get(f"/steps/{step.pk}/").status_code == 200
    client.post(f"/steps/{step.pk}/undo/")
    assert queries.members(campaign).count() == 12


def test_a_page_shown_before_a_change_is_refused(campaign, people, sign_in):
    client = sign_in(people.analyst)
    shown = client.get(f"/cases/{campaign.ref}/accounts/").context["shown"]
    actions.exclude_accounts(campaign, query={"refs": ["acct_00001"]}, why="A university.", by=people.lead)
    page = client.post(f"/cases/{campaign.ref}/accounts/exclude/", {"why": "All of them.", "shown_sha256": shown})
    assert page.status_code == 422
    assert "not those that you were shown" in page.content.decode()


def test_a_sample_is_marked(campaign, people, sign_in):
    client = sign_in(people.analyst)
    members = actions.freeze_members(campaign, pool="present", query={"everyone": True}, by=people.analyst)
    page = client.post(f"/sets/{members.pk}/sample/", {"at_most": "20"}, follow=True)
    sample = page.context["sample"]
    for account, _ in page.context["drawn"]:
        page = client.post(f"/samples/{sample.pk}/mark/", {"account": account.ref, "verdict": "right"}, follow=True)
    assert "at most 2 of the 12 accounts" in page.content.decode()


def test_later_alerts_on_the_accounts_show_up(campaign, people, sign_in, receive):  # noqa: F811
    url = f"/cases/{campaign.ref}/campaign/alerts/"
    client = sign_in(people.analyst)
    assert client.get(url).content.strip() == b""
    receive(cluster("later", ["acct_00001", "acct_00002", "somebody_else"]))
    (group,) = client.get(url).context["touching"]
    assert (group.inside, group.account_count) == (2, 3)
    actions.add_group(campaign, group=group, reason="The same accounts.", by=people.analyst)
    assert client.get(url).content.strip() == b""
