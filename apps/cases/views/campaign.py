"""The campaign as one picture, what lies behind a node of its graph, and the same pictures for documents."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases import actions, forms, queries
from apps.cases.campaign import drawing, stages
from apps.cases.models import CampaignFigures, Case
from apps.cases.views.frame import find, panel
from apps.core.http import carried_out, explained, form_page, is_fragment, require
from apps.core.ui.formats import counted

DRAWN = ("activity", "hours", "graph")  # on the page; the infrastructure is a table there
PARTS = {"activity": "_activity", "graph": "_infrastructure"}


@dataclass(frozen=True)
class Fixed:
    """A value that goes with other arguments and does not tell one call from another."""

    value: Any = field(compare=False)


@require_safe
def campaign(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    kept, is_stale = queries.campaign_figures(found, by=request.user)
    context: dict[str, Any] = {"kept": kept, "is_stale": is_stale}
    if kept:
        context |= _shown(found, kept)
    return panel(request, found, "campaign", context)


def _shown(case: Case, kept: CampaignFigures) -> dict[str, Any]:
    figures = kept.figures
    return {
        "figures": figures,
        "rings": figures["rings"],
        "drawn": _remembered(case.ref, kept.computed_at, Fixed(figures)),
        "stages": stages.of(case.exhibits.only("number", "element", "shows", "case_id"), figures["alerts"]),
        "groups": list(queries.groups(case)),
    }


@lru_cache(maxsize=64)
def _remembered(ref: str, computed_at: datetime, figures: Fixed) -> dict[str, SafeString]:
    """The parts of the page that are large and the same for everybody, written once for what was computed then."""
    found = figures.value
    context = {
        "case": {"ref": ref},
        "figures": found,
        "rings": found["rings"],
        "svg": {name: mark_safe(drawing.PICTURES[name](found).svg()) for name in DRAWN},  # noqa: S308 - ours
        "days": _table(found),
        "hours": _week(found),
        "matrix": [
            (ring, [(*cell, drawing.shade(cell[1], ring["accounts"])) for cell in row])
            for ring, row in zip(found["rings"], found["matrix"], strict=True)
        ],
        "nodes": [
            node | {"words": drawing.words(node, found)}
            for node in sorted(found["nodes"], key=lambda node: (node["type"] != "ring", -node["accounts"]))
        ],
        "drawn": {name: found[name] for name in ("rings", "days", "activity", "hours", "nodes", "edges", "kinds")},
    }
    return {name: render_to_string(f"cases/{template}.html", context) for name, template in PARTS.items()}


def _week(figures: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Each day of the week: exchanges, and the hour with most of them."""
    return [
        (drawing.DAYS[day], sum(row), max(range(24), key=row.__getitem__)) for day, row in enumerate(figures["hours"])
    ]


def _table(figures: dict[str, Any]) -> list[tuple[str, list[int], int, int]]:
    """Each day: exchanges by ring, of all rings, and active accounts."""
    by_day = list(zip(*figures["activity"], strict=True))
    return [(day, list(by_day[at]), sum(by_day[at]), figures["active"][at]) for at, day in enumerate(figures["days"])]


@require_safe
def campaign_picture(request: HttpRequest, ref: str, picture: str) -> HttpResponse:
    """One of the pictures as an SVG document of its own."""
    found = find(request, ref)
    kept, _ = queries.campaign_figures(found, by=request.user)
    if kept is None:
        raise Http404
    if picture == "stages":
        drawn = drawing.stages(stages.of(found.exhibits.all(), kept.figures["alerts"]))
    elif picture in drawing.PICTURES:
        drawn = drawing.PICTURES[picture](kept.figures)
    else:
        raise Http404
    response = HttpResponse(drawn.svg(alone=True), content_type="image/svg+xml")
    response["Content-Disposition"] = f'inline; filename="{found.ref}-{picture}.svg"'
    return response


@require_safe
def campaign_node(request: HttpRequest, ref: str) -> HttpResponse:
    """What lies behind a node of the graph, as a table and as nodes for the graph to take in; a fragment for htmx."""
    found = find(request, ref)
    node = request.GET.get("node", "")
    inside = queries.inside_node(found, node)
    if node and inside is None:
        raise Http404
    if is_fragment(request):
        return render(request, "cases/_node.html", {"case": found, "inside": inside})
    return panel(request, found, "node", {"inside": inside}, tab="cases:campaign")


@require_safe
def touching_groups(request: HttpRequest, ref: str) -> HttpResponse:
    """A fragment: alert groups that are not in the case and name accounts that are."""
    found = find(request, ref)
    return render(request, "cases/_touching.html", {"case": found, "touching": queries.touching_groups(found)})


# --- rings -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def open_case_from_ring(request: HttpRequest, pk: str) -> HttpResponse:
    ring = get_object_or_404(queries.visible_rings(request.user), pk=pk)
    require(request, "cases.view", "cases.open_case_from_ring")
    form = forms.FromRingForm(request.POST or None, initial={"title": f"Ring {ring.ref}"})
    opened = carried_out(
        request,
        form,
        actions.open_case_from_ring,
        ring,
        done=lambda case: f"{case.ref} is open, and yours. The ring's accounts are in it.",
    )
    if opened:
        return redirect("cases:campaign", opened.result.ref)
    return form_page(request, "cases/open_from_ring.html", form, ring=ring)


@require_POST
def add_ring(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    require(request, "cases.view", "cases.add_ring", found)
    ring = get_object_or_404(queries.visible_rings(request.user), ref=request.POST.get("ring", ""))
    with explained(request):
        added = actions.add_ring(found, ring=ring, by=request.user)
        messages.success(request, f"New in the case: {counted(added, 'account')}.")
    return redirect("cases:campaign", found.ref)
