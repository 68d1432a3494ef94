"""Pages on which people put groups together and take them apart."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps.alerts import actions, filters, queries
from apps.alerts.forms.fields import ReasonForm
from apps.alerts.forms.merges import MergeForm, SplitForm
from apps.alerts.models import AlertGroup
from apps.alerts.views.frame import ask, done, sent, uuid_or_none
from apps.core.http import explained, require


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """The groups chosen in the queue, of which one takes the others in; for a single one, those with its accounts."""
    require(request, "alerts.view", "alerts.merge")
    chosen = [pk for text in request.GET.getlist("group") + request.POST.getlist("group") if (pk := uuid_or_none(text))]
    offered = queries.to_merge(chosen, request.user)
    form = MergeForm(sent(request), groups=offered, initial={"group": chosen})
    if form.is_valid():
        into, reason = form.cleaned_data["into"], form.cleaned_data["reason"]
        others = [group for group in form.cleaned_data["group"] if group != into]
        with explained(form), transaction.atomic():
            for group in others:
                actions.merge(group, into=into, by=request.user, reason=reason)
            went = f"{len(others)} groups" if len(others) > 1 else f"“{others[0]}”"
            messages.success(request, f"Merged {went} into “{into}”. Its page takes that back.")
            return redirect(into)
    context = {"form": form, "offered": offered}
    return render(request, "alerts/merge.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def unmerge(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    require(request, "alerts.view", "alerts.unmerge", found)
    form = ReasonForm(sent(request))
    if form.is_valid():
        with explained(form):
            back = actions.unmerge(found, by=request.user, **form.cleaned_data)
            messages.success(request, f"{back} alert{'s' * (back != 1)} came back; the group waits in the queue.")
            return done(request, redirect(found))
    said = f"The alerts that came with “{found}” go back to it, and it waits in the queue as a free group."
    return ask(request, form, "Take the merge back", said, "Take it back", found)


@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The chosen alerts of a group; where none is chosen, those that match the filter."""
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    require(request, "alerts.view", "alerts.split", found)
    alerts = _chosen_alerts(request, found)
    ids = list(alerts.values_list("pk", flat=True))
    form = SplitForm(sent(request), now=len(ids), initial={"number": len(ids)})
    if form.is_valid():
        with explained(form):
            part = actions.split(found, alerts=ids, by=request.user, reason=form.cleaned_data["reason"])
            messages.success(
                request, f"{part.alert_count} alert{'s' * (part.alert_count != 1)} are a group of their own."
            )
            return redirect(part)
    context = {"group": found, "form": form, "number": len(ids), "alerts": alerts.order_by("-detected_at", "-id")[:10]}
    return render(request, "alerts/split.html", context, status=422 if form.errors else 200)


def _chosen_alerts(request: HttpRequest, group: AlertGroup) -> Any:
    alerts = queries.visible_alerts(request.user).filter(group=group).defer("payload")
    if chosen := [pk for text in request.GET.getlist("alert") if (pk := uuid_or_none(text))]:
        return alerts.filter(pk__in=chosen)
    found = filters.AlertFilter(request.GET, alerts)
    return found.qs if found.form.has_changed() else alerts.none()
