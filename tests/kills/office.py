"""People around the detectors: who registers them, who asks for work of the worker, and who waits until it is done."""

import json
import threading
import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from apps.alerts import actions as alerts
from apps.alerts.models import Alert, AlertAccount, AlertGroup, Batch
from apps.audit import actions as audit
from apps.audit.models import Anchor, Checkpoint, Event, Leaf
from apps.audit.principals import System
from apps.core import jobs
from apps.core.models import Job
from apps.staff import actions as staff

PASSWORD = "a long enough password"


ROLES = {"auditor": "auditor", "ada": "analyst", "ben": "analyst", "counsel": "legal_counsel"}


def open_for(detectors: int) -> tuple[Any, dict[str, str], dict[str, str]]:
    """An empty casemgr with an auditor, detectors by their slug with their keys, and people with their sessions."""
    call_command("migrate", verbosity=0)
    name_static_files()
    admin = staff.bootstrap(email="admin@northlight.example", name="Ines Admin", password=PASSWORD, by=System())
    people = {
        name: staff.invite(email=f"{name}@northlight.example", name=name, roles=[role], password=PASSWORD, by=admin)
        for name, role in ROLES.items()
    }
    keys = {}
    for number in range(detectors):
        slug = f"detector-{number}"
        detector = alerts.register_detector(slug=slug, name=slug, kind="volume", owner="Abuse research", by=admin)
        keys[slug] = staff.issue_api_key(detector.service_account, by=admin)[1]
    sessions = {name: signed_in(person) for name, person in people.items() if name != "auditor"}
    connection.close()
    return people["auditor"], keys, sessions


def name_static_files() -> None:
    """Pages find the names of their files, as after `collectstatic`, which takes its time: else each is an error, and
    what it would have said is lost."""
    found = (each for finder in get_finders() for each in finder.list([]))
    names = (f"{storage.prefix}/{name}" if storage.prefix else name for name, storage in found)
    paths = {name: name for name in names}
    settings.STATIC_ROOT.mkdir(parents=True)
    (settings.STATIC_ROOT / "staticfiles.json").write_text(json.dumps({"version": "1.1", "paths": paths}))


def signed_in(person: Any) -> str:
    browser = Client()
    browser.force_login(person)
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


def ask_for_work(auditor: Any, stop: threading.Event) -> None:
    """The trail is verified again and again, so that a worker dies in the middle of something."""
    while not stop.wait(1):
        with suppress(DatabaseError):
            if not Job.objects.filter(state=Job.State.WAITING).exists():
                audit.request_verification(by=auditor)
        connection.close()


def settle(seconds: float) -> None:
    """Until the worker has nothing left to do, every event is signed for and the witness has seen it.

    Waits after failures are cut short.
    """
    deadline = time.monotonic() + seconds
    while waiting := _waiting():
        if time.monotonic() > deadline:
            raise TimeoutError(f"still to be done after {seconds} s: {waiting}")
        Job.objects.filter(state=Job.State.WAITING, due_at__gt=timezone.now()).update(due_at=timezone.now())
        jobs.ring()
        time.sleep(0.5)


def _waiting() -> dict[str, int]:
    signed = Checkpoint.objects.order_by("-number").values_list("size", flat=True).first() or 0
    counts = {
        "jobs": Job.objects.filter(state=Job.State.WAITING).count(),
        "events without a place": Event.objects.exclude(pk__in=Leaf.objects.values("event_id")).count(),
        "events without a signature": Event.objects.count() - signed,
        "checkpoints without a witness": not Anchor.objects.filter(kind=Anchor.Kind.WITNESS, size=signed).exists(),
    }
    return {name: count for name, count in counts.items() if count}


def figures() -> dict[str, int]:
    counted = {"alerts": Alert, "links": AlertAccount, "groups": AlertGroup, "batches": Batch, "events": Event}
    return {name: model.objects.count() for name, model in counted.items()}
