"""What the worker does: it goes on with exports part by part, and hands in what is due."""

from celery import shared_task

from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.transparency import actions, sending
from apps.transparency.carrying import SEND
from apps.transparency.models import Export
from apps.transparency.queries import CARRY_ON, to_write


@jobs.handles(CARRY_ON)
def carry_on(job: Job) -> None:
    """A job that comes twice, or while it is paused, does nothing."""
    export, worker = Export.objects.get(pk=job.key.partition("/")[0]), System("worker", on_behalf_of=job.actor)
    if export.is_paused:
        return
    if export.state == Export.State.COLLECTING:
        actions.collect_part(export, by=worker)
    elif export.state == Export.State.WRITING or to_write(export).exists():
        actions.write_part(export, by=worker)


@shared_task(name=SEND)
def send() -> None:
    """Hand in what is due. Rung when an export is to be sent, and by the sweep."""
    if sending.send_due() == sending.AT_ONCE:
        jobs.ring(SEND)
