"""The triage queue: its views, the group that is looked at beside it, and taking the next."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from apps.alerts import actions, filters, queries
from apps.alerts.models import AlertGroup
from apps.alerts.portrait import portrait
from apps.alerts.reliability.standing import why_not_alone
from apps.alerts.views.frame import back_to_queue, find_group, uuid_or_none
from apps.core.http import explained, require
from apps.core.links import url_if_any
from apps.core.paging import page

VIEWS = {
    "free": "Free",
    "mine": "Mine",
    "held": "Held by anyone",
    "late": "Past their target",
    "in_case": "In a case",
    "dismissed": "Dismissed",
    "snoozed": "Snoozed",
    "hidden": "Hidden by rules",
    "merged": "Merged",
}

SHOWN = 25  # groups at once: nobody decides on more in one sitting, and the page is there in half the time


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    require(request, "alerts.view")
    view = request.GET.get("view", "free")
    conditions = queries.views_of_queue(request.user)
    groups = queries.visible_groups(request.user)
    found = filters.QueueFilter(request.GET, groups.filter(conditions.get(view, conditions["free"])))
    rows = page(found.qs, ("-priority", "-id"), request.GET, size=SHOWN)
    figures = queries.queue_figures(request.user)
    days = queries.daily_alerts(rows)
    for group in rows:
        group.days = days[group.pk]
    selected = uuid_or_none(request.GET.get("selected", ""))
    chosen = (groups.filter(pk=selected).first() if selected else None) or next(iter(rows), None)
    context = {
        "page": rows,
        "filter": found,
        "figures": figures,
        "view": view if view in VIEWS else "free",
        "views": _tabs(request, view, figures),
        "takes": view not in ("in_case", "dismissed", "merged"),
        "rail_counts": {"alerts:queue": figures["free"]},
        "group": chosen,
    }
    return render(request, "alerts/queue.html", context | (preview_of(request, chosen) if chosen else {}))


def _tabs(request: HttpRequest, view: str, figures: Mapping[str, int]) -> list[dict[str, Any]]:
    rest = request.GET.copy()
    for name in ("after", "before", "selected"):
        rest.pop(name, None)
    tabs = []
    for name, label in VIEWS.items():
        rest["view"] = name
        tabs.append({"label": label, "url": f"?{rest.urlencode()}", "count": figures[name], "current": view == name})
    return tabs


@require_safe
def preview(request: HttpRequest, pk: str) -> HttpResponse:
    """The right half of the queue, for one group."""
    group = find_group(request, pk)
    return render(request, "alerts/_preview.html", {"group": group} | preview_of(request, group))


def preview_of(request: HttpRequest, group: AlertGroup) -> dict[str, Any]:
    """What is shown of a group wherever somebody decides on it."""
    return {
        "portrait": portrait(group, request.user),
        "open_case_url": url_if_any("cases:open_case_from_group", group.pk),
        "doubt": why_not_alone(group),
        "back": request.GET.urlencode(),
    }


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    require(request, "alerts.view", "alerts.take_next")
    with explained(request):
        group = actions.take_next(by=request.user)
        messages.success(request, f"Yours now: {group.title}")
        return back_to_queue(request, group)
    return back_to_queue(request)
