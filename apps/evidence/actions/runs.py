"""Runs of fingerprint tests: recomputed here, and kept whatever came out (R7)."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import rfc8785
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core.ids import next_reference
from apps.evidence import queries
from apps.evidence.actions.items import take_in
from apps.evidence.models import Item, TestRun
from apps.evidence.runs import declared as declarations
from apps.evidence.runs import planned, recorded
from apps.evidence.runs.declared import Declared
from apps.evidence.runs.recorded import Run, Setting


class Submission(NamedTuple):
    """By what a program knows a run that it sends, and the digest of what it sent."""

    key: str
    sha256: str


@action
def run_test(
    *,
    test_id: str,
    inputs: dict,
    by,
    suspect: Any,
    protected: Any = None,
    key: Any = None,
    plan: Any = None,
    source: Any = None,
    declared: dict | Declared | None = None,
    submitted: dict | None = None,
    collected_from: datetime | None = None,
    collected_until: datetime | None = None,
    dependency_group: str = "",
    not_blind_because: str = "",
    submission: Submission | None = None,
) -> TestRun:
    """Compute a test of one suspect from its inputs and keep the run, whatever came out.

    `declared` is what the submitter stands for; where it is blank or partial no figure is reported (R1). `submitted`
    are figures that came with the inputs; where they differ from ours the run says so. Raises ValidationError naming
    the field where the inputs have not the test's shape.
    """
    setting = Setting(
        test_id=test_id,
        suspect=suspect,
        protected=protected,
        key=key or queries.key_named(inputs.get("key_id")),
        plan=plan,
        source=source,
        collected_from=collected_from,
        collected_until=collected_until,
        dependency_group=dependency_group.strip(),
        not_blind_because=not_blind_because.strip(),
    )
    if not setting.not_blind_because:
        raise ValidationError(
            {
                "not_blind_because": "A suspect is tested blind among at least 19 controls, so that nobody's hope "
                "decides. Seal the order of a blind trial first, or say why this run is not blind. (R3)"
            }
        )
    return record(setting, inputs, declarations.read(declared), submitted=submitted, submission=submission, by=by)


def record(
    setting: Setting,
    inputs: dict,
    declared: Declared,
    *,
    by: Any,
    submitted: dict | None = None,
    submission: Submission | None = None,
) -> TestRun:
    """Compute and write a run down. Inside an action."""
    inputs = recorded.checked(setting, declarations.completed(inputs, declared), declared)
    run = Run(
        setting=setting,
        inputs=inputs,
        declared=declared,
        outcome=recorded.compute(setting.test_id, inputs),
        submitted=submitted,
        earlier=0 if setting.plan is None else setting.plan.runs.count(),
        held=queries.custody_of_key(setting) if setting.test.watermark else None,
    )
    return write(run, by=by, submission=submission)


def write(run: Run, *, by: Any, submission: Submission | None = None, **more: Any) -> TestRun:
    """The run's file and its row. Inside an action."""
    setting, now = run.setting, timezone.now()
    ref, figures = next_reference("T", now.year), run.figures
    reasons = [recorded.UNPLANNED] if setting.plan is None else planned.departures(setting.plan, run)
    reported = figures or {}
    subject = str(setting.suspect) if setting.suspect else "accounts"
    item = take_in(
        {
            "kind": Item.Kind.TEST_RUN,
            "title": f"{setting.test.title}: {subject}"[:200],
            "origin": "Computed by casemgr from submitted inputs",
            "description": "",
            "tlp": "amber",
        },
        f"{ref}.json",
        rfc8785.dumps(recorded.document(ref, run, reasons)),
        by,
    )
    return ledger.create(
        TestRun,
        ref=ref,
        test_id=setting.test_id,
        test_version=run.test_version,
        suspect=setting.suspect,
        protected=setting.protected,
        key=setting.key,
        plan=setting.plan,
        trial=setting.trial,
        source=setting.source,
        inputs=recorded.shown(run.inputs),
        inputs_sha256=reported.get("inputs_sha256") or recorded.digest(run.inputs),
        declared=msgspec.to_builtins(run.declared),
        result=figures,
        submitted=run.submitted,
        discrepancies=run.discrepancies,
        failure=run.outcome.failure,
        withheld=run.withheld,
        custody=run.held,
        not_blind_because=setting.not_blind_because[:300],
        p_value=reported.get("p_value"),
        log10_p=reported.get("log10_p"),
        p_floor=reported.get("p_floor"),
        log10_lr=reported.get("log10_lr"),
        lr_route=reported.get("lr_route") or "",
        log10_lr_cap=reported.get("log10_lr_cap"),
        log10_lr_reported=reported.get("log10_lr_reported"),
        outcome=run.direction,
        dependency_group=setting.group,
        collected_from=setting.collected_from,
        collected_until=setting.collected_until,
        is_exploratory=bool(reasons),
        exploratory_because=reasons,
        is_primary=bool(setting.plan and setting.plan.is_primary and not reasons),
        is_fit=run.is_fit,
        item=item,
        submission=submission.key if submission else None,
        submission_sha256=submission.sha256 if submission else "",
        run_at=now,
        run_by=by.actor,
        **more,
    )
