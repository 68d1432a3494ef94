"""Reports conform, say what they must, and refuse what they cannot tell."""

import json
import re
from datetime import date

import pytest

from apps.disclosures import policy, report
from apps.disclosures.snapshot import SnapshotError
from tests import paper as on
from tests.disclosures.snapshots import HASH, built, printed, snapshot


@pytest.mark.parametrize("audience", policy.AUDIENCES)
def test_a_report_conforms_and_carries_its_annexes(audience):
    made = built(audience)
    document = printed(made)
    assert on.validate(document) == []
    assert on.attachments(document) == dict(made.annexes)
    assert printed(made) == document


def test_us_letter():
    assert on.page_size(printed(built("public"), size="letter")) == (612, 792)


def test_says_what_it_must():
    html = built("partner").html.replace("\u00a0", " ")
    for said in (
        "TLP:AMBER", "Released, 21 March 2026", "R-2026-000012", "Who is behind the accounts is not established",
        "Very likely", "80–95 %", "A reseller.", "version of 15 January 2026", HASH, "weak support for the alternative",
        "accounts.csv", "[withheld: staff name]",
    ):  # fmt: skip
        assert said in html


def test_every_account_is_in_the_list_at_the_end():
    html = built("partner").html
    assert "The first 20 of 30 accounts" in html
    listed = html.partition("<h2>All accounts</h2>")[2]
    rows = re.findall(r'<th scope="row">([^<]+)</th>', listed)
    assert len(rows) == 30
    assert "<td>2026-01</td>" in listed  # of the day only the month


def test_few_accounts_are_listed_once():
    data = snapshot()
    data["accounts"] = data["accounts"][:20]
    assert "All accounts" not in built("partner", data).html


def test_withheld_values_are_shown_as_such():
    assert '<span class="withheld">withheld: small count</span>' in built("public").html


def test_a_report_without_anything_yet_still_prints():
    data = snapshot(findings=[], exhibits=[], decisions=[], activity=[], marks=[], countries=[], parties=[],
                    techniques=[], accounts=[], active_from=None, active_until=None)  # fmt: skip
    made = built("regulator", data)
    assert "What this report tells is alleged" in made.html
    assert on.validate(printed(made)) == []


@pytest.mark.parametrize("name", ["summary", "method", "limits"])
def test_a_report_needs_its_method_and_limits(name):
    with pytest.raises(SnapshotError, match=name):
        report.compile(snapshot(**{name: []}), "public")


def test_a_wrong_snapshot_says_where():
    data = snapshot()
    data["exhibits"][1]["collected_on"] = "yesterday"
    with pytest.raises(SnapshotError, match=r"exhibits\[1\]\.collected_on"):
        report.compile(data, "public")


def test_a_public_report_is_for_everybody():
    redacted, log = report.compile(snapshot(), "public")
    marking = report.Marking("R-1", "AMBER", "Draft", "x", "x", date(2026, 3, 20))
    with pytest.raises(ValueError, match="TLP:CLEAR"):
        report.build(redacted, log, "public", marking)


def test_unknown_audiences_markings_and_likelihoods_are_refused():
    with pytest.raises(ValueError, match="press"):
        report.compile(snapshot(), "press")
    with pytest.raises(ValueError, match="WHITE"):
        report.Marking("R-1", "WHITE", "Draft", "x", "x", date(2026, 3, 20))
    data = snapshot()
    data["findings"][0]["likelihood"] = "pretty sure"
    with pytest.raises(ValueError, match="pretty sure"):
        built("regulator", data)


def test_texts_are_escaped():
    html = built("regulator", snapshot(summary=["<img src=file:///etc/passwd>"])).html
    assert "<img src=file" not in html


def test_a_mark_is_drawn_where_its_day_may_be_seen_and_named_where_not():
    marks = [{"day": "2026-02-05", "label": "first alert"}, {"day": "2026-03-30", "label": "suspension begins"}]
    data = snapshot(marks=marks)
    exact, public = built("regulator", data), built("public", data)
    assert "first alert" in exact.assets["activity.svg"].decode()
    assert "suspension begins" not in exact.assets["activity.svg"].decode()  # after the last day of the picture
    assert "first alert" not in public.assets["activity.svg"].decode()
    assert "5 February 2026" in exact.html.replace("\u00a0", " ")
    assert "30 March 2026" in exact.html.replace("\u00a0", " ")
    assert "30 March 2026" not in public.html.replace("\u00a0", " ")
    assert re.search(r"Suspension begins</th><td>March 2026", public.html)


def test_fields_are_named_in_words():
    assert report.field_in_words("findings[].clauses[].lead_in") == "Findings: clauses: lead in"
    assert "Accounts: created on" in built("partner").html
    assert "accounts[]" not in built("partner").html


def test_json_carries_the_log():
    document = json.loads(built("partner").annexes["report.json"])
    assert document["schema"] == "casemgr.report/1"
    assert document["withheld"]
    assert document["snapshot"]["case"]["lead"] == {"withheld": "staff name"}
