"""Work of the trail in the background."""

from apps.audit import actions
from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job


@jobs.handles("audit.verify_trail")
def verify_trail(job: Job) -> None:
    actions.verify_trail(by=System("worker", on_behalf_of=job.actor))
