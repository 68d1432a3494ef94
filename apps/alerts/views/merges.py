"""Pages on which people put groups together and take them apart."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.alerts import actions, filters, queries
from apps.alerts.forms.fields import ReasonForm
from apps.alerts.forms.merges import MergeForm, SplitForm
from apps.alerts.models import AlertGroup
from apps.alerts.views.frame import ask, find_group, leave_dialog, sent, uuid_or_none
from apps.core.http import carried_out, explained, form_page, require
from apps.core.ui.formats import counted


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
    return form_page(request, "alerts/merge.html", form, offered=offered)


@require_http_methods(["GET", "HEAD", "POST"])
def unmerge(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = find_group(request, pk)
    require(request, "alerts.view", "alerts.unmerge", found)
    form = ReasonForm(sent(request))
    if carried_out(
        request,
        form,
        actions.unmerge,
        found,
        done=lambda back: f"{counted(back, 'alert')} came back; the group waits in the queue.",
    ):
        return leave_dialog(request, redirect(found))
    said = f"The alerts that came with “{found}” go back to it, and it waits in the queue as a free group."
    return ask(request, form, "Take the merge back", said, "Take it back", found)


@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The chosen alerts of a group; where none is chosen, those that match the filter."""
    found = find_group(request, pk)
    require(request, "alerts.view", "alerts.split", found)
    alerts = _chosen_alerts(request, found)
    ids = list(alerts.values_list("pk", flat=True))
    form = SplitForm(sent(request), now=len(ids), initial={"number": len(ids)})
    if form.is_valid():
        with explained(form):
            part = actions.split(found, alerts=ids, by=request.user, reason=form.cleaned_data["reason"])
            messages.success(request, f"{counted(part.alert_count, 'alert')} are a group of their own.")
            return redirect(part)
    sample = alerts.order_by("-detected_at", "-id")[:10]
    return form_page(request, "alerts/split.html", form, group=found, number=len(ids), alerts=sample)


def _chosen_alerts(request: HttpRequest, group: AlertGroup) -> Any:
    alerts = queries.visible_alerts(request.user).filter(group=group).defer("payload")
    if chosen := [pk for text in request.GET.getlist("alert") if (pk := uuid_or_none(text))]:
        return alerts.filter(pk__in=chosen)
    found = filters.AlertFilter(request.GET, alerts)
    return found.qs if found.form.has_changed() else alerts.none()
