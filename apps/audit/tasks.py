"""Work of the trail in the background."""

from celery import shared_task

from apps.audit import actions
from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job


@jobs.handles("audit.verify_trail")
def verify_trail(job: Job) -> None:
    actions.verify_trail(is_full=job.key.startswith(actions.FULL), by=System("worker", on_behalf_of=job.actor))


@shared_task(name="audit.verify_nightly")
def verify_nightly() -> None:
    """Ask for a verification, every night. A worker that is killed over it leaves the work, and the record of how far
    it was, to the next one."""
    actions.request_verification(by=System("nightly"))
