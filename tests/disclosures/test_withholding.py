"""What an audience may not see is nowhere in its report, nor can it be worked out."""

import copy
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.disclosures import policy
from apps.disclosures.snapshot import SnapshotError, check
from apps.disclosures.withholding import withhold
from tests.disclosures.snapshots import ORGANISATION, STAFF, built, everything, snapshot

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
