"""Imports that go on in the background."""

from contextlib import suppress

from apps.accounts import actions
from apps.accounts.models import Import
from apps.audit.principals import System
from apps.core import jobs, vault
from apps.core.models import Job
from apps.core.vault import naming


@jobs.handles("accounts.carry_on_import")
def carry_on_import(job: Job) -> None:
    key, _, part = job.key.partition("/")
    record = Import.objects.get(pk=key)
    if record.finished_at is None and record.part == int(part):
        actions.carry_on_import(record, by=System("worker", on_behalf_of=job.actor))


@jobs.handles("accounts.remove_upload")
def remove_upload(job: Job) -> None:
    """A file whose rows are written is not kept: it holds identifiers as they are."""
    sha256 = job.key.partition("/")[0]
    with vault.alone_with(sha256):
        if not naming.whose(sha256):
            with suppress(vault.Missing, vault.Locked):  # where the store must keep it, it goes when its lock ends
                vault.remove(sha256)
