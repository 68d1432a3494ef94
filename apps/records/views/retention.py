"""The retention schedule, and its runs."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.http import carried_out, explained, require
from apps.core.paging import page
from apps.records import actions, forms, queries
from apps.records.schedule import RULES, Rule
from apps.records.views.frame import ask, sent


def _rule(slug: str) -> Rule:
    if slug not in RULES:
        raise Http404
    return RULES[slug]


@require_safe
def schedule(request: HttpRequest) -> HttpResponse:
    require(request, "records.view_retention")
    rows = page(queries.visible_runs(request.user), ("-started_at", "-id"), request.GET)
    shown = [(row, RULES.get(row.rule)) for row in rows]
    return render(request, "records/retention.html", {"planned": queries.schedule(), "page": shown, "rows": rows})


@require_safe
def run(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_runs(request.user), pk=pk)
    return render(request, "records/run.html", {"run": found, "rule": RULES.get(found.rule)})


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_rule(request: HttpRequest, rule: str) -> HttpResponse:
    wanted = _rule(rule)
    require(request, "records.view_retention", "records.confirm_rule")
    form = forms.YesForm(sent(request))
    if form.is_valid():
        with explained(request):
            actions.confirm_rule(rule=wanted.slug, by=request.user)
            return redirect("records:retention")
    planned = queries.planned(wanted)
    return render(request, "records/confirm_rule.html", {"planned": planned, "form": form})


@require_POST
def start_run(request: HttpRequest, rule: str) -> HttpResponse:
    wanted = _rule(rule)
    require(request, "records.view_retention", "records.start_run")
    with explained(request):
        return redirect(actions.start_run(rule=wanted.slug, by=request.user))
    return redirect("records:retention")


@require_http_methods(["GET", "HEAD", "POST"])
def stop_run(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_runs(request.user), pk=pk)
    require(request, "records.view_retention", "records.stop_run", found)
    form = forms.ReasonForm(sent(request))
    if carried_out(request, form, actions.stop_run, found, done="Stopped. What is left is due again."):
        return redirect(found)
    said = "What has gone is gone; what is left stays until the rule runs again, which it does every night."
    return ask(request, form, "Stop this run", said, "Stop it", found)
