"""Logs from bytes to figures: opened, columns confirmed as proposed, every step worked off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.utils import timezone

from apps.core.models import Job
from apps.evidence import actions, tasks
from apps.evidence.models import Figure, QueryLog

REAL = Path(project.BASE_DIR).parent / "shared" / "data" / "query_logs"
HEADER = "timestamp,account,model,input_tokens,output_tokens,prompt,topic,ip,request_id,cost\n"


def campaign(rows: int = 400) -> bytes:
    """A small log with everything in it: 20 accounts, two models of which one comes late, three templates."""
    frames = ("Explain step {} of the proof in plain words", "Write unit tests for module number {} now", "Hello {}")
    lines = [
        f"2026-02-{2 + n * 10 // rows:02}T{n * 240 // rows % 24:02}:{n % 60:02}:00Z,acct_{n % 20:02},"
        f"{'new' if n * 10 // rows >= 6 else 'old'},{100 + n % 7},{200 + n % 5},{frames[n % 3].format(n)},"
        f"{'code' if n % 2 else 'law'},198.51.100.{n % 9},r{n // 2},0.{n % 10}\n"
        for n in range(rows)
    ]
    return (HEADER + "".join(lines)).encode()


@pytest.fixture(autouse=True)
def own_places(settings, tmp_path):
    settings.VAULT_DIR = tmp_path / "vault"
    settings.VAR_DIR = tmp_path


DOES = {"evidence.work_on_log": tasks.work_on_log, "evidence.compute_again": tasks.compute_again}


def work(log: QueryLog) -> QueryLog:
    """What the worker does, one step after the other."""
    while job := Job.objects.filter(kind__in=DOES, state="waiting").order_by("id").first():
        DOES[job.kind](job)
        Job.objects.filter(pk=job.pk).update(state="done", finished_at=timezone.now())
    log.refresh_from_db()
    return log


@pytest.fixture
def open_log(collect, people) -> Callable[..., QueryLog]:
    def opened(content: bytes, **item: Any) -> QueryLog:
        return actions.open_log(collect(**{"chunks": content, "filename": "log"} | item), by=people.analyst)

    return opened


@pytest.fixture
def read(open_log, people) -> Callable[..., QueryLog]:
    """A log with its columns confirmed as they were proposed, and read to the end."""

    def worked(content: bytes, *, zone: str = "UTC", item: dict[str, Any] | None = None, **mapped: Any) -> QueryLog:
        log = open_log(content, **(item or {}))
        usual = {"columns": log.columns, "time_form": log.time_form, "zone": zone}
        actions.map_log(log, **usual | mapped, by=people.analyst)
        return work(log)

    return worked


def figure(log: QueryLog, name: str) -> Figure:
    return log.figures.get(name=name, again_of=None)


def numbers(log: QueryLog, name: str) -> dict[str, Any]:
    found = figure(log, name)
    assert found.value is not None, found.why_not
    return dict(found.value["numbers"])
