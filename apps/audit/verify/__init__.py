"""Verification of the trail: is the log intact, is anything missing, do the tables say what the log says.

`verify()` reads one snapshot of the database, writes nothing, and names everything that is wrong in a sentence. The
three answers are separate verdicts; a fourth says what is not proven: when things happened, since no outside party has
anchored the log yet.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings

from apps.audit.log import notes
from apps.audit.verify import agreement, completeness, integrity
from apps.audit.verify.reading import snapshot
from apps.audit.verify.report import Finding, Report, Verdict

__all__ = ["Finding", "Report", "Verdict", "verify"]


def verify(progress: Callable[[str], None] | None = None) -> Report:
    """Verify the whole trail. `progress` is told what is looked at next.

    Holds only the database's committed state against itself, the seal key and the log's key: who has all of these can
    write another history, which only an anchor outside would contradict.
    """
    tell = progress or (lambda _: None)
    started, clock = datetime.now(UTC), time.monotonic()
    intact = Verdict("integrity", "Is the log as it was signed?")
    complete = Verdict("completeness", "Is every event there, and all it refers to?")
    agreed = Verdict("agreement", "Do the tables say what the log says?")
    with snapshot() as reader:
        tell(intact.question)
        size = integrity.check(reader, intact)
        tell(complete.question)
        completeness.check(reader, complete)
        tell(agreed.question)
        agreement.check(reader, agreed)
    timed = Verdict(
        "time",
        "Is it known from outside when things happened?",
        remark="Not anchored: no witness or time-stamping authority has seen this log, so its times are casemgr's own.",
        is_proven=False,
    )
    return Report(started, round(time.monotonic() - clock, 3), size, _key(), verdicts=[intact, complete, agreed, timed])


def _key() -> str:
    try:
        verifier = notes.load_verifier(settings.TRAIL_KEY_FILE)
        return verifier.ids if verifier else ""
    except (notes.BadNote, OSError):
        return ""
