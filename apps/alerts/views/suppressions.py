"""Rules that hide alerts."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.alerts import actions, queries
from apps.alerts.forms.fields import ReasonForm
from apps.alerts.forms.suppressions import SuppressForm
from apps.alerts.views.frame import ask, done, sent
from apps.core.http import explained, require
from apps.core.paging import page


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
    form = ReasonForm(sent(request))
    if form.is_valid():
        with explained(form):
            groups = actions.end_suppression(found, by=request.user, **form.cleaned_data)
            messages.success(
                request, f"The rule is over. {groups} hidden group{'s' * (groups != 1)} can be seen again."
            )
            return done(request, redirect(found))
    return ask(request, form, "End this rule", f"{found.what}: what it hid is in the queue again.", "End it", found)
