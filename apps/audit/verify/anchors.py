"""What parties outside say about the log, and what that proves of its times.

A cosignature or a stamp says that a checkpoint existed at a time that the party itself states. So every entry under
that checkpoint was there by then at the latest, in this order, with these bytes. An anchor that does not fit the log
means that the log was rewritten, cut off or put back.
"""

from datetime import datetime, timedelta

from apps.audit.anchors import judging
from apps.audit.models import Anchor, Checkpoint
from apps.audit.verify.reading import Reader
from apps.audit.verify.report import Verdict

CLOCKS = timedelta(minutes=5)  # how far the clocks of two parties may differ: what anchors are accepted with
NAMES = ("id", "size", "kind", "party", "token", "stated_at")


def check(reader: Reader, verdict: Verdict, since: int = 0) -> None:
    """Hold the anchors of more than `since` entries against the log, and everything that stores outside hold."""

    def note_of(size: int) -> str | None:
        found = reader.all("SELECT note FROM audit_checkpoint WHERE size = %s", [size])
        return found[0][0] if found else None

    rows = reader.stream(f"SELECT {', '.join(NAMES)} FROM audit_anchor WHERE size > %s ORDER BY id", [since])  # noqa: S608 - our names
    for judged in judging.judged((_anchor(row) for row in rows), note_of):
        verdict.count("anchors")
        if judged.problem:
            verdict.found(
                f"The anchor by {judged.anchor.party} of {judged.anchor.size} entries does not hold: {judged.problem}.",
                table="audit_anchor",
                row=judged.anchor.pk,
            )
        elif not judged.is_known:
            verdict.count("anchors of parties that are no longer named in the settings")
    for sentence in judging.contradictions(lambda size: note_of(size) or _signed_since(size)):
        verdict.found(sentence, table="audit_anchor")
    _impossible_times(reader, verdict, since)
    _say(reader, verdict)


def _signed_since(size: int) -> str | None:
    """Stores are read as they are: one may hold what was signed after the snapshot was taken."""
    return Checkpoint.objects.filter(size=size).values_list("note", flat=True).first()


def _anchor(row: tuple) -> Anchor:
    anchor = Anchor(**dict(zip(NAMES, row, strict=True)))
    anchor.stated_at = row[-1] and datetime.fromisoformat(row[-1])
    return anchor


def _impossible_times(reader: Reader, verdict: Verdict, since: int) -> None:
    """An entry cannot have happened after somebody outside saw it. Each anchor is held against the entries that no
    smaller one covers."""
    for size, stated, last in reader.stream(
        "SELECT a.size, a.stated, e.last FROM (SELECT size, min(stated_at) AS stated,"
        "  coalesce(lag(size) OVER (ORDER BY size), 0) AS before FROM audit_anchor"
        "  WHERE stated_at IS NOT NULL GROUP BY size) a"
        " CROSS JOIN LATERAL (SELECT max(occurred_at) AS last FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id"
        "  WHERE l.idx >= a.before AND l.idx < a.size) e"
        " WHERE a.size > %s AND e.last > a.stated + %s ORDER BY a.size",
        [since, CLOCKS],
    ):
        verdict.found(
            f"An entry among the first {size} says that it happened at {last}, and somebody outside saw it by "
            f"{stated}: its time is wrong.",
            table="audit_event",
        )


def _say(reader: Reader, verdict: Verdict) -> None:
    """How far the log's times are bounded from outside, in words."""
    (entries,) = reader.one("SELECT coalesce(max(idx) + 1, 0) FROM audit_leaf")
    said = reader.all(
        "SELECT DISTINCT ON (kind, party) kind, party, size, stated_at FROM audit_anchor"
        " WHERE stated_at IS NOT NULL ORDER BY kind DESC, party, size DESC"
    )
    if not said:
        verdict.is_proven = False
        verdict.remark = (
            "Not anchored: no witness or time-stamping authority has seen this log, so its times are casemgr's own."
        )
        return
    does = {Anchor.Kind.WITNESS.value: "witnessed", Anchor.Kind.TIMESTAMP.value: "time-stamped"}
    parties = [f"{party} {does[kind]} the first {size:,} entries at {_minute(at)}" for kind, party, size, at in said]
    rest = entries - max(size for _, _, size, _ in said)
    verdict.remark = f"{'; '.join(parties)}. What they cover existed by then at the latest" + (
        f"; the last {rest:,} entries are covered by no party yet." if rest > 0 else ", and that is all there is."
    )


def _minute(at: str) -> str:
    return f"{at[:16]} UTC"
