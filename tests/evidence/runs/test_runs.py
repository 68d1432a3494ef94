"""A run of one suspect: recomputed, held against its plan, kept whatever came out."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.audit import ledger
from apps.core import vault
from apps.evidence import actions, fingerprints
from apps.evidence.models import Item, TestRun
from tests.evidence.conftest import COUNTS, DECLARED, OPEN, ran, suspect_named

pytestmark = pytest.mark.django_db


def test_a_run_is_computed_here_and_frozen_as_an_item(people):
    found = ran(people)
    expected = fingerprints.recompute(
        "green-list", COUNTS | {"assumptions": {name: one["status"] for name, one in DECLARED["assumptions"].items()}}
    )
    assert (found.p_value, found.log10_lr, found.outcome) == (expected.p_value, expected.log10_lr, "supports")
    assert found.log10_lr_reported == pytest.approx(min(expected.log10_lr, expected.log10_lr_cap))
    assert found.item.kind == Item.Kind.TEST_RUN
    kept = json.loads(vault.read(found.item.sha256))
    assert (kept["run"], kept["inputs"]["green"], kept["declared"]["n"]) == (found.ref, 10_900, 40_000)
    again = fingerprints.recompute(kept["test"]["id"], kept["inputs"])
    assert (again.p_value, again.inputs_sha256) == (found.p_value, found.inputs_sha256)
    assert found.discrepancies == []


def test_submitted_figures_that_differ_are_named(people):
    found = ran(people, submitted={"p_value": 0.001, "statistic": 10_900, "green_rate": 0.2725})
    assert len(found.discrepancies) == 1
    assert "0.001" in found.discrepancies[0]


def test_a_run_with_nothing_to_show_is_kept_too(people):
    found = ran(people, inputs=COUNTS | {"green": 9_950})
    assert found.outcome != "supports"
    assert TestRun.objects.filter(pk=found.pk).exists()


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"gamma": 1.5}, "inputs.gamma"),
        ({"scored": -1}, "inputs.scored"),
        ({"scored": "many"}, "inputs.scored"),
        ({"scored": 2**60}, "2"),
        ({"gamma": float("nan")}, "nan"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_inputs_without_the_tests_shape_are_refused_by_name(people, changed, names):
    with pytest.raises(ValidationError, match=names):
        ran(people, inputs=COUNTS | changed)
    assert not TestRun.objects.exists()
    assert not Item.objects.exists()


def test_inputs_that_the_test_refuses_are_a_failed_run(people):
    found = ran(people, inputs=COUNTS | {"green": 50_000})
    assert (found.outcome, found.result, found.p_value, found.is_fit) == ("failed", None, None, False)
    assert "`green` is 50000" in found.failure
    assert "50000" in vault.read(found.item.sha256).decode()


def test_a_computation_that_breaks_off_is_a_failed_run(people, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("nothing to divide by")

    monkeypatch.setattr(fingerprints, "recompute", broken)
    assert "ZeroDivisionError: nothing to divide by" in ran(people).failure


def test_an_unknown_test_is_refused(people):
    with pytest.raises(ValidationError, match="no-such-test"):
        ran(people, test_id="no-such-test")


def test_long_inputs_are_shown_by_their_digest_and_kept_whole(people, monkeypatch):
    monkeypatch.setattr("apps.evidence.runs.recorded.SHOWN_ITEMS", 3)
    notes = [f"note {n}" for n in range(5)]
    found = ran(people, inputs=COUNTS | {"deviations": notes})
    assert found.inputs["deviations"]["items"] == 5
    assert json.loads(vault.read(found.item.sha256))["inputs"]["deviations"] == notes


def test_controls_and_validation_do_not_contradict_each_other(people):
    alarmed = [one | {"alarm": True} for one in DECLARED["controls"]]
    with pytest.raises(ValidationError, match="20 of the named controls raised an alarm"):
        ran(people, declared=DECLARED | {"controls": alarmed})
    with pytest.raises(ValidationError, match="20 controls are named"):
        ran(people, inputs=COUNTS | {"validation": {"controls": 3}})


def test_named_controls_are_the_validation_where_there_is_no_other(people):
    inputs = {name: value for name, value in COUNTS.items() if name != "validation"}
    found = ran(people, inputs=inputs)
    assert (found.result["validation"]["controls"], found.result["validation"]["false_positives"]) == (20, 0)
    assert 10**found.log10_lr_cap == pytest.approx(1 / (1 - 0.05 ** (1 / 20)))


def test_what_errs_together_is_its_key_its_log_or_its_endpoint(people, collect):
    assert ran(people).dependency_group == "wm-2026-a"
    assert ran(people, dependency_group="ring 12").dependency_group == "ring 12"
    prompts = {"test_id": "gumbel", "inputs": {"scored": 100, "score": 150.0, "distinct": True, "key_id": "unheard-of"}}
    suspect = suspect_named("Lantern 7B", people.analyst)
    usual = {"suspect": suspect, "not_blind_because": OPEN, "by": people.analyst} | prompts
    assert actions.run_test(**usual).dependency_group == "endpoint Lantern 7B"
    log = collect()
    assert actions.run_test(**usual, source=log).dependency_group == f"log {log.ref}"


def test_the_inputs_name_the_key_of_the_run(people):
    first = ran(people)
    with pytest.raises(ValidationError, match="name the key “other-key”"):
        ran(people, inputs=COUNTS | {"key_id": "other-key"}, key=first.key)


@pytest.mark.parametrize(
    ("constraint", "changed"),
    [
        ("p_is_a_probability", {"p_value": 1.5}),
        ("a_run_is_about_a_model_or_accounts", {"suspect": None}),
        ("a_failed_run_says_why", {"failure": "It broke"}),
        ("nothing_is_reported_without_its_declarations", {"withheld": ["n is missing"]}),
        ("an_exploratory_run_says_why", {"exploratory_because": []}),
        ("what_is_primary_was_planned", {"is_primary": True}),
        ("a_run_is_blind_or_says_why_not", {"not_blind_because": ""}),
        ("collecting_ends_after_it_began", {"collected_from": timezone.now(), "collected_until": timezone.now()}),
    ],
)
def test_the_database_refuses_nonsense_by_name(people, constraint, changed):
    if "collected_until" in changed:
        changed = changed | {"collected_until": changed["collected_from"] - timedelta(days=1)}
    refused(people, constraint, **changed)


def refused(people, constraint: str, **changed) -> None:
    found, other = ran(people), ran(people)
    fields = {f.name: getattr(found, f.name) for f in TestRun._meta.fields if f.name not in ("id", "ref", "item")}
    fresh = actions.collect(kind="other", title="x", origin="x", filename="x", chunks=b"x", by=people.analyst)
    with (
        pytest.raises(ValidationError) as error,
        transaction.atomic(),
        ledger.act("evidence.run_test", people.analyst),
    ):
        ledger.create(TestRun, **fields | {"ref": "T-2026-9999", "item": fresh} | changed)
    assert error.value.code == constraint
    assert other.ref != found.ref


def test_runs_are_numbered_by_year(people):
    with time_machine.travel("2027-02-03"):
        assert ran(people).ref == "T-2027-0001"
