"""A plan as it is hashed, and where a run departs from it. Pure: plain values in, sentences out.

Pre-registration separates what was predicted from what was noticed afterwards (Nosek et al., The preregistration
revolution, PNAS 2018): only a run whose plan was fixed before its data confirms anything.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from apps.evidence.models import TestPlan
    from apps.evidence.runs.recorded import Run

FORMAT = "casemgr.test-plan/1"


PLAIN = (
    "ref",
    "test_id",
    "test_version",
    "question",
    "collection",
    "fixed_inputs",
    "planned_n",
    "stopping",
    "alpha",
    "effect",
    "controls",
    "is_blind",
    "is_primary",
    "dependency_group",
)
NAMED = ("suspect", "protected", "key")


def content(plan: Any) -> dict[str, Any]:
    """All that a plan settles. Models and keys by their id and by the name that they had."""
    named = {name: _named(getattr(plan, name)) for name in NAMED}
    return {"format": FORMAT} | {name: getattr(plan, name) for name in PLAIN} | named


def _named(row: Any) -> dict[str, str] | None:
    return None if row is None else {"id": str(row.pk), "name": str(row)}


def digest(settled: dict[str, Any]) -> str:
    return hashlib.sha256(rfc8785.dumps(settled)).hexdigest()


def departures(plan: TestPlan, run: Run) -> list[str]:
    """Why a run under this plan is exploratory; empty where it kept to it."""
    return [
        *_out_of_time(plan, run),
        *_another_test(plan, run),
        *_other_inputs(plan, run),
        *_another_number(plan, run),
        *_other_controls(plan, run),
        *(f"Departed from the plan: {sentence}" for sentence in run.deviations),
    ]


def _out_of_time(plan: TestPlan, run: Run) -> list[str]:
    if plan.state != plan.State.REGISTERED:
        return [f"The plan {plan.ref} is {plan.get_state_display().lower()}, not registered."]
    if run.collected_from is None:
        return ["It is not said when collecting from the suspect began, so nobody can tell that the plan came first."]
    assert plan.registered_at is not None  # a constraint of the table
    if plan.registered_at >= run.collected_from:
        return [
            f"The plan was registered {plan.registered_at:%Y-%m-%d %H:%M} UTC, and collecting from the suspect began"
            f" {run.collected_from:%Y-%m-%d %H:%M} UTC."
        ]
    if run.earlier and plan.stopping == plan.Stopping.FIXED:
        return [f"The plan is for one run, and there are {run.earlier} earlier ones under it."]
    return []


def _another_test(plan: TestPlan, run: Run) -> list[str]:
    found = []
    if (plan.test_id, plan.test_version) != (run.test_id, run.test_version):
        planned, made = f"{plan.test_id} {plan.test_version}", f"{run.test_id} {run.test_version}"
        found.append(f"Planned was the test {planned}, and {made} was run.")
    for name, words in (("suspect", "suspect"), ("protected", "protected model"), ("key", "watermark key")):
        planned, tested = getattr(plan, name), run.subjects.get(name)
        if planned != tested:
            found.append(f"The planned {words} is {planned or 'none'}, and that of the run is {tested or 'none'}.")
    if run.dependency_group != plan.dependency_group:
        found.append(f"The planned dependency group is “{plan.dependency_group}”, not “{run.dependency_group}”.")
    return found


def _other_inputs(plan: TestPlan, run: Run) -> list[str]:
    return [
        f"`{name}` was planned as {value!r}, and is {run.inputs.get(name)!r}."
        for name, value in plan.fixed_inputs.items()
        if run.inputs.get(name) != value
    ]


def _another_number(plan: TestPlan, run: Run) -> list[str]:
    if run.n is None or run.n == plan.planned_n:
        return []
    if plan.stopping == plan.Stopping.SEQUENTIAL and run.n < plan.planned_n:
        return []
    return [f"{plan.planned_n:,} were to be scored, and {run.n:,} were."]


def _other_controls(plan: TestPlan, run: Run) -> list[str]:
    found = []
    if left_out := sorted(set(plan.controls) - set(run.controls)):
        found.append(f"Planned controls that were not tested: {', '.join(left_out)}.")
    if added := sorted(set(run.controls) - set(plan.controls)):
        found.append(f"Controls that were not planned: {', '.join(added)}.")
    if plan.is_blind and not run.is_blind:
        found.append("It was to be scored blind, and was not.")
    return found
