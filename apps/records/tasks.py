"""Retention every night, and the journal of erasures."""

import logging

from celery import shared_task
from django.core.exceptions import ValidationError

from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.records import actions, journal
from apps.records.models import RetentionRun
from apps.records.queries import is_confirmed
from apps.records.schedule import RULES

log = logging.getLogger(__name__)


@shared_task(name="records.retain")
def retain() -> None:
    """Start the rules that a person has confirmed."""
    for rule in RULES.values():
        if is_confirmed(rule):
            try:
                actions.start_run(rule=rule.slug, by=System("retention"))
            except ValidationError as error:  # one runs still; the others are none the worse for it
                log.warning("retention rule %s was not started: %s", rule.slug, " ".join(error.messages))


@jobs.handles("records.carry_on")
def carry_on(job: Job) -> None:
    run = RetentionRun.objects.get(pk=job.key.partition("/")[0])
    if run.state == RetentionRun.State.RUNNING:  # it may have been stopped in the meantime
        actions.carry_on(run, by=System("retention", on_behalf_of=job.actor))


@jobs.handles("records.write_journal")
def write_journal(job: Job) -> None:
    journal.write_missing()
