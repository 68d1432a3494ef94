"""One group: what it holds, and what a person does with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.queries import visible_accounts
from apps.accounts.queries.rings import rings_of_accounts
from apps.alerts import actions, filters, grouping, queries, regrouping
from apps.alerts.forms.groups import DismissForm, ReopenForm, SnoozeForm
from apps.alerts.views.frame import ask, back_to_queue, dialog, find_group, leave_dialog, sent
from apps.alerts.views.queue import preview_of
from apps.core.http import carried_out, explained, is_fragment, require
from apps.core.links import url_if_any
from apps.core.paging import page
from apps.core.ui.formats import counted

RINGS = 10  # on a group's page


@require_safe
def group(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_group(request, pk)
    alerts = filters.AlertFilter(request.GET, queries.visible_alerts(request.user).filter(group=found).defer("payload"))
    context: dict[str, Any] = {
        "group": found,
        "filter": alerts,
        "page": page(alerts.qs, ("-detected_at", "-id"), request.GET, within=alerts.within),
        "from_group": True,
        "came": regrouping.merged_here(found),
        "key_words": grouping.in_words(found.key),
        "history_url": url_if_any("audit:history", "alerts_alertgroup", found.pk),
    }
    why = regrouping.why(context["page"].rows)
    for one in context["page"]:
        one.why = why[one.pk]
    return render(request, "alerts/group.html", context | preview_of(request, found))


@require_safe
def group_accounts(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_group(request, pk)
    rows = page(queries.accounts_of(found), ("ref",), request.GET)
    return render(request, "alerts/group_accounts.html", {"group": found, "page": rows})


@require_safe
def group_rings(request: HttpRequest, pk: str) -> HttpResponse:
    """The panel of a group's page with the rings that its accounts are in."""
    require(request, "accounts.view")
    found = find_group(request, pk)
    rings = rings_of_accounts(request.user, queries.accounts_of(found).order_by().values("pk"))[:RINGS]
    name = "alerts/group_rings.html#panel" if is_fragment(request) else "alerts/group_rings.html"
    return render(request, name, {"group": found, "rings": rings})


@require_POST
def claim(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_group(request, pk)
    with explained(request), _quicker(request, "alerts.claim"):
        actions.claim(found, by=request.user)
    return back_to_queue(request, found)


@require_POST
def release(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_group(request, pk)
    with explained(request), _quicker(request, "alerts.release"):
        actions.release(found, by=request.user)
        messages.success(request, "Back in the queue.")
    return back_to_queue(request, found)


@contextmanager
def _quicker(request: HttpRequest, verb: str) -> Iterator[None]:
    """Who may do this in general, but not now, hears that somebody else came first."""
    try:
        yield
    except PermissionDenied:
        if not request.user.has_perm(verb):
            raise
        messages.warning(request, "Somebody else was quicker: this is how the group stands now.")


@require_http_methods(["GET", "HEAD", "POST"])
def dismiss(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_group(request, pk)
    require(request, "alerts.view", "alerts.dismiss", found)
    form = DismissForm(sent(request))
    if carried_out(request, form, actions.dismiss, found, done=f"Dismissed: {found.title}"):
        return leave_dialog(request, back_to_queue(request, found if request.POST.get("from") == "group" else None))
    came = {name: request.POST.get(name) or request.GET.get(name, "") for name in ("back", "from")}
    return dialog(request, "alerts/dismiss.html", form, group=found, **came)


@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_group(request, pk)
    require(request, "alerts.view", "alerts.reopen", found)
    form = ReopenForm(sent(request))
    if carried_out(request, form, actions.reopen, found, done="Back in the queue."):
        return leave_dialog(request, redirect(found))
    return dialog(request, "alerts/reopen.html", form, group=found)


@require_http_methods(["GET", "HEAD", "POST"])
def snooze(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = find_group(request, pk)
    require(request, "alerts.view", "alerts.snooze", found)
    form = SnoozeForm(sent(request))
    if carried_out(
        request,
        form,
        actions.snooze,
        found,
        done=lambda _: f"Snoozed until {form.cleaned_data['until']:%-d %B}: {found.title}",
    ):
        return leave_dialog(request, back_to_queue(request))
    said = f"“{found}” leaves the queue until that day. It comes back by itself, earlier if its severity rises."
    if found.snooze_count:
        said += f" It was snoozed {counted(found.snooze_count, 'time')} before."
    return ask(request, form, "Snooze this group", said, "Snooze", found)


@require_POST
def wake(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = find_group(request, pk)
    with explained(request):
        actions.wake(found, by=request.user)
        messages.success(request, "Back in the queue.")
    return back_to_queue(request, found)


@require_safe
def of_account(request: HttpRequest, pk: str) -> HttpResponse:
    """The panel of an account's page with the groups whose alerts name it."""
    require(request, "alerts.view")
    account = get_object_or_404(visible_accounts(request.user), pk=pk)
    rows = page(queries.groups_about(request.user, account), ("-priority", "-id"), request.GET, size=20)
    name = "alerts/of_account.html#panel" if is_fragment(request) else "alerts/of_account.html"
    return render(request, name, {"account": account, "page": rows})
