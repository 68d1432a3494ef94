"""What the worker does of letters: the file of one, and the parts of a mailing. A job that comes twice does nothing."""

from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.notices import actions
from apps.notices.actions import mailings
from apps.notices.models import Mailing, MailingPart, Notice

Piece = MailingPart.State


def _worker(job: Job) -> System:
    return System("worker", on_behalf_of=job.actor)


@jobs.handles("notices.render")
def render(job: Job) -> None:
    notice = Notice.objects.get(pk=job.key)
    if notice.state == Notice.State.ISSUING:
        actions.render_notice(notice, by=_worker(job))


@jobs.handles(mailings.CARRY_ON)
def carry_on_mailing(job: Job) -> None:
    """The key says in which state it was asked for; what follows only tells one request from the next."""
    key, state, _ = job.key.split("/", 2)
    mailing = Mailing.objects.select_for_update().get(pk=key)  # another worker may be about to go on to the next step
    if mailing.state == state and state in mailings.STEPS:
        actions.carry_on_mailing(mailing, by=_worker(job))


def _part(job: Job) -> MailingPart:
    return MailingPart.objects.get(pk=job.key.partition("/")[0])


@jobs.handles(mailings.DRAFT)
def draft_part(job: Job) -> None:
    if (part := _part(job)).state == Piece.WAITING:
        actions.draft_part(part, by=_worker(job))


@jobs.handles(mailings.NUMBER)
def number_part(job: Job) -> None:
    if (part := _part(job)).state == Piece.DRAFTED:
        actions.number_part(part, by=_worker(job))


@jobs.handles(mailings.RENDER)
def render_part(job: Job) -> None:
    if (part := _part(job)).state == Piece.NUMBERED:
        actions.render_part(part, by=_worker(job))


@jobs.handles(mailings.WITHDRAW)
def withdraw_part(job: Job) -> None:
    if (part := _part(job)).state in (Piece.WAITING, Piece.DRAFTED):
        actions.withdraw_part(part, by=_worker(job))
