import logging

from celery import shared_task
from django.core.exceptions import ValidationError

from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.evidence import actions
from apps.evidence.models import Figure, FixityRun, Item, QueryLog
from apps.evidence.querylogs import staging
from apps.evidence.querylogs.sources import Unreadable

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


@jobs.handles("evidence.work_on_log")
def work_on_log(job: Job) -> None:
    """One step of a query log: a part of it read, the parts sorted, or some of its figures computed."""
    key, _, step = job.key.partition("/")
    log, by = QueryLog.objects.get(pk=key), System("worker", on_behalf_of=job.actor)
    if log.step != int(step) or log.state not in STEPS:
        return  # done before, or given up
    try:
        _take_step(log, by)
    except Unreadable as error:
        log.refresh_from_db()
        actions.fail_log(log, problem=str(error), by=by)


def _take_step(log: QueryLog, by: System) -> None:
    try:
        STEPS[log.state](log, by=by)
    except staging.Gone:  # another machine read them
        actions.read_log(log, by=by)


STEPS = {
    str(QueryLog.State.READING): actions.read_log,
    str(QueryLog.State.ASSEMBLING): actions.assemble_log,
    str(QueryLog.State.PROFILING): actions.profile_log,
}


@jobs.handles("evidence.compute_again")
def compute_again(job: Job) -> None:
    figure = Figure.objects.get(pk=job.key.partition("/")[0])
    actions.compute_again(figure, by=System("worker", on_behalf_of=job.actor))


@shared_task(name="evidence.nightly_fixity")
def nightly_fixity() -> None:
    """Measure tonight's part of the vault."""
    try:
        actions.start_fixity(kind=FixityRun.Kind.SAMPLE, by=System("worker"))
    except ValidationError as error:
        log.warning("no sample was begun: %s", " ".join(error.messages))
