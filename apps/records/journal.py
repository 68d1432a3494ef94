"""The journal of erasures, a file outside the database: what a restored backup brings back is erased once more from it.

A line an erasure, in JSON, naming the subject by its row alone. It is written after the commit by a job, so that a line
stands for what happened; whatever kept the job from it, the next erasure or `manage.py reapply_erasures` finds it.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from apps.records.models import Erasure


def entries() -> Iterator[dict[str, Any]]:
    """The journal, oldest first. Raises ValueError naming a line that is none."""
    path = settings.ERASURE_JOURNAL
    if not path.exists():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            entry = json.loads(line)
            yield {name: entry[name] for name in ("ref", "kind", "row", "at")}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"line {number} of {path} is no erasure: {line[:80]}") from error


def write_missing() -> int:
    """Append what was carried out and is not in the journal; returns how many lines that were."""
    path = settings.ERASURE_JOURNAL
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two workers
        known = {entry["row"] + entry["at"] for entry in entries()}
        done = Erasure.objects.filter(state=Erasure.State.CARRIED_OUT).order_by("decided_at")
        lines = [line for erasure in done if (line := _entry(erasure))["row"] + line["at"] not in known]
        file.writelines(json.dumps(line) + "\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    return len(lines)


def _entry(erasure: Erasure) -> dict[str, str]:
    at = erasure.decided_at.isoformat() if erasure.decided_at else ""
    return {"ref": erasure.ref, "kind": erasure.kind, "row": str(erasure.row_id), "at": at}
