"""What people say in public: word for word, graded, contradicting each other, never evidence by itself."""

from datetime import date
from hashlib import sha256
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Event
from apps.cases import actions
from apps.cases.claims import quantities
from apps.cases.models import Claim, ClaimLink, Quantity
from apps.evidence import actions as evidence

WIRE = "Harbour Wire, 23 February"
SAID = {
    # Two papers of one wire story, the provider, and the company that is accused: as public documents disagree.
    "paper": ("The Harbour Post", "press", "About 24,000 accounts put questions to the model.", WIRE),
    "reprint": ("Quay Daily", "press", "About 24,000 accounts questioned the model, it is said.", WIRE),
    "provider": ("Northlight", "provider", "We saw over 16 million exchanges. Weights were not touched.", "Northlight"),
    "accused": ("Quarry Lane", "accused", "Our model was trained on public data alone.", "Quarry Lane"),
}


@pytest.fixture
def say(case, people):
    def recorded(who: str, topic: str = "What was taken", **values: Any) -> Claim:
        speaker, role, text, origin = SAID[who]
        usual = {
            "topic": topic,
            "speaker": speaker,
            "role": role,
            "text": text,
            "origin": origin,
            "source": f"{speaker}, front page",
            "said_on": date(2026, 2, 23),
            "why_no_capture": "Printed on paper.",
            "by": people.analyst,
        }
        return actions.record_claim(case, **usual | values)

    return recorded


@pytest.fixture
def capture(collect, people):
    return evidence.collect(
        kind="capture",
        title="Front page",
        origin="Taken with the desk's browser",
        filename="page.html",
        chunks=b"<p>About 24,000 accounts</p>",
        by=people.analyst,
    )


def link(claim: Claim, other: Claim, kind: str = "repeats", *, by) -> ClaimLink:
    return actions.link_claims(claim, other=other, kind=kind, on="How many accounts there were", by=by)


def shown(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def test_a_claim_is_kept_word_for_word_and_not_graded(say, people):
    claim = say("paper")
    assert claim.text_sha256 == sha256(claim.text.encode()).hexdigest()
    assert (claim.label, claim.grade, claim.graded_at) == ("C1", "F6", None)
    assert claim.origin == "harbour wire, 23 february"
    assert Event.objects.filter(action="cases.record_claim", object_id=claim.pk).count() == 1


def test_what_was_said_is_never_changed(say):
    say("paper")
    for change in ("text = 'Other words'", "speaker = 'Somebody'", "said_on = NULL", "origin = 'elsewhere'"):
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE cases_claim SET {change}")
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM cases_claim")


def test_a_claim_names_a_capture_or_says_why_there_is_none(say, capture, collect, people):
    assert say("paper", capture=capture, why_no_capture="").capture == capture
    with pytest.raises(ValidationError, match="or say why there is none"):
        say("reprint", why_no_capture="")
    with pytest.raises(ValidationError, match="names the capture of a page"):
        say("reprint", capture=collect())


def test_a_claim_is_recorded_and_graded_in_the_browser(case, capture, people, sign_in):
    client = sign_in(people.analyst)
    answer = client.post(
        f"/cases/{case.ref}/claims/record/",
        {
            "topic": "What was taken",
            "speaker": "The Harbour Post",
            "role": "press",
            "text": "About 24,000 accounts.",
            "source": "Front page",
            "origin": WIRE,
            "capture": capture.ref.lower(),
            "said_on": "2026-02-23",
        },
    )
    assert answer.status_code == 302
    claim = Claim.objects.get()
    page = shown(client.get(f"/cases/{case.ref}/claims/"))
    assert "not graded" in page
    assert "About 24,000 accounts." in page
    assert capture.ref in page
    client.post(
        f"/claims/{claim.pk}/grade/", {"source_grade": "B", "information": "3", "grading_basis": "Right twice before."}
    )
    page = shown(client.get(f"/cases/{case.ref}/claims/"))
    assert "B3" in page
    assert "Source usually reliable; information possibly true. Right twice before." in page
    assert "No independent origin says the same: 3 at best." in page


def test_grades_rest_on_something(say, people):
    with pytest.raises(ValidationError, match="what the grades rest on"):
        actions.grade_claim(say("paper"), source_grade="B", information=3, grading_basis=" ", by=people.analyst)


def test_repeats_of_one_origin_and_of_another_are_told_apart(say, case, people, sign_in):
    first, reprint, provider = say("paper"), say("reprint"), say("provider")
    link(reprint, first, by=people.analyst)
    link(provider, first, by=people.analyst)
    page = shown(sign_in(people.reviewer).get(f"/cases/{case.ref}/claims/"))
    assert "Repeated by C2 Quay Daily, of the same origin: no corroboration" in page
    assert "Corroborated by C3 Northlight, of another origin" in page
    assert "3 claims of 2 origins" in page


def test_contradictions_stand_side_by_side(say, case, people, sign_in):
    provider, accused = say("provider"), say("accused", topic="what was taken")
    actions.link_claims(accused, other=provider, kind="contradicts", on="Whether output was used", by=people.analyst)
    page = shown(sign_in(people.reviewer).get(f"/cases/{case.ref}/claims/"))
    assert "Contradicted by C1 Northlight: Whether output was used" in page
    assert "which is right is not for this page to say" in page
    assert page.count("Our model was trained on public data alone.") == 2


def test_two_claims_are_linked_once_and_a_wrong_link_is_withdrawn(say, people, sign_in, case):
    first, second = say("paper"), say("reprint")
    made = link(first, second, by=people.analyst)
    with pytest.raises(ValidationError, match="linked already"):
        link(second, first, "contradicts", by=people.analyst)
    client = sign_in(people.analyst)
    assert client.post(f"/claims/links/{made.pk}/withdraw/", {"reason": "Another matter"}).status_code == 302
    link(second, first, "contradicts", by=people.analyst)
    assert client.post(f"/claims/links/{made.pk}/withdraw/", {"reason": "Again"}).status_code == 403


def test_claims_of_two_cases_are_not_linked(say, people):
    other = actions.open_case(title="Another", severity=3, by=people.analyst)
    stranger = actions.record_claim(
        other,
        topic="t",
        speaker="s",
        role="press",
        source="x",
        text="y",
        origin="z",
        why_no_capture="Paper",
        by=people.analyst,
    )
    with pytest.raises(ValidationError, match="belongs to another case"):
        link(say("paper"), stranger, by=people.analyst)
    with pytest.raises(IntegrityError, match="not of one case"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LINK.format("case_id, id, %s") + " WHERE id <> %s", [stranger.pk, stranger.pk])


def test_a_withdrawn_claim_stays_and_takes_part_in_nothing(say, case, people, sign_in):
    claim, other = say("paper"), say("reprint")
    actions.withdraw_claim(claim, reason="Another paper said it.", by=people.analyst)
    with pytest.raises(ValidationError, match="C1 is withdrawn"):
        link(other, claim, by=people.analyst)
    page = shown(sign_in(people.analyst).get(f"/cases/{case.ref}/claims/"))
    assert "Another paper said it." in page
    assert "1 claim of 1 origin" in page


def test_the_panel_costs_the_same_with_many_claims(say, case, people, sign_in):
    client = sign_in(people.analyst)

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/cases/{case.ref}/claims/").status_code == 200
        return len(asked)

    link(say("paper"), say("reprint"), by=people.analyst)
    count(case, people)
    cost()
    few = cost()
    for _ in range(3):
        link(say("provider"), say("accused"), "contradicts", by=people.analyst)
        count(case, people)
    assert cost() == few


# --- numbers ----------------------------------------------------------------------------------------------------------


def count(case, people, **values: Any) -> Quantity:
    usual = {"what": "Exchanges", "qualifier": "over", "value": 16_000_000, "unit": "exchanges", "by": people.analyst}
    return actions.record_quantity(case, **usual | {"claim": case.claims.first()} | values)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"qualifier": "over", "value": 16_000_000}, "over 16 million exchanges"),
        ({"qualifier": "over", "value": 150_000}, "over 150\u00a0000 exchanges"),
        ({"qualifier": "over", "value": 3_400_000}, "over 3.4 million exchanges"),
        ({"qualifier": "about", "value": 24_000}, "about 24\u00a0000 exchanges"),
        ({"qualifier": "about", "value": 50, "lower": 45, "upper": 55}, "about 50 (45 to 55) exchanges"),
        ({"qualifier": "exactly", "value": 28_812_345}, "28\u00a0812\u00a0345 exchanges"),
        ({"qualifier": "at_most", "value": 2.5e9}, "at most 2.5 billion exchanges"),
        ({"qualifier": "between", "lower": 5e6, "upper": 7e6}, "between 5 million and 7 million exchanges"),
        ({"qualifier": "order", "value": 1e6}, "millions of exchanges"),
        ({"qualifier": "order", "value": 5e3}, "in the order of 5\u00a0000 exchanges"),
    ],
)
def test_a_number_is_printed_with_the_word_in_front_of_it(given, words, say, case, people, sign_in):
    say("provider")
    made = count(case, people, **{"value": None} | given)
    assert made.words == words
    assert words in unescape(sign_in(people.reviewer).get(f"/cases/{case.ref}/claims/").content.decode())


@pytest.mark.parametrize(
    "given",
    [
        {"qualifier": "over", "value": None},
        {"qualifier": "between", "value": None, "lower": 7, "upper": 5},
        {"qualifier": "between", "value": None, "lower": 7},
        {"qualifier": "about", "value": 50, "lower": 51, "upper": 55},
        {"qualifier": "order", "value": None},
        {"claim": None},
    ],
)
def test_bounds_that_do_not_fit_the_word_are_refused(given, say, case, people):
    say("provider")
    with pytest.raises(ValidationError, match=r"bound|source|Name the claim"):
        count(case, people, **given)


def test_a_number_is_written_down_in_the_browser(say, case, people, sign_in):
    claim, client = say("provider"), sign_in(people.analyst)
    address = f"/cases/{case.ref}/claims/number/"
    given = {"what": "Exchanges", "qualifier": "over", "value": "16000000", "unit": "exchanges", "claim": claim.pk}
    assert client.post(address, given).status_code == 302
    assert "There is no run T-9999-0001" in shown(client.post(address, given | {"claim": "", "run": "T-9999-0001"}))
    assert Quantity.objects.get().words == "over 16 million exchanges"


def test_nothing_is_rounded_away():
    assert quantities.great(16_000_001) == "16\u00a0000\u00a0001"
    assert quantities.great(1_234_567_890_123) == "1\u00a0234\u00a0567\u00a0890\u00a0123"


# --- what the database itself refuses ---------------------------------------------------------------------------------

GRADE = "UPDATE cases_claim SET {}, graded_at = now(), graded_by_id = recorded_by_id"
LINK = (
    'INSERT INTO cases_claimlink (id, case_id, claim_id, other_id, kind, "on", linked_by_id, linked_at)'
    " SELECT core_uuid7(), {}, 'repeats', 'x', recorded_by_id, now() FROM cases_claim"
)
COPY = (
    "INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('id', core_uuid7()) || '{change}')).*"
    " FROM {table} t LIMIT 1"
)
NONSENSE = {
    "claims_are_numbered_once": COPY.format(table="cases_claim", change="{}"),
    "a_claim_has_its_capture_or_says_why_not": COPY.format(
        table="cases_claim", change='{"number": 9, "why_no_capture": ""}'
    ),
    "a_claim_has_the_digest_of_its_text": COPY.format(table="cases_claim", change='{"number": 9, "text_sha256": "x"}'),
    "an_origin_is_written_one_way": COPY.format(table="cases_claim", change='{"number": 9, "origin": "Wire"}'),
    "a_grade_says_by_whom": "UPDATE cases_claim SET source_grade = 'A'",
    "information_is_graded_1_to_6": GRADE.format("information = 7"),
    "a_source_is_graded_a_to_f": GRADE.format("source_grade = 'G'"),
    "a_withdrawn_claim_says_why": "UPDATE cases_claim SET withdrawn_at = now(), withdrawn_by_id = recorded_by_id",
    "two_claims_are_linked_once": COPY.format(table="cases_claimlink", change="{}"),
    "a_claim_is_linked_to_another": LINK.format("case_id, id, id"),
    "a_withdrawn_link_says_by_whom": "UPDATE cases_claimlink SET withdrawn_at = now()",
    "a_quantity_has_one_source": COPY.format(table="cases_quantity", change='{"claim_id": null}'),
    "a_qualifier_has_its_bounds": COPY.format(table="cases_quantity", change='{"qualifier": "at_most"}'),
    "a_lower_bound_is_the_smaller": COPY.format(
        table="cases_quantity", change='{"qualifier": "between", "value": null, "lower": 3, "upper": 2}'
    ),
    "a_value_lies_within_its_bounds": COPY.format(
        table="cases_quantity", change='{"qualifier": "about", "value": 3, "lower": 4, "upper": 5}'
    ),
}


def test_the_database_refuses_each_by_name(say, case, people):
    link(say("paper"), say("reprint"), by=people.analyst)
    count(case, people)
    found = {}
    for name, statement in NONSENSE.items():
        with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        found[name] = refused.value.__cause__.diag.constraint_name
    assert found == {name: name for name in NONSENSE}


def test_every_constraint_on_claims_is_provoked():
    assert {c.name for model in (Claim, ClaimLink, Quantity) for c in model._meta.constraints} == set(NONSENSE)
