"""Blind trials: an order is sealed, everything is scored, and only then the order is opened (R3)."""

from datetime import datetime
from typing import Any

import msgspec
import rfc8785
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core import vault
from apps.core.ids import next_reference
from apps.evidence import fingerprints
from apps.evidence.actions.items import take_in
from apps.evidence.actions.runs import record
from apps.evidence.models import BlindTrial, Item, TestRun
from apps.evidence.models.runs import CONTROLS_NEEDED
from apps.evidence.runs import declared as declarations
from apps.evidence.runs import recorded, sealing
from apps.evidence.runs.declared import Control, Declared
from apps.evidence.runs.recorded import Setting

FORMAT = "casemgr.blind-trial/1"
State = BlindTrial.State


@action
def commit_order(
    *,
    test_id: str,
    suspect: Any,
    labels: list[str],
    commitment: str,
    by,
    protected: Any = None,
    key: Any = None,
    plan: Any = None,
    few_because: str = "",
) -> BlindTrial:
    """Put a sealed order on record: its labels and its hash. Which label is the suspect is not known here.

    Raises ValidationError for fewer than 20 labels without a reason.
    """
    if len(set(labels)) < len(labels) or len(labels) < 2:
        raise ValidationError({"labels": "A blind trial has at least two labels, each once: one is the suspect. (R3)"})
    if len(labels) <= CONTROLS_NEEDED and not few_because.strip():
        raise ValidationError(
            {
                "few_because": f"These are {len(labels) - 1} controls: with fewer than {CONTROLS_NEEDED} chance alone"
                " points at the suspect more often than one time in twenty. Add controls, or say why there are no more."
                " (R3)"
            }
        )
    now = timezone.now()
    return ledger.create(
        BlindTrial,
        ref=next_reference("BT", now.year),
        test_id=test_id,
        test_version=Setting(test_id=test_id).test.version,
        suspect=suspect,
        protected=protected,
        key=key,
        plan=plan,
        labels=labels,
        order_sha256=commitment,
        few_because=few_because.strip(),
        committed_at=now,
        committed_by=by.actor,
    )


class Scored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was measured under one label."""

    n: int
    inputs: dict[str, Any]


class Scores(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a tester hands in: each label with its inputs, and what is declared of all of them alike."""

    test_version: str
    scored: dict[str, Scored]
    assumptions: dict[str, declarations.Stated] = {}
    collected_from: datetime | None = None
    collected_until: datetime | None = None


@action
def measure_order(trial: BlindTrial, *, scores: dict, by) -> None:
    """Compute the test for every label and freeze what came out, while nobody knows which one is the suspect.

    Raises ValidationError naming the label whose inputs do not fit, or when labels are left out.
    """
    given = _scores(trial, scores)
    if by.actor == trial.committed_by:
        raise ValidationError("Who sealed the order has seen it. Another person scores. (R3)")
    outcomes = {label: _outcome(trial, label, given) for label in trial.labels}
    body = {"format": FORMAT, "trial": trial.ref, "scores": msgspec.to_builtins(given), "outcomes": outcomes}
    title = f"Blind scores of {trial.ref}: {fingerprints.TESTS[trial.test_id].title}"
    item = take_in(
        {
            "kind": Item.Kind.TEST_RUN,
            "title": title[:200],
            "origin": "Computed by casemgr from submitted inputs, before the order was opened",
            "description": "",
            "tlp": "amber",
        },
        f"{trial.ref}.json",
        rfc8785.dumps(body),
        by,
    )
    ledger.change(
        trial,
        state=State.MEASURED,
        scores=outcomes,
        item=item,
        measured_at=timezone.now(),
        measured_by=by.actor,
    )


def _scores(trial: BlindTrial, scores: dict) -> Scores:
    try:
        given = msgspec.convert(scores, Scores, strict=False)
        rfc8785.dumps(scores["scored"])
    except (msgspec.ValidationError, rfc8785.CanonicalizationError) as error:
        raise ValidationError({"scores": declarations.in_words(error, "scores")}) from error
    if set(given.scored) != set(trial.labels):
        wrong = sorted(set(given.scored) ^ set(trial.labels))
        raise ValidationError(
            {"scores": f"Every label is scored, and no other: {', '.join(wrong[:5])} is missing or too many. (R3)"}
        )
    return given


def _outcome(trial: BlindTrial, label: str, given: Scores) -> dict[str, Any]:
    """What is kept of a label in sight; its inputs are in the file."""
    inputs = declarations.completed(given.scored[label].inputs, Declared(assumptions=given.assumptions))
    try:
        inputs = recorded.checked(Setting(test_id=trial.test_id, key=trial.key), inputs, Declared())
    except ValidationError as error:
        raise ValidationError({"scores": f"{label}: {' '.join(error.messages)}"}) from error
    outcome = recorded.compute(trial.test_id, inputs)
    result = outcome.result
    if result is None:
        return {"failure": outcome.failure}
    p = result.p_value
    return {
        "n": result.n,
        "statistic": result.statistic,
        "alarm": result.direction == "supports" if p is None else p <= result.power_alpha,
    }


@action
def open_order(trial: BlindTrial, *, order: dict[str, str], secret: str, by) -> TestRun:
    """Open the order and record the suspect's run, with the other labels as its controls.

    Raises ValidationError when the order has not the hash that was committed.
    """
    order = {label.strip(): name.strip() for label, name in order.items()}
    if not sealing.opens(order, secret.strip(), trial.order_sha256):
        raise ValidationError(
            "This is not the order that was sealed: its hash differs. Open it with the very labels, names and secret"
            " that were sealed. (R3)"
        )
    label = _suspects_label(trial, order)
    ledger.change(
        trial, state=State.OPENED, order=order, secret=secret.strip(), opened_at=timezone.now(), opened_by=by.actor
    )
    given = msgspec.convert(
        msgspec.json.decode(vault.read(trial.item.sha256))["scores"],  # type: ignore[union-attr]
        Scores,
        strict=False,
    )
    scores: dict[str, Any] = trial.scores or {}
    setting = Setting(
        test_id=trial.test_id,
        suspect=trial.suspect,
        protected=trial.protected,
        key=trial.key,
        plan=trial.plan,
        trial=trial,
        collected_from=given.collected_from,
        collected_until=given.collected_until,
    )
    declared = Declared(
        test_version=given.test_version,
        n=given.scored[label].n,
        controls=[_control(order[other], scores[other]) for other in trial.labels if other != label],
        assumptions=given.assumptions,
    )
    return record(setting, given.scored[label].inputs, declared, by=by)


def _suspects_label(trial: BlindTrial, order: dict[str, str]) -> str:
    names = list(order.values())
    if set(order) != set(trial.labels) or len(set(names)) < len(names):
        raise ValidationError("The order names every label once, and each model once. (R3)")
    found = [label for label, name in order.items() if name in (trial.suspect.name, str(trial.suspect))]
    if len(found) != 1:
        raise ValidationError(f"The order names the suspect, {trial.suspect.name}, {len(found)} times, not once. (R3)")
    return found[0]


def _control(name: str, outcome: dict[str, Any]) -> Control:
    return Control(name=name, result=outcome.get("statistic"), alarm=outcome.get("alarm"))


@action
def abandon_order(trial: BlindTrial, *, reason: str, by) -> None:
    """Give a trial up. It stays on record with whatever was scored: an abandoned trial is a result, too (R7)."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why the trial is given up. (R7)"})
    ledger.change(trial, state=State.ABANDONED)
