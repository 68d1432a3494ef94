"""Retention: rules of the schedule are confirmed by a person, then run every night, so many records at a time."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core import jobs
from apps.records.models import Confirmation, RetentionRun
from apps.records.queries import is_confirmed
from apps.records.schedule import RULES, Rule

STEP = 500  # records of one transaction

State = RetentionRun.State


@action
def confirm_rule(*, rule: str, by) -> Confirmation:
    """Say that what the rule would do is right. From then on it runs every night, until it is changed."""
    wanted = _rule(rule)
    due, held = wanted.counts(wanted.before())
    return ledger.create(
        Confirmation,
        rule=wanted.slug,
        days=wanted.days,
        terms=wanted.terms,
        due=due,
        held=held,
        confirmed_by=by,
        confirmed_at=timezone.now(),
    )


@action
def start_run(*, rule: str, by) -> RetentionRun:
    """Begin to do what a confirmed rule says. Raises ValidationError while nobody has confirmed it as it reads now."""
    wanted = _rule(rule)
    if not is_confirmed(wanted):
        raise ValidationError(f"Nobody has confirmed yet what this rule would do: {wanted.terms}")
    before = wanted.before()
    due, held = wanted.counts(before)
    run = ledger.create(
        RetentionRun,
        rule=wanted.slug,
        days=wanted.days,
        before=before,
        due=due,
        held=held,
        started_by=by.actor,
        started_at=timezone.now(),
    )
    jobs.after_commit("records.carry_on", f"{run.pk}/0", by=by)
    return run


@action
def carry_on(run: RetentionRun, *, by) -> int:
    """Do the next part of a run; returns how many records that were. With none left the run is done."""
    wanted = _rule(run.rule)
    keys = wanted.next(run.before, STEP)
    if not keys:
        ledger.change(run, state=State.DONE, ended_at=timezone.now())
        return 0
    with ledger.batch(run, records=len(keys)) as batch:
        wanted.carry_out(batch, keys)
    ledger.change(run, gone=run.gone + len(keys))
    jobs.after_commit("records.carry_on", f"{run.pk}/{run.gone}", by=by)
    return len(keys)


@action
def stop_run(run: RetentionRun, *, reason: str, by) -> None:
    """Stop a run after the part that it is at. What is left is due again for the next one."""
    ledger.change(run, state=State.STOPPED, ended_at=timezone.now(), stopped_by=by, stopped_why=reason.strip())


def _rule(slug: str) -> Rule:
    if slug not in RULES:
        raise ValidationError(f"The schedule has no rule “{slug}”; it has {', '.join(sorted(RULES))}.")
    return RULES[slug]
