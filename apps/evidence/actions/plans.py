"""Plans of tests: registered before the suspect is looked at, so that a run can confirm something (R2)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core.ids import next_reference
from apps.evidence import fingerprints
from apps.evidence.models import TestPlan
from apps.evidence.runs import planned, recorded

State = TestPlan.State


@action
def draft_plan(
    *,
    test_id: str,
    question: str,
    collection: str,
    planned_n: int,
    alpha: float,
    effect: float,
    by,
    suspect: Any = None,
    protected: Any = None,
    key: Any = None,
    fixed_inputs: dict | None = None,
    stopping: str = TestPlan.Stopping.FIXED,
    controls: list[str] | None = None,
    is_blind: bool = False,
    is_primary: bool = False,
    dependency_group: str = "",
) -> TestPlan:
    """Begin a plan. It binds nobody before it is registered."""
    now = timezone.now()
    settled = {
        "suspect": suspect,
        "protected": protected,
        "key": key,
        "question": question,
        "collection": collection,
        "fixed_inputs": fixed_inputs or {},
        "planned_n": planned_n,
        "stopping": stopping,
        "alpha": alpha,
        "effect": effect,
        "controls": controls or [],
        "is_blind": is_blind,
        "is_primary": is_primary,
        "dependency_group": dependency_group or recorded.default_group(key=key, suspect=suspect),
    }
    return ledger.create(
        TestPlan,
        ref=next_reference("TP", now.year),
        drafted_at=now,
        drafted_by=by.actor,
        **_of_test(test_id, settled["fixed_inputs"]),
        **settled,
    )


@action
def change_plan(plan: TestPlan, *, by, test_id: str = "", **settled: Any) -> None:
    """Change a draft. Once it is registered nothing of it changes any more."""
    fixed = settled.get("fixed_inputs", plan.fixed_inputs)
    if "dependency_group" in settled and not settled["dependency_group"]:
        settled["dependency_group"] = recorded.default_group(key=settled.get("key"), suspect=settled.get("suspect"))
    ledger.change(plan, **_of_test(test_id or plan.test_id, fixed), **settled)


@action
def register_plan(plan: TestPlan, *, by) -> None:
    """Settle a plan: hash it and enter the hash in the trail. Only what is collected from now on can keep to it.

    Raises ValidationError for a plan without question, way of collecting or controls.
    """
    for name, words in (("question", "what the test is to decide"), ("collection", "what is collected, and how")):
        if not getattr(plan, name).strip():
            raise ValidationError({name: f"A plan says beforehand {words}: write it down, then register it. (R2)"})
    if not plan.controls:
        raise ValidationError(
            {"controls": "A plan names its controls beforehand: name the models that are tested in the same way. (R2)"}
        )
    test = fingerprints.TESTS[plan.test_id]
    if plan.test_version != test.version:
        raise ValidationError(
            f"The plan is for version {plan.test_version} of the test, and {test.version} is computed now. Save the"
            " plan again to take over the new version. (R2)"
        )
    ledger.change(
        plan,
        state=State.REGISTERED,
        sha256=planned.digest(planned.content(plan)),
        registered_at=timezone.now(),
        registered_by=by.actor,
    )


@action
def withdraw_plan(plan: TestPlan, *, reason: str, by) -> None:
    """Give a plan up. It stays on record with the runs that were made under it."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why: a plan that is given up after a look is a result, too. (R2)"})
    ledger.change(plan, state=State.WITHDRAWN)


def _of_test(test_id: str, fixed_inputs: dict) -> dict[str, str]:
    """Test and version. Raises ValidationError for a test or an input that is not there."""
    test = fingerprints.TESTS.get(test_id)
    if test is None:
        raise ValidationError({"test_id": f"There is no test “{test_id}”: choose one of the catalogue."})
    if unknown := sorted(set(fixed_inputs) - set(test.units)):
        known = ", ".join(test.units)
        raise ValidationError({"fixed_inputs": f"The test takes no `{unknown[0]}`. It takes: {known}."})
    return {"test_id": test.id, "test_version": test.version}
