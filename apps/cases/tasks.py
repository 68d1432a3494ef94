"""What the worker does of cases: the next part of a step on many accounts, and the figures of a campaign."""

from apps.audit.principals import System
from apps.cases import actions
from apps.cases.campaign import figures
from apps.cases.models import BulkStep, CampaignFigures, Case
from apps.core import jobs
from apps.core.models import Job


@jobs.handles("cases.carry_on_step")
def carry_on_step(job: Job) -> None:
    """The key says which part it was asked for: a job that comes late finds the step further on, and does nothing."""
    key, state, parts_done = job.key.split("/")
    step = BulkStep.objects.get(pk=key)
    if step.state == state and step.parts_done == int(parts_done):
        actions.carry_on_step(step, by=System("worker", on_behalf_of=job.actor))


@jobs.handles("cases.draw_campaign")
def draw_campaign(job: Job) -> None:
    """The key begins with the case; what follows only tells one request from the next."""
    case = Case.objects.get(pk=job.key.partition("/")[0])
    kept = CampaignFigures.objects.filter(case=case).first()
    if kept is None or kept.basis != figures.basis(case)[0]:
        figures.draw(case)
