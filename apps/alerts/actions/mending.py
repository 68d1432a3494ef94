"""What people send in a detector's name: files of their own, and what was rejected and is right now."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.alerts.models import Batch, Rejection, Replay
from apps.audit import ledger
from apps.audit.action import action
from apps.core import jobs

MAX_REPLAYED = 10_000


@action
def upload(batch: Batch, *, filename: str, by) -> None:
    """Say whose file a batch was. The batch itself stands in the trail as the detector's."""
    ledger.note(batch, filename=filename[:200], sha256=batch.raw_sha256, items=batch.items, rejected=batch.rejected)


@action
def send_again(rejection: Rejection, *, batch: Batch, verdicts: list[dict[str, Any]], sent_by: str, by) -> None:
    """Say what became of a rejected item that was sent in again, in `batch` with these verdicts."""
    if rejection.sent_again_in_id:
        raise ValidationError("It was sent in again already: look at what became of it.")
    verdict = next((one for one in verdicts if one["verdict"] == "rejected"), verdicts[0])
    ledger.change(
        rejection,
        sent_again_in=batch,
        sent_again_at=timezone.now(),
        sent_again_by=sent_by,
        became=verdict["verdict"],
        became_id=verdict["id"],
    )


@action
def replay(*, rejections: list[Rejection], about: str, by) -> Replay:
    """Have rejections sent in again as they came, in the background."""
    if not rejections:
        raise ValidationError("There is nothing to send in again.")
    found = ledger.create(Replay, asked_by=by.actor, asked_at=timezone.now(), about=about, total=len(rejections))
    with ledger.batch(found, rejections=len(rejections)) as rows:
        written = rows.run(
            Rejection,
            "UPDATE alerts_rejection SET replay_id = %s"
            " WHERE id = ANY(%s) AND sent_again_in_id IS NULL AND replay_id IS NULL",
            [found.pk, [rejection.pk for rejection in rejections]],
        )
    if written != len(rejections):
        raise ValidationError("Somebody else sends some of them in again already: load the page again.")
    jobs.after_commit("alerts.replay", f"{found.pk}:0", by=by)
    return found
