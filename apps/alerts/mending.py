"""Taking in what people send in a detector's name: a file, a corrected item, many items as they came."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from apps.alerts import actions, intake
from apps.alerts.models import Detector, Rejection, Replay
from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job

REPLAYED_AT_ONCE = 50  # in one transaction: progress shows after each, and the intake waits for none


def upload(detector: Detector, body: Any, *, filename: str, by: Any) -> intake.Receipt:
    """Take a person's table in. Raises PermissionDenied, ValidationError."""
    _refuse(detector, "alerts.upload", by)
    with transaction.atomic():
        receipt = intake.take(detector, body, format="table", sent_by=by.actor, by=detector.service_account)
        for batch in receipt.batches:
            actions.upload(batch, filename=filename, by=by)
    return receipt


def send_again(rejection: Rejection, body: bytes, *, by: Any, sent_by: str = "") -> intake.Receipt:
    """Send one item in again, as corrected. Raises PermissionDenied, ValidationError when that was done before."""
    batch = rejection.batch
    _refuse(batch.detector, "alerts.send_again", by)
    if rejection.sent_again_in_id:
        raise ValidationError("It was sent in again already: look at what became of it.")
    whose = sent_by or by.actor
    with transaction.atomic():
        receipt = intake.take(
            batch.detector, [body], format=batch.format, sent_by=whose, by=batch.detector.service_account
        )
        actions.send_again(rejection, batch=receipt.batches[0], verdicts=receipt.verdicts, sent_by=whose, by=by)
    return receipt


def _refuse(detector: Detector, verb: str, by: Any) -> None:
    if not by.has_perm(verb):
        raise PermissionDenied("You may not send anything in a detector's name.")
    if not detector.is_active:
        raise ValidationError(f"{detector.name} is switched off: nothing is taken in its name.")


@jobs.handles("alerts.replay")
def replay_some(job: Job) -> None:
    """Send in the next few rejections of a replay, and ask for the rest to be done."""
    key, _, number = job.key.partition(":")
    found = Replay.objects.get(pk=key)
    by = System("worker", on_behalf_of=found.asked_by)
    waiting = (
        found.rejections.filter(sent_again_in=None).select_related("batch__detector").order_by("received_at", "id")
    )
    present = list(waiting[:REPLAYED_AT_ONCE])
    for rejection in present:
        send_again(rejection, bytes(rejection.raw), by=by, sent_by=found.asked_by)
    if len(present) == REPLAYED_AT_ONCE:
        jobs.after_commit("alerts.replay", f"{found.pk}:{int(number) + 1}", by=by)
