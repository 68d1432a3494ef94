"""How items come to be: collected, kept apart, or made from others."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.audit.principals import System
from apps.core import vault
from apps.core.ids import next_reference
from apps.evidence import custody
from apps.evidence.files import inspection, media
from apps.evidence.models import CustodyEvent, Item, Tlp

Kind = CustodyEvent.Kind

INSPECTION = System("inspection")
FROM_OUTSIDE = "It came from outside the company, and nobody here has looked at it."


@action
def collect(
    *,
    kind: str,
    title: str,
    origin: str,
    filename: str,
    chunks: bytes | Iterable[bytes],
    by,
    description: str = "",
    tlp: str = Tlp.AMBER,
) -> Item:
    """Take a file into the vault as an item; apart from the others when something speaks against it."""
    fields = {"kind": kind, "title": title, "origin": origin, "description": description, "tlp": tlp}
    return take_in(fields, filename, chunks, by)


@action
def quarantine(*, fields: dict[str, Any], by) -> Item:
    """Keep apart what something speaks against. It is not thrown away: it may be the evidence."""
    return ledger.create(Item, **fields, state=Item.State.QUARANTINED)


@action
def receive(*, title: str, origin: str, filename: str, chunks: bytes | Iterable[bytes], limit: int, by) -> Item:
    """Keep a file that somebody outside sent, of at most `limit` bytes: apart from the others until a person looked."""
    fields = {"kind": Item.Kind.CORRESPONDENCE, "title": title, "origin": origin, "description": "", "tlp": Tlp.AMBER}
    return take_in(fields, filename, chunks, by, custodian=INSPECTION.actor, limit=limit, suspicions=[FROM_OUTSIDE])


@action
def derive(
    item: Item,
    *,
    derived: str,
    title: str,
    filename: str,
    chunks: bytes | Iterable[bytes],
    tool: str,
    version: str,
    parameters: str = "",
    tlp: str = "",
    by,
) -> Item:
    """Take in what somebody made from an item. It says from which, with what tool, in which version and how set."""
    made = {"tool": tool, "version": version, "parameters": parameters}
    return take_in(derivative(item, derived, title, made, tlp), filename, chunks, by, parent=item)


@action
def normalise(item: Item, *, by) -> Item:
    """Make JSON Lines from a log in CSV: one object a row, with the names of the first line, and nothing left out."""
    if not item.is_csv:
        raise ValidationError("Only a log in CSV can be normalised: this file is none.")
    made = {"tool": "casemgr", "version": "normalise/1", "parameters": "CSV (RFC 4180) to JSON Lines, UTF-8"}
    title = f"{item.title[:180]}, as JSON Lines"
    fields = derivative(item, Item.Derivation.NORMALISED, title, made, "")
    with vault.open_file(item.sha256) as file:
        name = f"{item.filename[:-4]}.jsonl"
        return take_in(fields, name, _json_lines(io.TextIOWrapper(file, "utf-8-sig", newline="")), by, parent=item)


def derivative(item: Item, derived: str, title: str, made: dict[str, str], tlp: str) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "title": title,
        "origin": f"Made from {item.ref}",
        "description": "",
        "tlp": tlp or item.tlp,
        "parent": item,
        "derived": derived,
        "derivation": made,
    }


def _json_lines(text: Iterable[str]) -> Iterator[bytes]:
    """Raises ValidationError for what is not a table in UTF-8, naming the line."""
    rows = csv.reader(text, strict=True)
    names: list[str] = []
    has_rows = False
    try:
        for row in rows:
            if not names:
                names = row
                if len(set(names)) < len(names):
                    raise ValidationError("Line 1 names two columns alike: their values could not be told apart.")
            elif len(row) != len(names):
                raise ValidationError(f"Line {rows.line_num} has {len(row)} values, the first line {len(names)} names.")
            else:
                has_rows = True
                values = dict(zip(names, row, strict=True))
                yield json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if not has_rows:
            raise ValidationError("The log has no rows below its first line: there is nothing to normalise.")
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValidationError(f"The file cannot be read as CSV near line {rows.line_num + 1}: {error}") from error


def take_in(
    fields: dict[str, Any],
    filename: str,
    chunks: bytes | Iterable[bytes],
    by,
    *,
    parent: Item | None = None,
    custodian: str = "",
    limit: int = 0,
    suspicions: Sequence[str] = (),
) -> Item:
    """Keep a file under these fields, and begin its custody. Inside an action. `custodian` answers for it where that
    is not who makes it; `limit` are bytes, where they are fewer than usual; `suspicions` are known before it is seen.

    Raises ValidationError when it is empty or too large.
    """
    try:
        stored = vault.put(chunks, limit=limit or settings.UPLOAD_MAX_BYTES)
    except vault.TooLarge as error:
        advice = "Split it" if limit else "Split it, or raise UPLOAD_MAX_BYTES"
        raise ValidationError(f"The file is too large: {error}. {advice}.") from error
    if not stored.size:
        raise ValidationError("The file is empty: there is nothing to keep.")
    now, name = timezone.now(), media.clean_name(filename)
    found = [*suspicions, *_suspicions(stored.sha256, name)]
    fields = fields | {
        "ref": next_reference("EV", now.year),
        "filename": name,
        "media_type": media.sniff(stored.head),
        "byte_size": stored.size,
        "sha256": stored.sha256,
        "sha512": stored.sha512,
        "suspicions": found,
        "collected_at": now,
        "collected_by": by.actor,
        "custodian": custodian or by.actor,
    }
    if found:
        item = quarantine(fields=fields, by=replace(INSPECTION, on_behalf_of=by.actor))
    else:
        item = ledger.create(Item, **fields, state=Item.State.KEPT)
    custody.record(item, Kind.COLLECT, by)
    if parent:
        ledger.note(parent, made=item.ref, how=item.get_derived_display())
        custody.record(parent, Kind.DERIVE, by, purpose=f"{item.get_derived_display()} to {item.ref}")
    return item


def _suspicions(sha256: str, filename: str) -> list[str]:
    limits = inspection.Limits(entries=settings.UPLOAD_MAX_ENTRIES, unpacked=settings.UPLOAD_MAX_UNPACKED_BYTES)
    with vault.open_file(sha256) as file:
        return inspection.suspicions(file, filename, limits)
