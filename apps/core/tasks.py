from celery import shared_task

from apps.core import jobs


@shared_task(name="core.work")
def work() -> None:
    """Do what is due. Rung after a commit, and by the sweep."""
    jobs.work_off()
