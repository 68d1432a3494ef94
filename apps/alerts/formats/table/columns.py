"""Which columns a CSV of alerts has, what each becomes in the native alert, and how its cells are read.

Names are read without regard to case, with blanks for underscores. Besides those in COLUMNS:

* `indicator:<type>`, for example `indicator:asn`; with the key of a keyed hash as `indicator:payment_fp_hmac@k3`.
  Several values stand on lines of their own in the cell, or in columns of the same name.
* any other column is kept under `ext.csv`, and its name told to whoever sends the file.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, get_args, get_type_hints

from apps.alerts.formats.loose import SEVERITIES, moment, printable
from apps.alerts.native import Alert, Handling, Kind, Score, Subject
from apps.alerts.wire import Refusal

INDICATOR = "indicator:"
ALIASES = {"account": "accounts"}
_integer = re.compile(r"[+-]?\d{1,18}")
_decimal = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?")
_parts = re.compile(r"[\s;]+")


class Column(NamedTuple):
    path: tuple[str, ...]  # of the field in the native alert
    read: Callable[[str], Any]  # a cell's text, without blanks around it; raises ValueError with what would be right
    meaning: str


def _text(cell: str) -> str:
    return cell


def _words(cell: str) -> list[str]:
    return [part for part in _parts.split(cell) if part]


def _phrases(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _whole(cell: str) -> int:
    if not _integer.fullmatch(cell):
        raise ValueError("is no whole number; write it with digits alone")
    return int(cell)


def _fraction(cell: str) -> float:
    if not _decimal.fullmatch(cell):
        raise ValueError("is no number; write it with a point, such as 0.98")
    return float(cell)


def _moment(cell: str) -> str:
    try:
        return moment(cell, "")
    except Refusal as refusal:
        if refusal.code == "time_out_of_range":
            raise ValueError("lies outside the years 2000 to 2100") from refusal
        raise ValueError("is no time with its zone; write it such as 2026-06-05T10:00:00Z") from refusal


def _severity(cell: str) -> int:
    found = SEVERITIES.get(cell.lower(), int(cell) if cell in ("0", "1", "2", "3", "4") else None)
    if found is None:
        raise ValueError("is no severity; one of info, low, medium, high, critical, or 0 to 4")
    return found


def _yes_no(cell: str) -> bool:
    found = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(cell.lower())
    if found is None:
        raise ValueError("is neither yes nor no")
    return found


def _one_of(kind: Any, change: Callable[[str], str] = str.lower) -> Callable[[str], str]:
    options = get_args(kind)

    def read(cell: str) -> str:
        if change(cell) not in options:
            raise ValueError(f"is none of {', '.join(options)}")
        return change(cell)

    return read


def _literal(struct: type, field: str) -> Any:
    return get_type_hints(struct)[field]


COLUMNS: dict[str, Column] = {
    "source_ref": Column(("source_ref",), _text, "what tells this alert from others of the same source"),
    "title": Column(("title",), _text, "one line"),
    "kind": Column(("kind",), _one_of(Kind), f"one of {', '.join(get_args(Kind))}"),
    "severity": Column(("severity",), _severity, "info, low, medium, high, critical, or 0 to 4"),
    "detected_at": Column(("detected_at",), _moment, "a time with its zone, such as 2026-06-05T10:00:00Z"),
    "action": Column(("action",), _one_of(_literal(Alert, "action")), "create, update or close; create if empty"),
    "stage": Column(("stage",), _one_of(_literal(Alert, "stage")), "how far the extraction is"),
    "technique": Column(("technique",), _words, "ATLAS ids, parted by blanks or semicolons"),
    "window_start": Column(("window", "start"), _moment, "when what was measured began"),
    "window_end": Column(("window", "end"), _moment, "when it ended"),
    "subject_type": Column(("subject", "type"), _one_of(_literal(Subject, "type")), "what the alert is about"),
    "accounts": Column(("subject", "accounts"), _words, "account ids, parted by blanks or semicolons"),
    "n_accounts": Column(("subject", "n_accounts"), _whole, "how many accounts there are, where not all are named"),
    "campaign_ref": Column(("subject", "campaign_ref"), _text, "the campaign's name at the detector"),
    "cluster_ref": Column(("subject", "cluster_ref"), _text, "the cluster's name at the detector"),
    "organisation_ref": Column(("subject", "organisation_ref"), _text, "an organisation's id"),
    "model_ref": Column(("subject", "model_ref"), _text, "the model outside that shows traces"),
    "endpoint_ref": Column(("subject", "endpoint_ref"), _text, "an address or device"),
    "target_model": Column(("target", "model"), _text, "the model that was asked"),
    "target_version": Column(("target", "version"), _text, "its version"),
    "target_surface": Column(("target", "surface"), _text, "how it was reached, such as api"),
    "queries": Column(("measure", "queries"), _whole, "count"),
    "input_tokens": Column(("measure", "input_tokens"), _whole, "count"),
    "output_tokens": Column(("measure", "output_tokens"), _whole, "count"),
    "distinct_templates": Column(("measure", "distinct_templates"), _whole, "count"),
    "topic_entropy_bits": Column(("measure", "topic_entropy_bits"), _fraction, "bits"),
    "active_hours": Column(("measure", "active_hours"), _whole, "count"),
    "new_model_share_24h": Column(("measure", "new_model_share_24h"), _fraction, "share, 0 to 1"),
    "score": Column(("score", "value"), _fraction, "how sure the detector is"),
    "score_type": Column(("score", "type"), _one_of(_literal(Score, "type")), "the score's scale; raw if empty"),
    "tlp": Column(("handling", "tlp"), _one_of(_literal(Handling, "tlp"), str.upper), "Traffic Light Protocol 2.0"),
    "contains_personal_data": Column(("handling", "contains_personal_data"), _yes_no, "yes or no"),
    "detector_version": Column(("detector", "version"), _text, "the detector as it was"),
    "known_false_positives": Column(("detector", "known_false_positives"), _phrases, "parted by semicolons"),
    "drill": Column(("drill",), _text, "the exercise, where the alert is not real"),
}
REQUIRED = ("source_ref", "title", "kind", "severity", "detected_at")
SUBJECTS = ("accounts", "campaign_ref", "cluster_ref", "organisation_ref", "model_ref", "endpoint_ref")


def name_of(cell: str) -> str:
    """A column's name from the cell of the header."""
    name = "_".join(cell.strip().lower().split())
    return ALIASES.get(name, name)


def is_known(cell: str) -> bool:
    return name_of(cell) in COLUMNS or is_indicator(name_of(cell))


def is_indicator(name: str) -> bool:
    return name.startswith(INDICATOR) and len(name) > len(INDICATOR)


def cell_of(column: Column, cell: str) -> Any:
    """What a cell says. Raises ValueError with a sentence's end: “x” is no …"""
    try:
        return column.read(cell)
    except ValueError as error:
        raise ValueError(f"“{printable(cell)}” {error}.") from error
