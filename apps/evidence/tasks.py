import logging

from celery import shared_task
from django.core.exceptions import ValidationError

from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.evidence import actions
from apps.evidence.models import FixityRun, Item

log = logging.getLogger(__name__)


@jobs.handles("evidence.remove_file")
def remove_file(job: Job) -> None:
    actions.remove_file(Item.objects.get(pk=job.key), by=System("worker", on_behalf_of=job.actor))


@jobs.handles("evidence.measure_files")
def measure_files(job: Job) -> None:
    key, _, step = job.key.partition("/")
    run = FixityRun.objects.get(pk=key)
    if run.state == FixityRun.State.RUNNING and run.step == int(step):
        actions.measure_files(run, by=System("worker", on_behalf_of=job.actor))


@shared_task(name="evidence.nightly_fixity")
def nightly_fixity() -> None:
    """Measure tonight's part of the vault."""
    try:
        actions.start_fixity(kind=FixityRun.Kind.SAMPLE, by=System("worker"))
    except ValidationError as error:
        log.warning("no sample was begun: %s", " ".join(error.messages))
