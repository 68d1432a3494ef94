import logging
from datetime import timedelta

from celery import shared_task

from apps.core import jobs, vault

log = logging.getLogger(__name__)

ABANDONED = timedelta(days=1)  # no request takes as long to arrive


@shared_task(name="core.work")
def work() -> None:
    """Do what is due. Rung after a commit, and by the sweep."""
    jobs.work_off()


@shared_task(name="core.sweep_vault")
def sweep_vault() -> None:
    """Delete what killed processes left in the vault."""
    if swept := vault.sweep(ABANDONED):
        log.info("swept %s abandoned files out of the vault", swept)
