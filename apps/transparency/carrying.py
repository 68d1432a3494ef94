"""Who goes on with an export: asked for by whoever ends a part, each time anew."""

from functools import partial

from django.db import transaction
from django.utils import timezone

from apps.core import jobs
from apps.transparency.models import Export
from apps.transparency.queries import CARRY_ON

SEND = "transparency.send"  # name of the task that sends what is due


def carry_on_soon(export: Export, by) -> None:
    jobs.after_commit(CARRY_ON, f"{export.pk}/{timezone.now().isoformat()}", by=by)


def send_soon() -> None:
    transaction.on_commit(partial(jobs.ring, SEND))
