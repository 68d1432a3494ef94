"""An incident report: one frozen snapshot, one audience, one document with its annexes.

    redacted, log = compile(snapshot, "regulator")
    report = build(redacted, log, "regulator", Marking(tlp="AMBER+STRICT", status="Released", ...))
    pdf = paper.to_pdf(report.html, sheet="report", assets=report.assets, attachments=..., title=report.title, ...)

Pure: plain data in, HTML, pictures and files out. The report is made of the redacted snapshot alone, so what is
withheld cannot come back on the way to paper.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from apps.cases.strength import sentences
from apps.core import paper
from apps.core.appendix import Appendix
from apps.core.ui.formats import MINUS
from apps.disclosures import annexes, definitions, figures
from apps.disclosures.snapshot import check
from apps.disclosures.withholding import Withheld, withhold
from apps.notices.letter import long_date

TITLES = {"regulator": "Report to the authority", "partner": "Report to a partner", "public": "Public report"}

# FIRST, Traffic Light Protocol 2.0: who may see a document.
TLP = {
    "RED": "for the named recipients only",
    "AMBER+STRICT": "for the recipient's organisation only, where needed",
    "AMBER": "for the recipient's organisation and its clients, where needed",
    "GREEN": "for the recipient's community",
    "CLEAR": "for everybody",
}

# Beyond this the text shows the first, and leads to the list at the end and to the annex.
ROWS = 20


@dataclass(frozen=True)
class Marking:
    """What the title page says about the document itself. `tlp` is a key of TLP."""

    reference: str
    tlp: str
    status: str
    recipient: str
    legal_basis: str
    prepared_on: date
    released_on: date | None = None

    def __post_init__(self):
        if self.tlp not in TLP:
            raise ValueError(f"{self.tlp!r} is no TLP 2.0 marking: {', '.join(TLP)}")


@dataclass(frozen=True)
class Report:
    """HTML for the PDF, its pictures by asset name, its annexes by file name."""

    title: str
    html: str = field(repr=False)
    assets: Mapping[str, bytes] = field(repr=False)
    annexes: Mapping[str, bytes] = field(repr=False)


def compile(snapshot: dict, audience: str) -> tuple[dict, list[Withheld]]:
    """(the snapshot as this audience may see it, the log of what it may not). Raises SnapshotError when the snapshot
    does not have its shape, ValueError for an unknown audience."""
    check(snapshot)
    return withhold(snapshot, audience)


def build(redacted: dict, log: Sequence[Withheld], audience: str, marking: Marking) -> Report:
    """The report of what `compile` returned. Raises ValueError when a public report is not TLP:CLEAR."""
    if audience == "public" and marking.tlp != "CLEAR":
        raise ValueError("a public report is TLP:CLEAR")
    files = {**annexes.tables(redacted), "report.json": annexes.to_json(redacted, log, audience)}
    pictures = _pictures(redacted)
    title = f"{TITLES[audience]}: {redacted['case']['title']}"
    context = {
        **_printable(redacted),
        "title": title,
        "kind": TITLES[audience],
        "marking": marking,
        "tlp_meaning": TLP[marking.tlp],
        "log": log,
        "likelihoods": definitions.of(redacted),
        "scale": sentences.definitions(redacted["strength"]["scale"]),
        "scale_source": sentences.scale(redacted["strength"]["scale"]).source,
        "drawn": _printable(_drawn_marks(redacted)),
        "log_in_words": [{**line, "field": field_in_words(line["path"])} for line in log],
        "pictures": pictures,
        "annexes": [(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()],
    }
    context["runs"] = [run | {"p": _raised(run["p"])} for run in context["runs"]]
    scale = redacted["strength"]["scale"]
    for item in (*context["exhibits"], *context["strength"]["lines"]):
        log10 = item["strength"] if "strength" in item else item["log10"]
        item["words"] = sentences.words(log10, scale) if _number(log10) else ""
    context["accounts_shown"] = context["accounts"][:ROWS] if "accounts.csv" in files else []
    if len(context["accounts"]) > len(context["accounts_shown"]) > 0:
        context["all_accounts"] = _all_accounts(redacted["accounts"]).to_html()
    return Report(
        title=title,
        html=render_to_string("pdf/report.html", context),
        assets={f"{name}.svg": picture.encode() for name, picture in pictures.items()},
        annexes=files,
    )


def _all_accounts(accounts: list[dict]) -> Appendix:
    """Every account, as the short table in the text has the first."""
    fields = {
        "ref": "Account",
        "organisation": "Organisation",
        "country": "Country",
        "created_on": "Created",
        "last_active": "Last active",
        "exchanges": "Exchanges",
    }
    rows = [[_short(account[name]) for name in fields] for account in accounts]
    return Appendix("All accounts", tuple(fields.values()), rows, "accounts.csv")


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return "withheld"
    return f"{value:,}" if isinstance(value, int) else str(value or "")


def _pictures(redacted: dict) -> dict[str, str]:
    palette = paper.palette()
    days = [
        (date.fromisoformat(row["day"]), row["exchanges"]) for row in redacted["activity"] if _number(row["exchanges"])
    ]
    marks = [(date.fromisoformat(mark["day"]), mark["label"]) for mark in _drawn_marks(redacted)]
    rows = _strength_rows(redacted["strength"])
    pictures = {}
    if days:
        pictures["activity"] = figures.activity(days, marks, palette)
    if rows:
        pictures["strength"] = figures.strength(rows, palette)
    return pictures


def _strength_rows(strength: dict) -> list[tuple[str, float, float | None]]:
    """The whole and its lines of evidence, as many as can be read; all are in the list of exhibits."""
    lines = [line for line in strength["lines"] if _number(line["log10"])]
    rows = [
        (f"{_in_plain(line['group'], f'Line {number}')} ({line['exhibits']})", line["log10"], line["cap"])
        for number, line in enumerate(lines, 1)
    ]
    return [("All together", strength["log10"], None), *rows[:ROWS]] if len(rows) > 1 else rows


def _raised(text: str) -> SafeString:
    """10⁻⁵ with a raised -5: the typeface of our papers has no small digits above the line."""
    small = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", f"{MINUS}0123456789")
    parts = re.split(r"([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", text)
    marked = [
        format_html("<sup>{}</sup>", part.translate(small)) if n % 2 else escape(part) for n, part in enumerate(parts)
    ]
    return mark_safe("".join(marked))  # noqa: S308 - every part is escaped


def _in_plain(value, instead: str) -> str:
    return instead if isinstance(value, dict) else value


def _drawn_marks(redacted: dict) -> list[dict]:
    """The marks that lie within the days of the picture; its caption names no other. A month is no day to draw."""
    days = [row["day"] for row in redacted["activity"] if _number(row["exchanges"])]
    exact = [mark for mark in redacted["marks"] if len(mark["day"]) == len("2026-01-31")]
    return [mark for mark in exact if days and min(days) <= mark["day"] <= max(days)]


def _number(value) -> bool:
    return isinstance(value, int | float)


def field_in_words(path: str) -> str:
    """A field of the snapshot for a reader: "accounts[].created_on" is "Accounts: created on"."""
    words = ": ".join(path.replace("[]", "").replace("_", " ").split("."))
    return words[:1].upper() + words[1:]


class Mark(str):
    """Stands on paper where a value is withheld; the template sets it apart."""

    withheld = True


def _printable(value, name: str = ""):
    """For the template: withheld values as marks, dates in words."""
    if isinstance(value, dict) and set(value) == {"withheld"}:
        return Mark(f"withheld: {value['withheld']}")
    if isinstance(value, dict):
        return {name: _printable(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, str) and name.endswith(DATES):
        return (
            long_date(date.fromisoformat(value[:10]))
            if len(value) > 7
            else f"{date.fromisoformat(f'{value}-01'):%B %Y}"
        )
    return value


# How fields that hold a day end.
DATES = ("_on", "_at", "_from", "_until", "_date", "_active", "day")
