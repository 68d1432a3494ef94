from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.reads.asking import asked
from apps.core.http import carried_out, explained, form_page, require
from apps.core.paging import page
from apps.evidence import actions, queries
from apps.evidence.forms.items import ReasonForm
from apps.evidence.forms.querylogs import MapForm
from apps.evidence.logs import look_at
from apps.evidence.models import Figure, QueryLog
from apps.evidence.querylogs.figures import FIGURES
from apps.staff.queries import names_of

WIDTH, CELL = 760, 24  # of the heat map, in its own units


@require_safe
def logs(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    found = page(queries.visible_logs(request.user), ("-opened_at", "-id"), request.GET)
    return render(request, "evidence/querylogs/list.html", {"page": found})


@require_POST
def open_log(request: HttpRequest, ref: str) -> HttpResponse:
    item = get_object_or_404(queries.visible_items(request.user), ref=ref)
    with explained(request):
        return redirect(actions.open_log(item, by=request.user))
    return redirect("evidence:item", ref)


@require_http_methods(["GET", "HEAD", "POST"])
def map_log(request: HttpRequest, ref: str) -> HttpResponse:
    """The columns as proposed, with rows to judge them by: whoever sees those looks at the item."""
    log = _find(request, ref)
    if log.state != QueryLog.State.PROPOSED:
        require(request, "evidence.view")
        return redirect("evidence:log", ref)
    require(request, "evidence.view", "evidence.map_log", log)
    form = MapForm(log, queries.visible_items(request.user), request.POST or None)
    if form.is_valid():
        with explained(form):
            actions.map_log(log, **form.values(), by=request.user)
            messages.success(request, "The log is being read. You can leave this page.")
            return redirect("evidence:log", ref)
    if request.method != "POST" and (
        answer := asked(request, actions.open_item, log.item, back=reverse("evidence:logs"))
    ):
        return answer
    look = None
    with explained(request):
        look = look_at(log.item)
    return form_page(request, "evidence/querylogs/map.html", form, log=log, look=look)


@require_http_methods(["GET", "HEAD", "POST"])
def give_up_log(request: HttpRequest, ref: str) -> HttpResponse:
    log = _find(request, ref)
    require(request, "evidence.view", "evidence.give_up_log", log)
    form = ReasonForm(request.POST or None)
    if carried_out(request, form, actions.give_up_log, log, done=f"{ref} is given up."):
        return redirect("evidence:log", ref)
    return form_page(request, "evidence/querylogs/give_up.html", form, log=log)


@require_http_methods(["GET", "HEAD", "POST"])
def log(request: HttpRequest, ref: str) -> HttpResponse:
    """The profile. It names accounts and shows texts, so looking at it is looking at the item."""
    found = _find(request, ref)
    if answer := asked(request, actions.open_item, found.item, back=reverse("evidence:logs")):
        return answer
    figures = {one.name: one for one in queries.figures(found)}
    names = names_of([found.opened_by, *([found.mapped_by] if found.mapped_by else [])])
    context = {
        "log": found,
        "opener": names[found.opened_by],
        "mapper": names.get(found.mapped_by or ""),
        "figures": [figures[name] for name in FIGURES if name in figures and figures[name].value],
        "not_possible": [figures[name] for name in FIGURES if name in figures and not figures[name].value],
        "heat": heat(figures.get("hour_of_week")),
        **by_day(figures.get("per_day")),
        "lorenz": lorenz(figures["concentration"]) if "concentration" in figures else None,
        "total": len(FIGURES),
        "done": len(figures),
    }
    return render(request, "evidence/querylogs/log.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def figure(request: HttpRequest, ref: str, name: str) -> HttpResponse:
    """One figure with its SQL, and each time it was computed again."""
    found = _find(request, ref)
    one = get_object_or_404(queries.figures(found), name=name)
    if answer := asked(request, actions.open_item, found.item, back=reverse("evidence:logs")):
        return answer
    context = {
        "log": found,
        "figure": one,
        "again": one.again.order_by("-computed_at", "-id"),
        "waits": queries.is_asked_again(one),
        "heat": heat(one if name == "hour_of_week" else None),
        **by_day(one if name == "per_day" else None),
        "lorenz": lorenz(one) if name == "concentration" else None,
    }
    return render(request, "evidence/querylogs/figure.html", context)


@require_POST
def ask_again(request: HttpRequest, ref: str, name: str) -> HttpResponse:
    one = get_object_or_404(queries.figures(_find(request, ref)), name=name)
    with explained(request):
        actions.ask_again(one, by=request.user)
        messages.success(request, "It is being computed again. The result will be below.")
    return redirect("evidence:figure", ref, name)


def by_day(one: Figure | None) -> dict[str, Any]:
    rows = (one.value or {}).get("rows", []) if one else []
    return {"days": rows, "days_n": [row[1] for row in rows], "days_label": [row[0] for row in rows]}


def heat(one: Figure | None) -> dict[str, Any] | None:
    """Cells of 7 by 24, each with a share of the fullest one, for the template that draws them."""
    rows = (one.value or {}).get("rows") if one else None
    if not rows:
        return None
    most = max([1, *(cell for row in rows for cell in row[1:])])
    left, step = 40, (WIDTH - 40) / 24
    return {
        "width": WIDTH,
        "height": CELL * len(rows) + 18,
        "hours": [(round(left + hour * step, 1), f"{hour:02}") for hour in range(0, 24, 3)],
        "axis": CELL * len(rows) + 14,
        "days": [(row[0][:3], CELL * at + 16) for at, row in enumerate(rows)],
        "cells": [
            {
                "x": round(left + hour * step, 1),
                "y": CELL * at,
                "width": round(step - 2, 1),
                "opacity": round(0.06 + 0.94 * cell / most, 3),
                "name": f"{row[0]} {hour:02}:00",
                "n": cell,
            }
            for at, row in enumerate(rows)
            for hour, cell in enumerate(row[1:])
        ],
    }


def lorenz(one: Figure) -> dict[str, Any] | None:
    """The curve in a square of 200, and the same as shares."""
    points = (one.value or {}).get("lorenz")
    if not points:
        return None
    return {"points": points, "path": " ".join(f"{200 * x:.1f},{200 - 200 * y:.1f}" for x, y in points)}


def _find(request: HttpRequest, ref: str) -> QueryLog:
    return get_object_or_404(queries.visible_logs(request.user), ref=ref)
