"""A case with letters, notes and exhibits, and a bundle of it, made as in life."""

import io
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from apps.audit.log import sequencer
from apps.cases import actions as cases
from apps.cases.models import Case
from apps.core import jobs
from apps.core.models import Job
from apps.disclosures import actions
from apps.disclosures.bundle import assembly
from apps.disclosures.models import Bundle
from apps.notices import actions as notices
from tests.cases.conftest import (  # noqa: F401 - fixtures
    add_exhibit,
    case,
    collect,
    confirmed,
    finding,
    propose,
    ready,
    terms,
)
from tests.notices.conftest import decide, party, quick_paper, suspended  # noqa: F401 - fixtures

PRIVILEGED = "Counsel thinks that the second exhibit is weak."
PARTY = "Quarry Lane Models Ltd"


@pytest.fixture
def rich(committed_db: None, suspended: Any, party: Any, add_exhibit: Callable[..., Any], people: Any) -> Case:  # noqa: F811
    """A case that has something of everything."""
    found = suspended.case
    add_exhibit(found, group="third")
    cases.add_note(found, body=PRIVILEGED, is_privileged=True, by=people.counsel)
    cases.add_note(found, body="The canaries were seeded in March.", is_privileged=False, by=people.analyst)
    account = suspended.finding.accounts.select_related("account").order_by("account__ref").first().account
    letter = notices.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)
    notices.approve_notice(letter, by=people.approver)
    notices.issue_notice(letter, by=people.counsel)
    sequence()
    return found


@pytest.fixture
def order(rich: Case, people: Any, quick_paper: list[str]) -> Callable[..., Bundle]:  # noqa: F811
    """Order a bundle of the case with all exhibits and documents; anything can be overridden."""

    def go(**values: Any) -> Bundle:
        work()
        audience = values.get("audience", "court")
        values = {
            "audience": audience,
            "recipient": "Dr Ruth Expert",
            "legal_basis": "Order of the court of 3 May",
            "purpose": "Expert opinion for the defendant",
            "exhibits": rich.exhibits.all(),
            "documents": actions.bundles.documents_for(rich, audience),
            "by": people.counsel,
        } | values
        return actions.compile_bundle(rich, **values)

    return go


@pytest.fixture
def made(order: Callable[..., Bundle]) -> Callable[..., Bundle]:
    """Order a bundle and let the worker put it together."""

    def go(**values: Any) -> Bundle:
        bundle = order(**values)
        sequence()
        work()
        bundle.refresh_from_db()
        assert bundle.state == Bundle.State.READY, bundle.problem or Job.objects.filter(
            kind="disclosures.assemble"
        ).values_list("last_error", flat=True)
        return bundle

    return go


def sequence() -> None:
    while sequencer.sequence():
        pass


def work() -> None:
    """A worker, and the sequencer beside it, until there is nothing left to do."""
    while jobs.work_off(1):
        sequence()


def start_worker() -> threading.Thread:
    """A worker as a thread, with a session of its own in the database, until nothing is due."""

    def do() -> None:
        try:
            jobs.work_off()
        finally:
            connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    return thread


def unpack(bundle: Bundle, to: Path) -> Path:
    """The bag as a folder, out of the archive that people take."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(assembly.archive(bundle)))) as tar:
        tar.extractall(to, filter="data")
    return to / bundle.ref
