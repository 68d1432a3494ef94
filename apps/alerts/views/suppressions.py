"""Rules that hide alerts."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.alerts import actions, queries
from apps.alerts.forms.fields import ReasonForm
from apps.alerts.forms.suppressions import SuppressForm
from apps.alerts.views.frame import ask, leave_dialog, sent
from apps.core.http import carried_out, form_page, require
from apps.core.paging import page
from apps.core.ui.formats import counted


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
    form = SuppressForm(sent(request), initial=initial)
    made = carried_out(
        request,
        form,
        actions.suppress,
        done=lambda rule: f"From now on hidden, until {rule.expires_at:%-d %B}: {rule.what}",
    )
    return redirect(made.result) if made else form_page(request, "alerts/suppress.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def end_suppression(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_suppressions(request.user), pk=pk)
    require(request, "alerts.view", "alerts.end_suppression", found)
    form = ReasonForm(sent(request))
    if carried_out(
        request,
        form,
        actions.end_suppression,
        found,
        done=lambda groups: f"The rule is over. {counted(groups, 'hidden group')} can be seen again.",
    ):
        return leave_dialog(request, redirect(found))
    return ask(request, form, "End this rule", f"{found.what}: what it hid is in the queue again.", "End it", found)
