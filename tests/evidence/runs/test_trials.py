"""Blind trials: sealed, scored by somebody else, and only then opened."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.evidence import actions
from apps.evidence.models import BlindTrial, TestRun
from apps.evidence.runs import sealing
from tests.audit.planting import acting
from tests.audit.tampering import sql
from tests.evidence.conftest import COUNTS, DECLARED, key_named, suspect_named

CONTROLS = [f"Control {n}" for n in range(19)]
NAMES = ["Lantern 7B", *CONTROLS]

db = pytest.mark.django_db


def sealed(people, names: list[str] = NAMES, **values: Any) -> tuple[BlindTrial, dict[str, str], str]:
    order, secret = sealing.draw(names)
    trial = actions.commit_order(
        test_id="green-list",
        suspect=suspect_named("Lantern 7B", people.analyst),
        key=key_named("wm-2026-a", people.lead),
        labels=list(order),
        commitment=sealing.commitment(order, secret),
        by=people.analyst,
        **values,
    )
    return trial, order, secret


def scores(order: dict[str, str], green: int = 10_900) -> dict[str, Any]:
    plain = {name: value for name, value in COUNTS.items() if name != "validation"}
    scored = {
        label: {"n": 40_000, "inputs": plain | {"green": green if name == "Lantern 7B" else 10_010}}
        for label, name in order.items()
    }
    return {"test_version": DECLARED["test_version"], "assumptions": DECLARED["assumptions"], "scored": scored}


@db
def test_the_suspect_is_found_among_labels_and_the_others_are_its_controls(people):
    trial, order, secret = sealed(people)
    actions.measure_order(trial, scores=scores(order), by=people.analyst2)
    assert "Lantern" not in json.dumps(trial.scores)
    run = actions.open_order(trial, order=order, secret=secret, by=people.analyst)
    assert run.is_blind
    assert run.warnings == []
    assert sorted(one["name"] for one in run.controls) == sorted(CONTROLS)
    assert {one["result"] for one in run.controls} == {10_010.0}
    assert run.result["validation"]["controls"] == 19
    assert (run.withheld, run.outcome, run.is_fit) == ([], "supports", True)


@db
def test_an_order_that_was_not_sealed_does_not_open(people):
    trial, order, secret = sealed(people)
    actions.measure_order(trial, scores=scores(order), by=people.analyst2)
    first, second = list(order)[:2]
    swapped = order | {first: order[second], second: order[first]}
    for wrong in ((swapped, secret), (order, "0" * 64), ({}, secret)):
        with pytest.raises(ValidationError, match=r"not the order that was sealed.*\(R3\)"):
            actions.open_order(trial, order=wrong[0], secret=wrong[1], by=people.analyst)
    assert not TestRun.objects.exists()


@db
@pytest.mark.parametrize(
    ("names", "why"),
    [([*CONTROLS, "Nobody"], "0 times, not once"), (["Lantern 7B", *CONTROLS[:18], "Control 0"], "each model once")],
)
def test_an_order_names_the_suspect_once_and_each_control_once(people, names, why):
    trial, order, secret = sealed(people, names)
    actions.measure_order(trial, scores=scores(order), by=people.analyst2)
    with pytest.raises(ValidationError, match=why):
        actions.open_order(trial, order=order, secret=secret, by=people.analyst)


@db
def test_scores_are_of_every_label_and_have_the_tests_shape(people):
    trial, order, _ = sealed(people)
    whole = scores(order)
    without = whole | {"scored": dict(list(whole["scored"].items())[1:])}
    with pytest.raises(ValidationError, match="Every label is scored"):
        actions.measure_order(trial, scores=without, by=people.analyst2)
    broken = json.loads(json.dumps(whole))
    broken["scored"]["S07"]["inputs"]["gamma"] = 2
    with pytest.raises(ValidationError, match=r"S07: `inputs.gamma`"):
        actions.measure_order(trial, scores=broken, by=people.analyst2)
    with pytest.raises(ValidationError, match=r"test_version"):
        actions.measure_order(trial, scores={"scored": {}}, by=people.analyst2)


@db
def test_a_label_that_cannot_be_computed_is_a_control_without_result(people):
    trial, order, secret = sealed(people)
    given_scores = scores(order)
    control = next(label for label, name in order.items() if name == "Control 3")
    given_scores["scored"][control]["inputs"]["green"] = 50_000
    actions.measure_order(trial, scores=given_scores, by=people.analyst2)
    run = actions.open_order(trial, order=order, secret=secret, by=people.analyst)
    assert any("Control 3" in sentence for sentence in run.withheld)


@db
def test_scores_once_recorded_stay(people):
    trial, order, _ = sealed(people)
    actions.measure_order(trial, scores=scores(order), by=people.analyst2)
    for statement in (
        "UPDATE evidence_blindtrial SET scores = '{}' WHERE id = %s",
        "UPDATE evidence_blindtrial SET order_sha256 = repeat('a', 64) WHERE id = %s",
        "DELETE FROM evidence_blindtrial WHERE id = %s",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), acting():
            sql(statement, trial.pk)


@db
def test_a_trial_that_is_given_up_stays(people):
    trial, order, _ = sealed(people)
    actions.measure_order(trial, scores=scores(order), by=people.analyst2)
    with pytest.raises(ValidationError, match="Say why"):
        actions.abandon_order(trial, reason="", by=people.analyst)
    actions.abandon_order(trial, reason="The suspect's answers were lost.", by=people.analyst)
    assert BlindTrial.objects.get().scores is not None


@db
@pytest.mark.parametrize(
    ("changed", "why"),
    [({"commitment": "not a hash"}, "64 hexadecimal"), ({"labels": ["S01", "S01"]}, "at least two labels, each once")],
)
def test_what_seals_nothing_is_refused(people, changed, why):
    usual = {"test_id": "green-list", "labels": sealing.labels(20), "commitment": "a" * 64, "by": people.analyst}
    suspect = suspect_named("Lantern 7B", people.analyst)
    with pytest.raises(ValidationError, match=why), transaction.atomic():
        actions.commit_order(**usual | {"suspect": suspect} | changed)
    actions.commit_order(**usual, suspect=suspect)
    with pytest.raises(ValidationError, match="sealed before"), transaction.atomic():
        actions.commit_order(**usual, suspect=suspect)


# --- pages -----------------------------------------------------------------------------------------------------------


def text(answer: Any) -> str:
    return unescape(re.sub(r"\s+", " ", answer.content.decode()))


@db
def test_a_trial_by_hand(people, sign_in):
    suspect, keeper = suspect_named("Lantern 7B", people.analyst), sign_in(people.analyst)
    key = key_named("wm-2026-a", people.lead)
    drawn = {"test_id": "green-list", "suspect": suspect.pk, "key": key.pk, "controls": "\n".join(CONTROLS)}
    answer = keeper.post("/evidence/trials/new/", drawn)
    order = json.loads(re.search(r"<pre[^>]*>(.*?)</pre>", unescape(answer.content.decode()), re.DOTALL)[1])
    trial = BlindTrial.objects.get()
    assert sealing.commitment(order["order"], order["secret"]) == trial.order_sha256
    address = f"/evidence/trials/{trial.ref}/"
    before = text(sign_in(people.analyst2).get(address))
    assert "Control 3" not in before  # nowhere in casemgr
    handed = SimpleUploadedFile("scores.json", json.dumps(scores(order["order"])).encode())
    measured = text(sign_in(people.analyst2).post(f"{address}scores/", {"file": handed}, follow=True))
    assert "nobody knows yet which one is the suspect" in measured
    opened = text(keeper.post(f"{address}open/", {"text": json.dumps(order)}, follow=True))
    run = TestRun.objects.get()
    assert run.ref in opened
    assert "Scored blind" in opened
    assert "Control 3" in text(keeper.get(address))
    assert trial.ref in text(keeper.get("/evidence/trials/"))


@db
@pytest.mark.parametrize("given_text", ["", "[]", "{", '{"order": [], "secret": ""}', "[" * 100_000])
def test_what_is_no_order_is_explained(people, sign_in, given_text):
    trial, order, _ = sealed(people)
    actions.measure_order(trial, scores=scores(order), by=people.analyst2)
    answer = sign_in(people.analyst).post(f"/evidence/trials/{trial.ref}/open/", {"text": given_text})
    assert answer.status_code == 422


@db
def test_the_suspect_is_none_of_its_controls(people, sign_in):
    suspect = suspect_named("Lantern 7B", people.analyst)
    drawn = {"test_id": "green-list", "suspect": suspect.pk, "controls": "Lantern 7B\nControl 1\nControl 1"}
    answer = sign_in(people.analyst).post("/evidence/trials/new/", drawn)
    assert answer.status_code == 422
    assert "leave it out here" in text(answer)
    assert "named twice" in text(answer)


# --- sealing ---------------------------------------------------------------------------------------------------------


@given(st.lists(st.text(min_size=1), min_size=1, max_size=40, unique=True))
def test_a_drawn_order_holds_every_name_and_opens_with_its_secret_alone(names):
    order, secret = sealing.draw(names)
    assert sorted(order.values()) == sorted(names)
    committed = sealing.commitment(order, secret)
    assert sealing.opens(order, secret, committed)
    assert not sealing.opens(order, secret[:-1] + ("0" if secret[-1] != "0" else "1"), committed)


def test_orders_are_drawn_at_random():
    first = {sealing.draw(NAMES)[0]["S01"] for _ in range(200)}
    assert len(first) > 10
