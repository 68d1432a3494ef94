"""Pages on which people put groups together, take them apart, put them aside, and make rules that hide alerts."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.alerts import actions, filters, queries
from apps.alerts.forms import groups as forms
from apps.alerts.models import AlertGroup
from apps.alerts.views.groups import _back, _dialog, _done, _sent, _uuid
from apps.core.http import explained, require
from apps.core.paging import page

# --- together and apart ----------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest) -> HttpResponse:
    """The groups chosen in the queue, of which one takes the others in; for a single one, those with its accounts."""
    require(request, "alerts.view", "alerts.merge")
    chosen = [pk for text in request.GET.getlist("group") + request.POST.getlist("group") if (pk := _uuid(text))]
    offered = queries.to_merge(chosen, request.user)
    form = forms.MergeForm(_sent(request), groups=offered, initial={"group": chosen})
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
    form = forms.ReasonForm(_sent(request))
    if form.is_valid():
        with explained(form):
            back = actions.unmerge(found, by=request.user, **form.cleaned_data)
            messages.success(request, f"{back} alert{'s' * (back != 1)} came back; the group waits in the queue.")
            return _done(request, redirect(found))
    said = f"The alerts that came with “{found}” go back to it, and it waits in the queue as a free group."
    return _ask(request, form, "Take the merge back", said, "Take it back", found)


@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The chosen alerts of a group; where none is chosen, those that match the filter."""
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    require(request, "alerts.view", "alerts.split", found)
    alerts = _chosen_alerts(request, found)
    ids = list(alerts.values_list("pk", flat=True))
    form = forms.SplitForm(_sent(request), now=len(ids), initial={"number": len(ids)})
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
    if chosen := [pk for text in request.GET.getlist("alert") if (pk := _uuid(text))]:
        return alerts.filter(pk__in=chosen)
    found = filters.AlertFilter(request.GET, alerts)
    return found.qs if found.form.has_changed() else alerts.none()


# --- aside -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def snooze(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    require(request, "alerts.view", "alerts.snooze", found)
    form = forms.SnoozeForm(_sent(request))
    if form.is_valid():
        with explained(form):
            actions.snooze(found, by=request.user, **form.cleaned_data)
            messages.success(request, f"Snoozed until {form.cleaned_data['until']:%-d %B}: {found.title}")
            return _done(request, _back(request))
    said = f"“{found}” leaves the queue until that day. It comes back by itself, earlier if its severity rises."
    if found.snooze_count:
        said += f" It was snoozed {found.snooze_count} time{'s' * (found.snooze_count != 1)} before."
    return _ask(request, form, "Snooze this group", said, "Snooze", found)


@require_POST
def wake(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    with explained(request):
        actions.wake(found, by=request.user)
        messages.success(request, "Back in the queue.")
    return _back(request, found)


def _ask(request: HttpRequest, form: Any, title: str, said: str, button: str, back: Any) -> HttpResponse:
    """A question with its consequence, as a page or in the dialog."""
    context = {"form": form, "title": title, "said": said, "button": button, "back": back}
    context["query"] = request.POST.get("back") or request.GET.get("back", "")
    return _dialog(request, "alerts/ask.html", context, form)


# --- rules that hide alerts ------------------------------------------------------------------------------------------


@require_safe
def suppressions(request: HttpRequest) -> HttpResponse:
    require(request, "alerts.view")
    rows = page(queries.visible_suppressions(request.user), ("-made_at", "-id"), request.GET)
    hidden = queries.hidden_by(rows)
    for rule in rows:
        rule.hidden_alerts = hidden[rule.pk]
    return render(request, "alerts/suppressions.html", {"page": rows})


@require_safe
def suppression(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_suppressions(request.user), pk=pk)
    alerts = queries.visible_alerts(request.user).filter(suppressed_by=found).defer("payload")
    context = {
        "rule": found,
        "page": page(alerts, ("-received_at", "-id"), request.GET),
        "hidden": queries.hidden_by([found])[found.pk],
    }
    return render(request, "alerts/suppression.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def suppress(request: HttpRequest) -> HttpResponse:
    require(request, "alerts.view", "alerts.suppress")
    initial = {name: request.GET[name] for name in ("scope", "key", "account_ref") if name in request.GET}
    form = forms.SuppressForm(_sent(request), initial=initial)
    if form.is_valid():
        with explained(form):
            rule = actions.suppress(by=request.user, **form.cleaned_data)
            messages.success(request, f"From now on hidden, until {rule.expires_at:%-d %B}: {rule.what}")
            return redirect(rule)
    return render(request, "alerts/suppress.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def end_suppression(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_suppressions(request.user), pk=pk)
    require(request, "alerts.view", "alerts.end_suppression", found)
    form = forms.ReasonForm(_sent(request))
    if form.is_valid():
        with explained(form):
            groups = actions.end_suppression(found, by=request.user, **form.cleaned_data)
            messages.success(
                request, f"The rule is over. {groups} hidden group{'s' * (groups != 1)} can be seen again."
            )
            return _done(request, redirect(found))
    return _ask(request, form, "End this rule", f"{found.what}: what it hid is in the queue again.", "End it", found)
