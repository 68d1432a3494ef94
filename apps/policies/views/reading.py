"""Pages of the terms: documents, their versions, one clause through time, what changed, what was in force on a day."""

from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.core.http import form_page
from apps.core.paging import page
from apps.policies import queries
from apps.policies.comparison import Change, Kind
from apps.policies.forms import CompareForm, DocumentFilter, LookupForm
from apps.policies.models import Clause, Document, Version


@require_safe
def documents(request: HttpRequest) -> HttpResponse:
    _require_view(request)
    services = queries.services(request.user)
    known = queries.with_open_tags(queries.with_figures(queries.documents(request.user)))
    found = DocumentFilter(request.GET, known, services=services)
    return render(
        request,
        "policies/documents.html",
        {
            "filter": found,
            "page": page(found.qs, ("service", "name", "id"), request.GET),
            "lookup": LookupForm(services=services),
            "any": bool(services),
            "rejected": queries.rejected(request.user).count(),
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
    shown = find_document(request, slug)
    spans = {span.version.pk: span for span in queries.spans(shown)}
    listed = queries.intervals(shown)[::-1]
    earlier = [*listed[1:], None]
    context = {
        "document": shown,
        "rows": [
            (interval, before, spans.get(interval.version.pk)) for interval, before in zip(listed, earlier, strict=True)
        ],
        "rejected": queries.rejected_of(shown),
        "open_tags": queries.visible_taggings(request.user).filter(document=shown, state="proposed").count(),
    }
    return render(request, "policies/document.html", context)


@require_safe
def version(request: HttpRequest, slug: str, pk: str) -> HttpResponse:
    shown = find_version(request, slug, pk)
    clauses = list(queries.clauses(shown))
    taggings = queries.taggings_of(shown.document, clauses)
    context = {
        "version": shown,
        "earlier": queries.before(shown),
        "interval": queries.interval_of(shown),
        "span": next((span for span in queries.spans(shown.document) if span.version == shown), None),
        "rows": [(clause, taggings.get(clause.said_sha256, [])) for clause in clauses],
        "sightings": queries.sightings(shown),
    }
    return render(request, "policies/version.html", context)


@require_safe
def clause(request: HttpRequest, slug: str, pk: str, address: str) -> HttpResponse:
    shown = find_version(request, slug, pk)
    clause = get_object_or_404(Clause, text=shown.text_id, address=address)
    interval = queries.interval_of(shown)
    context = {
        "version": shown,
        "interval": interval,
        "clause": clause,
        "citation": queries.citation(clause, interval),
        "taggings": queries.taggings_of(shown.document, [clause]).get(clause.said_sha256, []),
        "history": queries.clause_history(shown, clause),
        "neighbours": queries.neighbours(clause),
    }
    return render(request, "policies/clause.html", context)


@require_safe
def rejected(request: HttpRequest) -> HttpResponse:
    _require_view(request)
    rows = page(queries.rejected(request.user), ("-rejected_at", "-id"), request.GET)
    return render(request, "policies/rejected.html", {"page": rows})


@require_safe
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    shown = find_document(request, slug)
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


def find_document(request: HttpRequest, slug: str) -> Document:
    return get_object_or_404(queries.documents(request.user), slug=slug)


def find_version(request: HttpRequest, slug: str, pk: str) -> Version:
    return get_object_or_404(queries.versions(find_document(request, slug)), pk=pk)


def _folded(changes: list[Change]) -> list[dict[str, Any]]:
    """Changes in reading order, with each run of unchanged clauses as one row."""
    rows: list[dict[str, Any]] = []
    for unchanged, run in groupby(changes, key=lambda change: change.kind == Kind.UNCHANGED):
        together = list(run)
        rows += [{"unchanged": together}] if unchanged else [{"change": change} for change in together]
    return rows
