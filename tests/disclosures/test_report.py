"""Reports: what an audience may not see is nowhere in them, and what comes out conforms."""

import copy
import csv
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from types import UnionType
from typing import get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import paper, pdf
from apps.disclosures import annexes, figures, policy, report
from apps.disclosures.snapshot import Snapshot, SnapshotError, check
from apps.disclosures.withholding import withhold
from tests import paper as on

CREATED = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)
TLP = {"regulator": "AMBER+STRICT", "partner": "AMBER", "public": "CLEAR"}
HASH = "ab12" * 16
STAFF = ("Mara Oyelaran", "Idris Vale")
ORGANISATION = "Meridian Prompt Labs GmbH"


def account(number: int, **changes) -> dict:
    return {
        "ref": f"acct_{number:06x}",
        "holder": f"Holder Person{number}",
        "organisation": ORGANISATION if number % 3 == 0 else None,
        "country": ("Germany", "Singapore")[number % 2],
        "plan": "pro",
        "created_on": "2026-01-28",
        "first_active": "2026-02-04",
        "last_active": None,
        "exchanges": 600 + number,
        "ring": "ring two",
        **changes,
    }


def exhibit(number: int, strength: float | None, cap: float | None) -> dict:
    return {
        "ref": f"E{number}",
        "title": "Query log of the accounts",
        "kind": "query log",
        "shows": f"Templates in 96 % of the requests, counted by {STAFF[0]}.",
        "collected_on": "2026-03-11",
        "collected_by": STAFF[0],
        "sha256": HASH,
        "file_name": f"queries-{number}.csv",
        "strength": strength,
        "cap": cap,
    }


def snapshot(**changes) -> dict:
    start = date(2026, 2, 4)
    return {
        "reference": "S-1",
        "taken_at": "2026-03-20T09:30:00Z",
        "provider": {"name": "Northlight AI Ltd", "address": "Dublin", "contact": "desk@northlight.example"},
        "case": {"ref": "CASE-2026-0042", "title": "Collection of output", "state": "notice", "opened_on": "2026-03-02",
                 "lead": STAFF[0]},
        "active_from": "2026-02-04",
        "active_until": "2026-03-17",
        "summary": [f"{ORGANISATION} paid; acct_000003 of Holder Person3 moved first. {STAFF[1]} confirmed it."],
        "method": ["Alerts were grouped and read."],
        "limits": ["Who is behind the accounts is not established."],
        "figures": [
            {"key": "accounts", "label": "Accounts", "value": 1957, "unit": "accounts", "source": "query 7f21"},
            {"key": "payers", "label": "Payers", "value": 3, "unit": "organisations", "source": "query 10b2"},
        ],
        "activity": [
            {"day": str(start + timedelta(n)), "exchanges": 20_000 + 700 * n, "accounts": 400 + n} for n in range(42)
        ],
        "marks": [{"day": "2026-03-03", "label": "Release of model NL-3"}],
        "countries": [
            {"country": "Germany", "accounts": 811, "exchanges": 500_000},
            {"country": "Singapore", "accounts": 1143, "exchanges": 811_000},
            {"country": "Iceland", "accounts": 3, "exchanges": 402},
        ],
        "parties": [{"name": ORGANISATION, "role": "payer", "country": "Germany"}],
        "techniques": [{"id": "AML.T0024.002", "name": "Extract AI Model"}],
        "findings": [
            {
                "number": 1,
                "text": "The accounts took part in coordinated automated collection.",
                "likelihood": "very likely",
                "limits": "No finding is made about who is behind the accounts.",
                "clauses": [{"document": "Usage Policy", "address": "3.2", "text": "You may not collect output.",
                             "version_date": "2026-01-15", "sha256": HASH}],
                "exhibits": ["E1", "E2"],
                "alternatives": [{"text": "A reseller.", "outcome": "Its customers would differ."}],
                "confirmed_on": "2026-03-18",
                "proposed_by": STAFF[0],
                "confirmed_by": STAFF[1],
            }
        ],
        "exhibits": [exhibit(1, 2.4, 2.5), exhibit(2, -0.6, 2.5), exhibit(3, None, None)],
        "decisions": [
            {"action": "Suspension", "scope": "the API", "decided_on": "2026-03-19", "accounts": 1954,
             "proposed_by": STAFF[0], "approved_by": STAFF[1]},
        ],
        "accounts": [account(number) for number in range(30)],
        **changes,
    }  # fmt: skip


def built(audience: str, data: dict | None = None) -> report.Report:
    redacted, log = report.compile(data or snapshot(), audience)
    marking = report.Marking(
        reference="R-2026-000012",
        tlp=TLP[audience],
        status="Released",
        recipient="The authority",
        legal_basis="Voluntary report of an incident",
        prepared_on=date(2026, 3, 20),
        released_on=date(2026, 3, 21),
    )
    return report.build(redacted, log, audience, marking)


def printed(made: report.Report, size: str = "a4") -> bytes:
    return paper.to_pdf(
        made.html,
        sheet="report",
        size=size,
        title=made.title,
        created=CREATED,
        assets=made.assets,
        attachments=[pdf.Attachment(name, "text/csv", data, name) for name, data in made.annexes.items()],
    )


def everything(audience: str, data: dict | None = None) -> str:
    """All that leaves the house: the page, its pictures and its annexes."""
    made = built(audience, data)
    return "\n".join([made.html, *(part.decode() for part in (*made.assets.values(), *made.annexes.values()))])


# --- what is withheld is gone ----------------------------------------------------------------------------------------

SECRETS = {
    "regulator": [f"Person{n}" for n in range(30)],
    "partner": [ORGANISATION, "Meridian", *STAFF, "Oyelaran", "Person3", "acct_000003", "queries-1.csv"],
    "public": [ORGANISATION, "Meridian", *STAFF, "Person3", "acct_", "query 7f21", "96 %", "2026-03-19", "ring two"],
}


@pytest.mark.parametrize(("audience", "secret"), [(a, s) for a, secrets in SECRETS.items() for s in secrets])
def test_nothing_withheld_leaks_anywhere(audience, secret):
    assert secret in json.dumps(snapshot())
    assert secret.casefold() not in everything(audience).casefold()


def test_the_regulator_sees_who_did_what():
    said = everything("regulator")
    assert all(name in said for name in (ORGANISATION, *STAFF, "acct_000003"))


@pytest.mark.parametrize(
    "written",
    [
        "MERIDIAN PROMPT LABS GMBH",
        "Meridian\n  Prompt\u00a0Labs GmbH",
        "xMeridian Prompt Labs GmbHs",
        "(meridian prompt labs gmbh)",
    ],
)
def test_a_name_is_found_however_it_is_written(written):
    redacted, _ = withhold(snapshot(summary=[f"It was {written}."]), "partner")
    assert "eridian" not in redacted["summary"][0].casefold()
    assert "P-0001" in redacted["summary"][0]


def test_a_name_is_found_however_it_is_composed():
    data = snapshot(summary=["Stra\u00dfe Zoe\u0308 & Co signed; STRASSE ZOË & CO too."])
    data["parties"][0]["name"] = "Straße Zoë & Co"
    redacted, _ = withhold(data, "partner")
    assert redacted["summary"] == ["P-0001 signed; P-0001 too."]


def test_short_names_do_not_blot_out_other_words():
    data = snapshot(summary=["Sun Lee wrote on Sunday; sleep well, Lee."])
    data["case"]["lead"] = "Lee"
    redacted, _ = withhold(data, "partner")
    assert redacted["summary"] == ["Sun [withheld: staff name] wrote on Sunday; sleep well, [withheld: staff name]."]


def test_pseudonyms_are_the_same_throughout_one_report():
    redacted, _ = withhold(snapshot(), "partner")
    label = redacted["accounts"][3]["ref"]
    assert re.fullmatch(r"A-\d{4}", label)
    assert label in redacted["summary"][0]
    assert len({row["ref"] for row in redacted["accounts"]}) == 30
    assert redacted["parties"][0]["name"] == redacted["accounts"][0]["organisation"] == "P-0001"


def test_a_list_of_which_nothing_may_be_seen_does_not_even_show_its_length():
    redacted, _ = withhold(snapshot(), "public")
    assert redacted["accounts"] == {"withheld": "account"}
    assert "accounts.csv" not in built("public").annexes


def test_a_field_without_policy_is_withheld():
    data = snapshot()
    data["case"]["new_field"] = "something new"
    redacted, log = withhold(data, "regulator")
    assert redacted["case"]["new_field"] == {"withheld": "no policy"}
    assert "something new" not in json.dumps([redacted, log])
    with pytest.raises(SnapshotError, match=r"case\.new_field"):
        check(data)


def test_the_log_counts_and_never_tells():
    _, log = withhold(snapshot(), "partner")
    assert {"path": "accounts[].ref", "action": "pseudonymised", "rule": policy.RULES["account"][1], "count": 30} in log
    assert not any(secret in json.dumps(log) for secret in SECRETS["partner"])


def test_the_snapshot_is_not_changed():
    data = snapshot()
    before = copy.deepcopy(data)
    withhold(data, "public")
    assert data == before


names = st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x24F), min_size=3, max_size=12)


@given(name=names, before=st.sampled_from(["", " ", "(", "@", "-"]), after=st.sampled_from(["", " ", ".", "'s", "@"]))
def test_any_staff_name_is_taken_out_of_any_text(name, before, after):
    data = snapshot(summary=[f"0{before} {name}{after} 0"])
    data["case"]["lead"] = name
    redacted, _ = withhold(data, "partner")
    rest = redacted["summary"][0].replace("[withheld: staff name]", "")
    assert name.casefold() not in rest.casefold()


# --- small counts ----------------------------------------------------------------------------------------------------


def counts(redacted: dict, rows: str, name: str) -> list:
    return [row[name] if isinstance(row[name], int) else None for row in redacted[rows]]


def test_small_counts_are_suppressed_and_cannot_be_worked_out():
    redacted, _ = withhold(snapshot(), "public")
    assert counts(redacted, "countries", "accounts") == [None, 1143, None]  # one alone would be total minus the others
    assert counts(redacted, "countries", "exchanges") == [None, 811_000, None]
    assert counts(redacted, "figures", "value") == [1957, None]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=8))
def test_no_small_count_is_published(numbers):
    rows = [{"country": str(n), "accounts": value, "exchanges": 10 * value} for n, value in enumerate(numbers)]
    redacted, _ = withhold(snapshot(countries=rows), "public")
    shown = counts(redacted, "countries", "accounts")
    assert not [value for value in shown if value is not None and 0 < value < policy.SMALL_CELL]
    assert shown.count(None) != 1 or sum(value > 0 for value in numbers) == 1


def test_others_see_small_counts():
    redacted, _ = withhold(snapshot(), "regulator")
    assert counts(redacted, "countries", "accounts") == [811, 1143, 3]


# --- the policy as data ----------------------------------------------------------------------------------------------


def leaves(kind, path: str = ""):
    """Every field of the snapshot that holds a value, as the policy writes its path."""
    for name, hint in get_type_hints(kind).items():
        yield from _leaf(hint, f"{path}{name}")


def _leaf(hint, path: str):
    if get_origin(hint) is list:
        yield from _leaf(get_args(hint)[0], f"{path}[]")
    elif hasattr(hint, "__dataclass_fields__"):
        yield from leaves(hint, f"{path}.")
    else:
        assert isinstance(hint, type | UnionType)
        yield path


def test_the_policy_speaks_of_every_field_and_no_other():
    assert set(policy.POLICY) == set(leaves(Snapshot))


def test_the_policy_uses_known_words():
    for path, row in policy.POLICY.items():
        assert len(row) == len(policy.AUDIENCES), path
        for cell in row:
            action, _, detail = cell.partition(" ")
            assert action in ("keep", "withhold", "omit", "pseudonym", "month", "small", "cell"), path
            assert (detail in policy.RULES) == (action in ("withhold", "omit", "pseudonym")), path


def test_who_may_see_less_never_sees_more():
    order = ("keep", "small", "cell", "month", "pseudonym", "omit", "withhold")
    for path, row in policy.POLICY.items():
        ranks = [order.index(cell.partition(" ")[0]) for cell in row]
        assert ranks == sorted(ranks), path


# --- the report ------------------------------------------------------------------------------------------------------


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


# --- figures ---------------------------------------------------------------------------------------------------------

PALETTE = dict.fromkeys(("ink", "ink-2", "line", "line-2", "accent", "warn", "stop"), "#123456")


@pytest.mark.parametrize("days", [1, 2, 40, 400])
def test_activity_draws_each_day_with_activity(days):
    series = [(date(2026, 1, 15) + timedelta(n), n % 7) for n in range(days)]
    picture = figures.activity(series, [(date(2026, 1, 15), "Release <1>")], PALETTE)
    assert picture.count("<rect") == sum(1 for _, count in series if count)
    assert "Release &lt;1&gt;" in picture


@pytest.mark.parametrize(
    ("log10", "words"),
    [(0, "no support"), (0.5, "weak support"), (2.4, "moderately strong support"), (7, "extremely strong support"),
     (-1.2, "moderate support for the alternative"), (-0.1, "no support")],
)  # fmt: skip
def test_strength_in_words(log10, words):
    assert report.in_words(log10) == words


def test_strength_has_a_bar_for_each_exhibit_and_a_tick_for_each_cap():
    picture = figures.strength([("E1", 2.4, 2.5), ("E2", -0.6, None)], PALETTE)
    assert picture.count("<rect") == 2
    assert picture.count('stroke-width="1.4"') == 1
    assert ">250<" in picture
    assert ">1/4.0<" in picture


@pytest.mark.parametrize("log10", [-20, -7, 0, 0.05, 5.99, 6, 6.01, 12, 300])
def test_any_ratio_can_be_drawn(log10):
    picture = figures.strength([("E1", log10, None)], PALETTE)
    assert picture.count('text-anchor="middle"') <= 10
    assert len(picture) < 6_000


# --- annexes ---------------------------------------------------------------------------------------------------------


def test_csv_is_as_rfc_4180_wants_it():
    data = annexes.to_csv(["a", "b"], [{"a": 'say "x"', "b": "one\r\ntwo"}, {"a": None, "b": -3}])
    assert data == b'a,b\r\n"say ""x""","one\r\ntwo"\r\n,-3\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1", "＝1"])
def test_csv_runs_nothing(text):
    (_, (cell,)) = csv.reader(io.StringIO(annexes.to_csv(["a"], [{"a": text}]).decode(), newline=""))
    assert cell == f"'{text}"


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1
    )
)
def test_csv_can_be_read_back(texts):
    rows = list(csv.reader(io.StringIO(annexes.to_csv(["a"], [{"a": text} for text in texts]).decode(), newline="")))
    assert [row[0].removeprefix("'") for row in rows[1:]] == [text.removeprefix("'") for text in texts]


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
