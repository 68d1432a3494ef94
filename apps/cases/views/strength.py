"""The evidence of a case: its strength as sentences, picture and table, its exhibits, and all runs on its suspects."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.cases import filters, queries, strength
from apps.cases.models import Case, Exhibit
from apps.cases.strength import picture, sentences
from apps.cases.views.frame import find, panel
from apps.core.paging import page

ROWS = 25  # exhibits of a page


@require_safe
def evidence(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    found = strength.known(case)
    narrowed = filters.ExhibitFilter(request.GET, queries.exhibits(case), strength=found)
    opened = request.GET.get("group", "")
    shown = page(narrowed.qs, ("number",), request.GET, size=ROWS)
    lines = picture.ordered(found)
    limit = len(lines) if request.GET.get("groups") == "all" else picture.GROUPS
    context = {
        "strength": found,
        "bars": picture.rows(found, opened=opened, limit=limit, address=lambda line: group_address(case, line.group)),
        "bands": picture.bands(found.scale),
        "lines": [_line(case, found, line) for line in lines[:limit]],
        "more_lines": len(lines) - limit,
        "source": sentences.scale(found.scale).source,
        "definitions": sentences.definitions(found.scale),
        "filter": narrowed,
        "page": shown,
        "exhibits": [_row(found, exhibit) for exhibit in shown],
        "caveat": sentences.CAVEAT,
    }
    return panel(request, case, "evidence", context)


def group_address(case: Case, group: str) -> str:
    """Where the exhibits of one dependency group are shown."""
    return f"{reverse('cases:evidence', args=[case.ref])}?{urlencode({'group': group})}#exhibits"


def _line(case: Case, found: strength.Strength, line: strength.Line) -> dict[str, Any]:
    together = found.combined
    return {
        "line": line,
        "labels": ", ".join(sentences.runs_of(line.labels)),
        "sentence": sentences.of_line(line, found.scale),
        "ratio": sentences.ratio(line.log10_lr),
        "words": sentences.words(line.log10_lr, found.scale),
        "multiplied": line.group in together.independent,
        "without": sentences.ratio(together.without(line.group)) if line.log10_lr is not None else "",
        "url": group_address(case, line.group),
    }


def _row(found: strength.Strength, exhibit: Exhibit) -> dict[str, Any]:
    weighed = found.by_number[exhibit.number]
    return {
        "exhibit": exhibit,
        "weighed": weighed,
        "ratio": sentences.ratio(weighed.counted),
        "cap": sentences.ratio(weighed.cap),
        "sentence": sentences.of_exhibit(weighed, found.scale),
        "without": sentences.ratio(found.combined.with_exhibit_gone(weighed)) if weighed.counted is not None else "",
        "verdict": found.verdict(weighed),
    }


@require_safe
def runs(request: HttpRequest, ref: str) -> HttpResponse:
    """Every run on the suspects of the case, whoever asked for it and whatever came out."""
    case = find(request, ref)
    found = strength.known(case)
    shown = page(queries.runs_on_suspects(found), ("-run_at", "-id"), request.GET)
    context = {
        "strength": found,
        "page": shown,
        "rows": [
            {"run": run, "label": found.labels.get(run.ref, ""), "verdict": found.verdicts.get(run.ref)}
            for run in shown
        ],
    }
    return panel(request, case, "runs", context, tab="cases:evidence")
