"""Pages of the terms: documents, their versions, one clause through time, what changed, what was in force on a day."""

from itertools import groupby, zip_longest
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.core.http import form_page
from apps.core.paging import page
from apps.policies import queries
from apps.policies.comparison import Change, Kind
from apps.policies.forms import CompareForm, DocumentFilter, LookupForm
from apps.policies.history import wordings
from apps.policies.models import Clause, Document, Version


@require_safe
def documents(request: HttpRequest) -> HttpResponse:
    _require_view(request)
    services = queries.services(request.user)
    found = DocumentFilter(request.GET, queries.with_figures(queries.documents(request.user)), services=services)
    return render(
        request,
        "policies/documents.html",
        {
            "filter": found,
            "page": page(found.qs, ("service", "name", "id"), request.GET),
            "lookup": LookupForm(services=services),
            "any": bool(services),
        },
    )


@require_safe
def in_force(request: HttpRequest) -> HttpResponse:
    _require_view(request)
    form = LookupForm(request.GET or None, services=queries.services(request.user))
    context: dict[str, Any] = {}
    if form.is_valid():
        asked = form.cleaned_data
        found = queries.service_in_force(request.user, asked["service"], asked["on"])
        context |= {
            "asked": asked,
            "found": found,
            "clauses": queries.clauses_saying(found, asked["words"]) if asked["words"] else [],
        }
    return form_page(request, "policies/in_force.html", form, **context)


@require_safe
def document(request: HttpRequest, slug: str) -> HttpResponse:
    shown = _document(request, slug)
    everything = "all" in request.GET
    every = queries.intervals(shown)
    listed = (every if everything else wordings(every))[::-1]
    context = {
        "document": shown,
        "rows": list(zip_longest(listed, listed[1:])),  # each with the one before it
        "total": len(every),
        "everything": everything,
        "stubs": queries.versions(shown).filter(is_stub=True),
    }
    return render(request, "policies/document.html", context)


@require_safe
def version(request: HttpRequest, slug: str, pk: str) -> HttpResponse:
    shown = _version(request, slug, pk)
    context = {
        "version": shown,
        "earlier": queries.before(shown),
        "interval": queries.interval_of(shown),
        "clauses": queries.clauses(shown),
    }
    return render(request, "policies/version.html", context)


@require_safe
def clause(request: HttpRequest, slug: str, pk: str, address: str) -> HttpResponse:
    shown = _version(request, slug, pk)
    clause = get_object_or_404(Clause, text=shown.text_id, address=address)
    interval = queries.interval_of(shown)
    context = {
        "version": shown,
        "interval": interval,
        "clause": clause,
        "citation": queries.citation(clause, interval),
        "history": queries.clause_history(shown.document, address),
        "neighbours": queries.neighbours(clause),
    }
    return render(request, "policies/clause.html", context)


@require_safe
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    shown = _document(request, slug)
    form = CompareForm(request.GET or None, versions=queries.versions(shown))
    context: dict[str, Any] = {"document": shown}
    if form.is_valid():
        old, new = form.cleaned_data["old"], form.cleaned_data["new"]
        changes = queries.changes(old, new)
        context |= {
            "old": old,
            "new": new,
            "rows": _folded(changes),
            "changed": sum(change.kind != Kind.UNCHANGED for change in changes),
            "upgrades": queries.technical_upgrades(old, new),
        }
    return form_page(request, "policies/compare.html", form, **context)


def _require_view(request: HttpRequest) -> None:
    if not request.user.has_perm("policies.view"):
        raise Http404


def _document(request: HttpRequest, slug: str) -> Document:
    return get_object_or_404(queries.documents(request.user), slug=slug)


def _version(request: HttpRequest, slug: str, pk: str) -> Version:
    return get_object_or_404(queries.versions(_document(request, slug)), pk=pk)


def _folded(changes: list[Change]) -> list[dict[str, Any]]:
    """Changes in reading order, with each run of unchanged clauses as one row."""
    rows: list[dict[str, Any]] = []
    for unchanged, run in groupby(changes, key=lambda change: change.kind == Kind.UNCHANGED):
        together = list(run)
        rows += [{"unchanged": together}] if unchanged else [{"change": change} for change in together]
    return rows
