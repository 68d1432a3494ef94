"""Exports: collected and written part by part, each part in one transaction; sent when somebody says so.

A letter has one statement for ever, and that its puid: what is collected again is what no statement was made of.
"""

import json
import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.cases.drills import refuse_drill
from apps.cases.models import Decision
from apps.core import jobs, vault
from apps.core.ids import next_reference, uuid7
from apps.notices.models import Notice
from apps.transparency import queries, reasons, writing
from apps.transparency.carrying import carry_on_soon, send_soon
from apps.transparency.models import Batch, Export, GeneralText, Statement
from apps.transparency.queries import Letter
from apps.transparency.reasons import EXPLANATION, FACTS, Found
from apps.transparency.statement.mapping import Words
from apps.transparency.statement.schema import LONG, LONGEST

PART = 1000  # letters that are dealt with in one transaction
State, Piece = Export.State, Statement.State


# --- what people do --------------------------------------------------------------------------------------------------


@action
def start_export(*, first_day: date, last_day: date, by) -> Export:
    """Collect the statements of a period (days of UTC) that were not exported before.

    Raises ValidationError where there is none.
    """
    now = timezone.now()
    if last_day > now.date():
        raise ValidationError({"last_day": "This day is still to come."})
    if not queries.to_export(first_day, last_day).exists():
        raise ValidationError("No letter of this period tells of a measure that is in force and was not exported yet.")
    ref = next_reference("SOR", now.year)
    export = ledger.create(Export, ref=ref, first_day=first_day, last_day=last_day, started_by=by, started_at=now)
    carry_on_soon(export, by)
    return export


@action
def send_export(export: Export, *, by) -> None:
    """Hand its files in, one after the other. Raises ValidationError unless the settings say where."""
    if not queries.is_possible():
        raise ValidationError("TRANSPARENCY_URL and TRANSPARENCY_TOKEN do not say where to: whoever runs casemgr can.")
    ledger.change(export, state=State.SENDING, sent_by=by)
    send_soon()


@action
def pause_export(export: Export, *, by) -> None:
    """Begin no other part and no other file; what is under way is finished."""
    ledger.change(export, is_paused=True)


@action
def resume_export(export: Export, *, by) -> None:
    """Go on with it."""
    ledger.change(export, is_paused=False, problem="")
    carry_on_soon(export, by)
    send_soon()


@action
def retry_export(export: Export, *, by) -> None:
    """Try again what was given up: files, of which the database is asked first whether it has them, and parts."""
    files, parts = list(export.batches.filter(state=Batch.State.FAILED)), queries.given_up(export)
    if not files and not parts:
        raise ValidationError("Nothing of it was given up.")
    now = timezone.now()
    for batch in files:
        ledger.change(batch, state=Batch.State.UNCERTAIN, attempts=0, due_at=now, ended_at=None)
    if files and export.state == State.SENT:
        ledger.change(export, state=State.SENDING, ended_at=None)
    else:
        ledger.note(export, files=len(files), parts=len(parts))
    for part in parts:
        jobs.retry(part)
    send_soon()


@action
def write_general_text(decision: Decision, *, facts: str, explanation: str, by) -> GeneralText:
    """What statements about a decision say instead of words that name somebody. Those that were withheld are made
    again with it.

    Raises ValidationError when it names somebody too, or is longer than the database takes.
    """
    refuse_drill(decision.case)
    said = Words(facts.replace("\r\n", "\n").strip(), explanation.replace("\r\n", "\n").strip())
    _refuse_unfit(decision, said)
    values: dict[str, Any] = {"written_by": by, "written_at": timezone.now()}
    values |= {"facts": said.facts, "explanation": said.explanation}
    written = GeneralText.objects.filter(decision=decision).first()
    if written:
        ledger.change(written, **values)
    else:
        written = ledger.create(GeneralText, case=decision.case, decision=decision, **values)
    again = Statement.objects.filter(decision=decision, state=Piece.WITHHELD)
    exports = list(Export.objects.filter(pk__in=again.values("export")))
    with ledger.batch(decision) as rows:
        rows.details["statements"] = rows.run(
            Statement,
            "UPDATE transparency_statement SET state = 'ready', found = '[]'"
            " WHERE decision_id = %s AND state = 'withheld'",
            [decision.pk],
        )
    for export in exports:
        carry_on_soon(export, by)
    return written


def _refuse_unfit(decision: Decision, said: Words) -> None:
    wrong: dict[str, list[str]] = {}
    for field, text, longest in (("facts", said.facts, LONGEST), ("explanation", said.explanation, LONG)):
        if not text:
            wrong[field] = ["Say it in general words."]
        elif len(text) > longest:
            wrong[field] = [f"It has {len(text):,} characters; the database takes {longest:,}."]
    fields = {FACTS: "facts", EXPLANATION: "explanation"}
    for field, kind in reasons.named_in(decision, said):
        wrong.setdefault(fields[field], []).append(f"There is {kind} in it.")
    if wrong:
        raise ValidationError(wrong)


# --- what the worker does --------------------------------------------------------------------------------------------


@action
def collect_part(export: Export, *, by) -> None:
    """Make the statements of the next letters, each with its puid, and withhold those that name somebody."""
    notices = queries.to_export(export.first_day, export.last_day).order_by("id")
    if export.collected_to:
        notices = notices.filter(pk__gt=export.collected_to)
    letters = list(queries.letters(notices[:PART]))
    public = reasons.of_decisions(letter.decision_id for letter in letters)
    with ledger.batch(export, letters=len(letters)) as rows:
        rows.insert(Statement, [_row(export, letter, public[letter.decision_id]) for letter in letters])
    ledger.change(
        export,
        collected_to=letters[-1].notice_id if letters else export.collected_to,
        state=State.COLLECTING if len(letters) == PART else State.WRITING,
    )
    carry_on_soon(export, by)


def _row(export: Export, letter: Letter, public: reasons.Public) -> dict[str, Any]:
    puid = str(uuid.uuid4())  # by chance: neither the letter nor its day can be read from it
    found = writing.judged(writing.made(puid, letter, public), letter, public)
    return {
        "export_id": str(export.pk),
        "case_id": str(letter.case_id),
        "decision_id": str(letter.decision_id),
        "notice_id": str(letter.notice_id),
        "puid": puid,
        "state": Piece.WITHHELD.value if found else Piece.READY.value,
        "found": found,
        "batch_id": None,
        "position": None,
        "refused_why": "",
    }


@action
def write_part(export: Export, *, by) -> None:
    """Put the next statements into files of a hundred; the last file of an export may have fewer."""
    waiting = list(queries.to_write(export)[:PART])
    standing = set(queries.to_write(export).filter(queries.standing()).values_list("pk", flat=True)[:PART])
    letters = {letter.notice_id: letter for letter in queries.letters(_of(waiting))}
    public = reasons.of_decisions(statement.decision_id for statement in waiting)
    changes, good = [], []
    for statement in waiting:
        letter, of_it = letters[statement.notice_id], public[statement.decision_id]
        content = writing.made(statement.puid, letter, of_it)
        if statement.pk not in standing:
            changes.append(_change(statement, Piece.LAPSED))
        elif found := writing.judged(content, letter, of_it):
            changes.append(_change(statement, Piece.WITHHELD, found=found))
        else:
            good.append((statement, content))
    is_last = len(waiting) < PART
    whole = [good[start : start + writing.AT_MOST] for start in range(0, len(good), writing.AT_MOST)]
    files = [file for file in whole if is_last or len(file) == writing.AT_MOST]
    first = (export.batches.aggregate(last=Max("number"))["last"] or 0) + 1
    batches = [_file(export, number, file) for number, file in enumerate(files, first)]
    for batch, file in zip(batches, files, strict=True):
        for position, (statement, _) in enumerate(file):
            changes.append(_change(statement, Piece.BATCHED, batch=batch["id"], position=position))
    _write(export, batches, changes)
    _written(export, is_last, by)


def _of(statements: Sequence[Statement]):
    return Notice.objects.filter(pk__in=[statement.notice_id for statement in statements])


def _change(
    statement: Statement,
    state: str,
    *,
    found: Found | None = None,
    batch: str | None = None,
    position: int | None = None,
) -> dict[str, Any]:
    return {"id": str(statement.pk), "state": state, "found": found or [], "batch": batch, "position": position}


def _file(export: Export, number: int, file: Sequence[tuple[Statement, dict[str, Any]]]) -> dict[str, Any]:
    stored = vault.put(writing.file_of(content for _, content in file))
    now = timezone.now().isoformat()
    return {
        "id": str(uuid7()),
        "export_id": str(export.pk),
        "number": number,
        "state": Batch.State.READY.value,
        "count": len(file),
        "sha256": stored.sha256,
        "byte_size": stored.size,
        "written_at": now,
        "attempts": 0,
        "due_at": now,
        "problem": "",
        "ended_at": None,
    }


WRITE = """
    UPDATE transparency_statement SET state = news.state, found = news.found, batch_id = news.batch,
        position = news.position
    FROM jsonb_to_recordset(%s) AS news (id uuid, state text, found jsonb, batch uuid, position smallint)
    WHERE transparency_statement.id = news.id"""


def _write(export: Export, batches: list[dict[str, Any]], changes: list[dict[str, Any]]) -> None:
    with ledger.batch(export, files=len(batches)) as rows:
        rows.insert(Batch, batches)
    with ledger.batch(export, statements=len(changes)) as rows:
        if changes:
            rows.run(Statement, WRITE, [json.dumps(changes)])


def _written(export: Export, is_last: bool, by) -> None:
    if not is_last:
        carry_on_soon(export, by)
    elif export.state == State.WRITING or (export.state == State.SENT and queries.has_files_to_send(export)):
        ledger.change(export, state=State.READY, ended_at=None)
    send_soon()


@action
def end_export(export: Export, *, by) -> None:
    """Nothing of it is left to be sent."""
    ledger.change(export, state=State.SENT, ended_at=timezone.now())
