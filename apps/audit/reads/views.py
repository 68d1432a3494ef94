"""Pages of reads: who looked at one thing, who read what on which day, and what the trail keeps apart."""

import csv
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.audit import actions, queries, sentences
from apps.audit.anchors import state as outside
from apps.audit.reads import figures
from apps.audit.reads.asking import ReasonForm
from apps.audit.reads.table import READS
from apps.core.http import explained, is_fragment, require

DAYS = 14


class Period(forms.Form):
    since = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="Up to", widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "since" in given and "until" in given and given["until"] < given["since"]:
            raise forms.ValidationError("The last day is before the first one.")
        return given


class ExportForm(ReasonForm, Period):
    field_order = ("since", "until", "reason")
    reason = forms.CharField(label="What the list is for", max_length=300, strip=True)


def _last_days() -> dict[str, Any]:
    today = timezone.now().date()
    return {"since": today - timedelta(days=DAYS - 1), "until": today}


@require_safe
def readers(request: HttpRequest, table: str, pk: UUID) -> HttpResponse:
    """Who has looked at one row: a panel for the pages of other rooms, and a page of its own without htmx."""
    found = figures.readers(request.user, table, pk)
    if found is None:
        raise Http404
    names = sentences.names_of(reader.actor for reader in found)
    context = {"rows": [(reader, names[reader.actor]) for reader in found]}
    return render(request, f"audit/readers.html{'#panel' if is_fragment(request) else ''}", context)


@require_safe
def reads(request: HttpRequest) -> HttpResponse:
    """Who read what, by person and day."""
    require(request, "audit.view_reads")
    period = Period(request.GET if {"since", "until"} & set(request.GET) else _last_days())
    return _reads_page(request, period)


def _reads_page(request: HttpRequest, period: Period, export: ExportForm | None = None) -> HttpResponse:
    days = period.cleaned_data if period.is_valid() else _last_days()
    found = figures.per_person_and_day(**days)
    names = sentences.names_of(person.actor for person in found.people)
    context = {
        "period": period,
        "days": days,
        "export": export or ExportForm(initial=days),
        "usual": found.usual,
        "people": [
            (person, names[person.actor], [person.kinds[kind] for kind in found.kinds]) for person in found.people
        ],
        "unusual": [(day, names[day.actor]) for day in found.unusual],
        "kinds": found.kinds,
        "table": READS.values(),
        "rule": figures,
    }
    return render(request, "audit/reads.html", context, status=422 if export else 200)


@require_POST
def export_reads(request: HttpRequest) -> HttpResponseBase:
    """The reads of some days as a file. Taking it is a read itself."""
    require(request, "audit.view_reads", "audit.export_reads")
    form = ExportForm(request.POST)
    if form.is_valid():
        with explained(form):
            actions.export_reads(**form.cleaned_data, by=request.user)
            days = {"since": form.cleaned_data["since"], "until": form.cleaned_data["until"]}
            answer = StreamingHttpResponse(
                _csv(figures.COLUMNS, figures.lines(**days, reader=request.user)), content_type="text/csv"
            )
            answer["Content-Disposition"] = f'attachment; filename="reads-{days["since"]}-{days["until"]}.csv"'
            answer["Cache-Control"] = "private, no-store"
            return answer
    return _reads_page(request, Period(_last_days()), form)


class _Echo:
    def write(self, line: str) -> str:
        return line


def _csv(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([_no_formula(value) for value in row])


def _no_formula(value: str) -> str:
    """A spreadsheet runs a cell that begins like a formula (OWASP, CSV injection): titles and reasons are free text."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


@require_POST
def open_private(request: HttpRequest, event_uuid: UUID) -> HttpResponse:
    """An event with the values behind its commitments, shown in this answer and nowhere kept."""
    found = get_object_or_404(queries.visible_events(request.user), event_uuid=event_uuid)
    require(request, "audit.view", "audit.open_private")
    (entry,) = sentences.tell([found], request.user)
    if entry.is_withheld:
        raise PermissionDenied("What is in this room is not shown to you, in the trail neither.")
    form, values = ReasonForm(request.POST), None
    if form.is_valid():
        with explained(form):
            values = actions.open_private(event=found, reason=form.cleaned_data["reason"], by=request.user)
    context = {
        "entry": entry,
        "event": found,
        "state": outside.state_of(entry.place, committed_at=found.occurred_at),
        "private": values,
        "why": form,
    }
    answer = render(request, "audit/event.html", context, status=422 if form.errors else 200)
    answer["Cache-Control"] = "private, no-store"
    return answer
