"""What the worker does about verdicts: number them, tell them, and hold them against what detectors declare."""

from celery import shared_task
from django.db import transaction

from apps.alerts import actions, deliveries, verdicts
from apps.alerts.actions.detectors import RANK, WEIGH
from apps.alerts.models import Detector
from apps.alerts.reliability import standing
from apps.audit.principals import System
from apps.core import jobs, outbox
from apps.core.models import Job


@jobs.handles(verdicts.PUBLISH)
def publish_verdicts(job: Job) -> None:
    told = verdicts.publish()
    if deliveries.ask_for(told):
        transaction.on_commit(ring)
    for detector in {verdict.detector for verdict in told}:
        _weigh(detector, job)


@jobs.handles(WEIGH)
def weigh_detector(job: Job) -> None:
    _weigh(_detector(job), job)


def _weigh(detector: Detector, job: Job) -> None:
    if detector.demoted_at is None and standing.why_demoted(verdicts.that_weigh(detector), detector.declared_rate):
        actions.demote_detector(detector, by=System("worker", on_behalf_of=job.actor))


@jobs.handles(RANK)
def rank_again(job: Job) -> None:
    detector = _detector(job)
    for groups in standing.undecided_of(detector):
        actions.rank_again(detector, groups=groups, by=System("worker", on_behalf_of=job.actor))


def _detector(job: Job) -> Detector:
    return Detector.objects.get(pk=job.key.partition("/")[0])


def ring() -> None:
    """Wake a worker for the messages that wait."""
    jobs.ring("alerts.deliver")


@shared_task(name="alerts.deliver")
def deliver() -> None:
    """Send what is due. Rung after a verdict, and by the sweep."""
    if deliveries.OUTBOX.deliver_due() == outbox.AT_ONCE:
        ring()


@shared_task(name="alerts.tell_late")
def tell_late() -> None:
    """Alerts that came to a group after it went into a case. Found by the sweep: the intake waits for nobody."""
    for group, alerts in verdicts.untold().items():
        actions.tell_late(group, alerts=alerts, by=System("worker"))
