"""Looking for rings: every night among all accounts, every minute around what is new, and when an edge was judged.

Imports and intake do not ask for it: they write thousands of rows a second, and a look every minute at the youngest
identifier costs nothing, finds whatever way it came in, and makes one run of all that came in between.
"""

import logging

from celery import shared_task
from django.core.exceptions import ValidationError

from apps.accounts import actions
from apps.accounts.models import Account, LinkageRun
from apps.accounts.relinking import news, searching
from apps.audit.principals import System
from apps.core import jobs, vault
from apps.core.models import Job

log = logging.getLogger(__name__)

FEW = 200_000  # accounts among which a search of all takes seconds
AGAIN = 15.0  # seconds until somebody looks whether the run that is waited for has ended


@jobs.handles("accounts.link")
def link(job: Job) -> None:
    """One step of a run: search, then write. What a killed worker did not commit is done again."""
    key, _, step = job.key.partition("/")
    run = LinkageRun.objects.get(pk=key)
    by = System("linkage", on_behalf_of=job.actor)
    if run.state != LinkageRun.State.RUNNING:  # stopped in the meantime
        return
    if step != "search":
        try:
            return actions.write_rings(run, by=by)
        except vault.Missing as error:  # by a sweep, or on another machine's disk
            log.warning("%s is searched for again: %s", run, error)
    searched = searching.search(run)
    run.refresh_from_db()
    if run.state == LinkageRun.State.RUNNING:
        actions.keep_found(run, searched=searched, by=by)


@jobs.handles("accounts.link_news")
def link_news(job: Job) -> None:
    """Look again after an edge was judged, once the run that is under way has ended. An earlier one may have seen it.

    Among all accounts where that takes seconds: undoing a cut then brings back exactly what was there.
    """
    if LinkageRun.objects.filter(state=LinkageRun.State.RUNNING).exists():
        raise jobs.Later("a run is under way", waits_for="linkage", seconds=AGAIN)
    if _is_news():
        few = Account.objects.order_by()[: FEW + 1].count() <= FEW
        scope = LinkageRun.Scope.FULL if few else LinkageRun.Scope.NEW
        actions.start_linkage(scope=scope, by=System("linkage", on_behalf_of=job.actor))


def _is_news() -> bool:
    before = news.last_run()
    return before is not None and news.is_any(before)


@shared_task(name="accounts.link_new")
def link_new() -> None:
    """Every minute: what came in since the last run."""
    if not LinkageRun.objects.filter(state=LinkageRun.State.RUNNING).exists() and _is_news():
        _start(LinkageRun.Scope.NEW)


@shared_task(name="accounts.link_all")
def link_all() -> None:
    """Every night: everything anew, so that no small step's approximation lasts for more than a day."""
    _start(LinkageRun.Scope.FULL)


def _start(scope: str) -> None:
    try:
        actions.start_linkage(scope=scope, by=System("linkage"))
    except ValidationError as error:
        log.warning("no run was begun: %s", " ".join(error.messages))
