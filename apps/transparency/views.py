"""Exports to the DSA Transparency Database: started, looked at, sent; and the general text of a decision."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases.queries import visible_decisions
from apps.core.http import carried_out, explained, form_page, require, taken
from apps.core.paging import page
from apps.evidence.sending import whole_file
from apps.transparency import actions, forms, queries, reasons
from apps.transparency.models import Batch, Export, Statement

FILES_SHOWN = 300


@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    require(request, "transparency.view")
    shown = page(queries.visible_exports(request.user), ("-started_at", "-id"), request.GET)
    counts = queries.by_state(list(shown.rows))
    rows = [(found, _shares(Statement.State, counts[found.pk])) for found in shown.rows]
    return render(
        request, "transparency/list.html", {"page": shown, "rows": rows, "is_possible": queries.is_possible()}
    )


def _shares(states: Any, counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """State, in words, and how many, for those states that there are."""
    return [(state.value, state.label, counts[state]) for state in states if counts.get(state)]


@require_http_methods(["GET", "HEAD", "POST"])
def start_export(request: HttpRequest) -> HttpResponse:
    require(request, "transparency.view", "transparency.start_export")
    form = forms.PeriodForm(request.POST or None, first=queries.first_day_to_export())
    if form.is_valid():
        with explained(form):
            return redirect(actions.start_export(by=request.user, **form.cleaned_data))
    return form_page(request, "transparency/start.html", form)


@require_safe
def export(request: HttpRequest, ref: str) -> HttpResponse:
    found = _find(request, ref)
    files = found.batches.order_by("number")
    context = _of(found) | {
        "withheld": queries.withheld(found),
        "files": files[:FILES_SHOWN],
        "more_files": max(0, files.count() - FILES_SHOWN),
        "is_possible": queries.is_possible(),
    }
    return render(request, "transparency/export.html", context)


@require_safe
def progress(request: HttpRequest, ref: str) -> HttpResponse:
    """A fragment: how far it is. It asks again as long as something is under way."""
    return render(request, "transparency/_progress.html", _of(_find(request, ref)))


def _of(found: Export) -> dict[str, Any]:
    statements, files = queries.by_state([found])[found.pk], queries.batches_by_state([found])[found.pk]
    made = sum(statements.values())
    return {
        "export": found,
        "shares": _shares(Statement.State, statements),
        "file_shares": _shares(Batch.State, files),
        "made": made,
        "sent": statements.get(Statement.State.SENT, 0),
        "to_send": made - statements.get(Statement.State.WITHHELD, 0) - statements.get(Statement.State.LAPSED, 0),
        "failed": files.get(Batch.State.FAILED, 0) or len(queries.given_up(found)),
    }


@require_safe
def statements(request: HttpRequest, ref: str) -> HttpResponse:
    """Each statement of an export, with the letter that it is about."""
    found = _find(request, ref)
    form, rows = forms.FilterForm(request.GET), found.statements.select_related("notice", "batch")
    if form.is_valid() and (state := form.cleaned_data["state"]):
        rows = rows.filter(state=state)
    context = {
        "export": found,
        "form": form,
        "filtered": any(request.GET.values()),
        "page": page(rows, ("id",), request.GET),
    }
    return render(request, "transparency/statements.html", context)


@require_safe
def file(request: HttpRequest, ref: str, number: int) -> HttpResponseBase:
    """A file exactly as it is handed in."""
    found = get_object_or_404(queries.visible_batches(request.user), export__ref=ref, number=number)
    return whole_file(
        request, found.sha256, filename=f"{found.name}.json", size=found.byte_size, media_type="application/json"
    )


@require_POST
def send_export(request: HttpRequest, ref: str) -> HttpResponse:
    return taken(
        request, actions.send_export, _find(request, ref), done="Its files are handed in now, one after the other."
    )


@require_POST
def pause_export(request: HttpRequest, ref: str) -> HttpResponse:
    return taken(
        request,
        actions.pause_export,
        _find(request, ref),
        done="Paused. What is under way is finished, and nothing more begun.",
    )


@require_POST
def resume_export(request: HttpRequest, ref: str) -> HttpResponse:
    return taken(request, actions.resume_export, _find(request, ref), done="It goes on.")


@require_POST
def retry_export(request: HttpRequest, ref: str) -> HttpResponse:
    return taken(request, actions.retry_export, _find(request, ref), done="What was given up is tried again.")


def _find(request: HttpRequest, ref: str) -> Export:
    return get_object_or_404(queries.visible_exports(request.user), ref=ref)


@require_http_methods(["GET", "HEAD", "POST"])
def write_general_text(request: HttpRequest, ref: str) -> HttpResponse:
    """The words of a decision's statements, where those of its finding name somebody."""
    require(request, "transparency.view")
    decision = get_object_or_404(visible_decisions(request.user), ref=ref)
    require(request, "transparency.view", "transparency.write_general_text", decision)
    public = reasons.of_decision(decision)
    said = {"facts": public.words.facts, "explanation": public.words.explanation}
    form = forms.GeneralTextForm(request.POST or None, initial=said)
    done = "The text is kept. Statements that were withheld are made again with it."
    waiting = queries.withheld_of(decision)
    first, count = waiting.first(), waiting.count()
    if carried_out(request, form, actions.write_general_text, decision, done=done):
        return redirect(first.export if first else "transparency:list")
    context = {"decision": decision, "found": public.found, "waiting": count, "export": first and first.export}
    return form_page(request, "transparency/general_text.html", form, **context)
