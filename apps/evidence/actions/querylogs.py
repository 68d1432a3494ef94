"""An item read as a query log: its columns confirmed, its rows brought into one shape, its figures computed."""

import json
import time
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core import jobs, vault
from apps.core.ids import next_reference
from apps.evidence import logs
from apps.evidence.actions.items import derivative, take_in
from apps.evidence.models import Figure, Item, QueryLog
from apps.evidence.querylogs import columns, engine, normal, profile, shape, staging
from apps.evidence.querylogs.columns import TIME
from apps.evidence.querylogs.figures import FIGURES
from apps.evidence.querylogs.reading import Place

SECONDS = 20  # of work in one transaction: what is done is kept, and giving up is noticed

State = QueryLog.State


@action(shared=True)
def open_log(item: Item, *, by) -> QueryLog:
    """Tell what the file is and what its columns seem to mean. Nothing is read before a person has confirmed that."""
    look, now = logs.look_at(item), timezone.now()
    time_column = look.proposal.get(TIME, "")
    return ledger.create(
        QueryLog,
        ref=next_reference("QL", now.year),
        item=item,
        shape=look.shape.as_dict(),
        columns=look.proposal,
        time_form=look.forms[time_column].form if time_column in look.forms else "",
        opened_at=now,
        opened_by=by.actor,
    )


@action
def map_log(
    log: QueryLog,
    *,
    columns: dict[str, str],
    time_form: str,
    zone: str = "",
    asked: dict[str, Any] | None = None,
    benchmark: Item | None = None,
    by,
) -> None:
    """Confirm what the columns mean, and have the log read. `columns` is {role: name}.

    Raises ValidationError where a column is not in the log, stands for two things, or times have no zone.
    """
    _check_columns(log, columns, time_form, zone)
    ledger.change(
        log,
        state=State.READING,
        columns={role: name for role, name in columns.items() if name},
        time_form=time_form,
        zone=zone,
        asked=asked or {},
        benchmark=benchmark,
        mapped_at=timezone.now(),
        mapped_by=by.actor,
    )
    _go_on(log, by)


def _check_columns(log: QueryLog, mapping: dict[str, str], time_form: str, zone: str) -> None:
    names = [name for name in mapping.values() if name]
    if not mapping.get(TIME):
        raise ValidationError({TIME: "Say which column is the time stamp: without it nothing can be counted by time."})
    if unknown := [name for name in names if name not in log.shape["names"]]:
        raise ValidationError(f"The log has no column “{unknown[0]}”.")
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValidationError(f"The column “{twice[0]}” stands for two things. Choose what it is.")
    if time_form not in ("iso", "native", *columns.UNITS):
        raise ValidationError({"time_form": "Say how the time stamps are written."})
    if mapping[TIME] in log.shape["without_zone"] and not zone:
        raise ValidationError({"zone": "The time stamps do not say in which zone they are. Say which."})
    if zone:
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError) as error:
            raise ValidationError({"zone": f"There is no time zone “{zone}”."}) from error


@action
def give_up_log(log: QueryLog, *, reason: str, by) -> None:
    """Stop reading it. What was made of it so far stays."""
    ledger.change(log, state=State.GIVEN_UP, problem=reason, finished_at=timezone.now())
    logs.staging_of(log).clear()


@action
def fail_log(log: QueryLog, *, problem: str, by) -> None:
    """Write down why it cannot be read; the item stays as it is."""
    ledger.change(log, state=State.FAILED, problem=problem, finished_at=timezone.now())
    logs.staging_of(log).clear()


# --- the steps of a worker -------------------------------------------------------------------------------------------


@action
def read_log(log: QueryLog, *, by) -> None:
    """Read a part, and write down how far it came. Begins anew where parts lie on another machine."""
    stage = logs.staging_of(log)
    if log.state == State.ASSEMBLING or not stage.has(log.parts):
        return _begin_anew(log, by)
    with vault.open_file(log.item.sha256) as file:
        part = stage.read_part(
            log.parts,
            file,
            shape.Shape(**log.shape),
            log.columns,
            normal.Times(log.time_form, log.zone),
            limit=settings.UPLOAD_MAX_UNPACKED_BYTES,
            start=Place(log.next_at, log.rows_read),
            seconds=SECONDS,
        )
    ledger.change(
        log,
        parts=log.parts + 1,
        next_at=max(part.after.at, 0),
        rows_read=log.rows_read + part.read,
        rows_kept=log.rows_kept + part.kept,
        rows_rejected=log.rows_rejected + part.rejected,
        reasons=dict(Counter(log.reasons) + Counter(part.reasons)),
        step=log.step + 1,
        **({"state": State.ASSEMBLING} if part.is_last else {}),
    )
    _go_on(log, by)


def _begin_anew(log: QueryLog, by) -> None:
    logs.staging_of(log).clear()
    nothing = {"parts": 0, "next_at": 0, "rows_read": 0, "rows_kept": 0, "rows_rejected": 0, "reasons": {}}
    ledger.change(log, state=State.READING, **nothing, step=log.step + 1)
    _go_on(log, by)


@action
def assemble_log(log: QueryLog, *, by) -> None:
    """Sort all parts into one Parquet file and take it into the vault, the rejected rows beside it. Raises Gone where
    parts lie on another machine."""
    stage = logs.staging_of(log)
    if not stage.has(log.parts):
        raise staging.Gone(f"not all {log.parts} parts of {log.ref} are here")
    whole = stage.assemble(log.parts)
    if staging.rows_in(whole) != log.rows_kept:
        raise staging.Gone(f"parts of {log.ref} that are here are of another reading")
    zone, told = log.zone or "their own zone", json.dumps(log.columns, ensure_ascii=False)
    made = {
        "tool": "casemgr",
        "version": normal.VERSION,
        "parameters": f"{log.shape['format']} to Parquet, by time; times as {log.time_form} in {zone}"
        f" to UTC; columns {told}",
    }
    kept = _derive(log, Item.Derivation.NORMALISED, "in one shape", made, "log.parquet", staging.chunks(whole), by)
    rejects = None
    if log.rows_rejected:
        title, rows = f"{log.rows_rejected:,} rejected rows", stage.refused(log.parts)
        rejects = _derive(log, Item.Derivation.EXCERPT, title, made, "rejected.jsonl", rows, by)
    ledger.change(log, state=State.PROFILING, normalised=kept, rejects=rejects, step=log.step + 1)
    transaction.on_commit(stage.clear)  # before that, whoever comes after a killed worker needs the parts
    _go_on(log, by)


def _derive(
    log: QueryLog, derived: str, title: str, made: dict[str, str], name: str, rows: Any, by, of: Item | None = None
) -> Item:
    """What is made of the log, in the hands of who confirmed its columns."""
    parent = of or log.item
    fields = derivative(parent, derived, f"{log.item.title[:140]}, {title}", made, "")
    return take_in(fields, f"{log.ref}-{name}", rows, by, parent=parent, custodian=log.mapped_by or by.actor)


@action
def profile_log(log: QueryLog, *, by) -> None:
    """Compute figures for a while. When none is left the whole profile becomes an item, fit to be an exhibit."""
    until = time.monotonic() + SECONDS
    asked = logs.asked_of(log)
    known = set(log.figures.filter(again_of=None).values_list("name", flat=True))
    left = [name for name in FIGURES if name not in known]
    with logs.measured(log) as (file, work):
        for name in list(left):
            _record(log, profile.compute(name, file, work, asked))
            left.remove(name)
            if time.monotonic() > until:
                break
    if left:
        ledger.change(log, step=log.step + 1)
        _go_on(log, by)
        return
    content = json.dumps(logs.as_json(log), ensure_ascii=False, indent=1, sort_keys=True).encode()
    made = {"tool": "casemgr", "version": engine.VERSION, "parameters": f"figures of {log.ref}, each with its SQL"}
    kept = _derive(log, Item.Derivation.RENDERED, "profile", made, "profile.json", content, by, of=log.normalised)
    ledger.change(log, state=State.READY, profile=kept, step=log.step + 1, finished_at=timezone.now())
    logs.staging_of(log).clear()


def _record(log: QueryLog, found: profile.Computed, **again: Any) -> Figure:
    return ledger.create(
        Figure,
        log=log,
        name=found.name,
        sql=found.sql,
        input_sha256=log.normalised.sha256 if log.normalised else "",
        engine=f"{engine.NAME} {engine.VERSION}",
        settings=found.settings,
        counting=FIGURES[found.name].counting,
        value=found.value,
        why_not=found.why_not,
        seconds=found.seconds,
        computed_at=timezone.now(),
        **again,
    )


@action(shared=True)
def ask_again(figure: Figure, *, by) -> None:
    """Have a figure computed again from the file in the vault."""
    if figure.again_of_id or not figure.sql:
        raise ValidationError("There is nothing to compute again.")
    ledger.note(figure)
    jobs.after_commit("evidence.compute_again", f"{figure.pk}/{figure.again.count()}", by=by)


@action(shared=True)
def compute_again(figure: Figure, *, by) -> Figure:
    """Run the same SQL on the same file. The new figure says how its value differs, or that it does not."""
    log = figure.log
    with logs.measured(log) as (file, work):
        found = profile.compute(figure.name, file, work, logs.asked_of(log))
    differs = profile.differences(figure.value, found.value)
    if found.sql != figure.sql:
        differs = ["The SQL of this figure is another one by now.", *differs]
    return _record(log, found, again_of=figure, differs=differs)


def _go_on(log: QueryLog, by) -> None:
    """Each step is a job of its own: a killed worker repeats one step, and giving up ends the row of them."""
    jobs.after_commit("evidence.work_on_log", f"{log.pk}/{log.step}", by=by)
