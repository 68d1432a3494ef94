"""A query log's file and figures as plain data: for its actions, its pages and its API."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from apps.core import vault
from apps.evidence.models import Item, QueryLog
from apps.evidence.querylogs import lists, shape, staging
from apps.evidence.querylogs.figures import Asked
from apps.evidence.querylogs.sources import Unreadable


def look_at(item: Item) -> shape.Look:
    """What the item's file is as a query log. Raises ValidationError in words."""
    try:
        with vault.open_file(item.sha256) as file:
            return shape.look(file, settings.UPLOAD_MAX_UNPACKED_BYTES)
    except (Unreadable, vault.Missing) as error:
        raise ValidationError(str(error)) from error


def asked_of(log: QueryLog) -> Asked:
    """What a person added to the log, with the list to compare with read from its item."""
    given = log.asked
    return Asked(
        columns=log.roles,
        rejected=log.rows_rejected,
        prices={model: (one[0], one[1]) for model, one in given.get("prices", {}).items()},
        currency=given.get("currency", ""),
        releases=given.get("releases", {}),
        benchmark=lists.read(vault.read(log.benchmark.sha256)) if log.benchmark else (),
        benchmark_name=log.benchmark.ref if log.benchmark else "",
        burst_factor=given.get("burst_factor", Asked.burst_factor),
        burst_floor=given.get("burst_floor", Asked.burst_floor),
    )


@contextmanager
def measured(log: QueryLog) -> Iterator[tuple[Path, Path]]:
    """The normalised log as a file on this disk, measured just now, and a directory to work in."""
    item, stage = log.normalised, staging_of(log)
    assert item is not None, "figures are of a normalised log"
    if vault.measure(item.sha256) != item.sha256:
        raise Unreadable(f"The file of {item.ref} in the vault is not what it was. Verify the item.")
    stage.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = vault.path_of(item.sha256)
    if not file.is_file():  # the vault is a bucket
        file = stage.root / "log.parquet"
        with file.open("wb") as copy:
            for chunk in vault.chunks(item.sha256):
                copy.write(chunk)
    try:
        yield file, stage.root
    finally:
        if log.state == QueryLog.State.READY:
            stage.clear()


def as_json(log: QueryLog) -> dict[str, Any]:
    """The profile as data: what was read, and each figure with what is needed to compute it again."""
    kept = log.normalised
    return {
        "log": log.ref,
        "item": {"ref": log.item.ref, "sha256": log.item.sha256},
        "input": {"ref": kept.ref, "sha256": kept.sha256} if kept else None,
        "state": log.state,
        "columns": log.columns,
        "missing_columns": log.missing,
        "zone": log.zone,
        "rows": {"read": log.rows_read, "kept": log.rows_kept, "rejected": log.rows_rejected, "reasons": log.reasons},
        "figures": [
            {
                "name": one.name,
                "title": one.title,
                "value": one.value,
                "why_not": one.why_not,
                "counting": one.counting,
                "sql": one.sql,
                "input_sha256": one.input_sha256,
                "engine": one.engine,
                "settings": one.settings,
            }
            for one in log.figures.filter(again_of=None).order_by("computed_at", "id")
        ],
    }


def staging_of(log: QueryLog) -> staging.Staging:
    return staging.Staging(settings.VAR_DIR / "querylogs" / str(log.pk))
