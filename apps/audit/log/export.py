"""The whole log as files, for whoever derives it again without casemgr: `verify.py full FOLDER`.

entries.ndjson       one body a line, in the order of the log; canonical JSON has no line break of its own
checkpoints.ndjson   every signed checkpoint as a JSON string, in the order of their size
policy               the log's keys (C2SP tlog-policy)
"""

import json
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from apps.audit.log import notes
from apps.audit.log.policy import Log, Policy
from apps.audit.models import Checkpoint

CHUNK = 2000


def export(folder: Path) -> int:
    """Write the log into an empty folder, in flat memory and as of one moment; returns how many entries."""
    folder.mkdir(parents=True, exist_ok=False)
    keys = notes.load_verifier(settings.TRAIL_KEY_FILE)
    logs = tuple(Log(key) for key in keys.keys) if keys else ()
    (folder / "policy").write_text(str(Policy(logs=logs)))
    with transaction.atomic():
        last = Checkpoint.objects.order_by("-size").values_list("size", flat=True).first() or 0
        count = _entries(folder / "entries.ndjson", last)
        with (folder / "checkpoints.ndjson").open("w") as file:
            signed = Checkpoint.objects.filter(size__lte=last).order_by("size").values_list("note", flat=True)
            for note in signed.iterator(chunk_size=CHUNK):
                file.write(f"{json.dumps(note, ensure_ascii=False)}\n")
    return count


def _entries(path: Path, last: int) -> int:
    """Up to the last checkpoint: what comes after it, nobody has signed yet."""
    count = 0
    with path.open("wb") as file, connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT e.body FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id WHERE l.idx < %s ORDER BY l.idx",
            [last],
        )
        while rows := cursor.fetchmany(CHUNK):
            file.writelines(bytes(body) + b"\n" for (body,) in rows)
            count += len(rows)
    return count
