"""Findings and decisions: proposed on one page, reviewed by another person on another."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases import actions, forms, queries
from apps.cases.models import Case, Finding
from apps.cases.views.frame import find, form_page, panel
from apps.cases.wrongful import few
from apps.core.http import explained, require
from apps.core.paging import page


@require_safe
def findings(request: HttpRequest, ref: str) -> HttpResponse:
    return _findings_page(request, find(request, ref))


def _findings_page(request: HttpRequest, case: Case, form=None) -> HttpResponse:
    context = {"findings": queries.findings(case), "reason": form or forms.ReasonForm(), "review": forms.ReviewForm()}
    return panel(request, case, "findings", context, form)


@require_safe
def finding(request: HttpRequest, ref: str) -> HttpResponse:
    """The accounts of one finding, each with its own figures."""
    found = get_object_or_404(queries.visible_findings(request.user), ref=ref)
    rows = page(found.accounts.select_related("account"), ("id",), request.GET)
    return panel(request, found.case, "finding", {"finding": found, "page": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def propose_finding(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    require(request, "cases.view", "cases.propose_finding", case)
    figures = queries.figures(case)
    start, end = figures.first_day or case.opened_at.date(), figures.last_day or case.opened_at.date()
    offer = forms.PeriodForm(request.GET or None)
    asked = offer.cleaned_data if offer.is_valid() else {}
    start, end = asked.get("start") or start, asked.get("end") or end
    form = forms.FindingForm(
        request.POST or None,
        clauses=_choices(request, case, start, end, asked.get("words", "")),
        exhibits=queries.exhibits(case),
        explanations=case.explanations.order_by("raised_at"),
        initial={
            "conduct_from": start,
            "conduct_to": end,
            "exhibits": list(case.exhibits.values_list("pk", flat=True)),
            "explanations": list(case.explanations.values_list("pk", flat=True)),
        },
    )
    if form.is_valid():
        with explained(form):
            data = form.cleaned_data | {"clauses": queries.cited(form.cleaned_data["clauses"])}
            proposed = actions.propose_finding(case, **data, by=request.user)
            messages.success(request, f"{proposed.ref} is proposed. Another person reviews it now.")
            return redirect("cases:findings", case.ref)
    context = {
        "form": form,
        "offer": forms.PeriodForm(initial={"start": start, "end": end, "words": asked.get("words", "")}),
        "figures": figures,
        "start": start,
        "end": end,
    }
    return panel(request, case, "propose_finding", context, form)


def _choices(request: HttpRequest, case: Case, start: date, end: date, words: str) -> list[tuple[str, str]]:
    """The clauses on offer, and those that were chosen already."""
    pairs = queries.clauses_on_offer(case, start, end, words)
    chosen = [value for value in request.POST.getlist("clauses") if queries.is_citation(value)]
    pairs += [pair for pair in queries.cited(chosen) if pair not in pairs]
    return [(f"{v.pk}:{c.pk}", f"{v.document.name}, {v.label}, {c.label}: {c.content[:300]}") for v, c in pairs]


@require_POST
def confirm_finding(request: HttpRequest, ref: str) -> HttpResponse:
    return _review_finding(
        request, ref, actions.confirm_finding, forms.ReviewForm, "is confirmed. A decision may follow"
    )


@require_POST
def reject_finding(request: HttpRequest, ref: str) -> HttpResponse:
    return _review_finding(request, ref, actions.reject_finding, forms.ReasonForm, "is not confirmed")


@require_POST
def withdraw_finding(request: HttpRequest, ref: str) -> HttpResponse:
    return _review_finding(request, ref, actions.withdraw_finding, forms.ReasonForm, "is withdrawn")


def _review_finding(request: HttpRequest, ref: str, run: Callable[..., Any], shape: type, done: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_findings(request.user), ref=ref)
    form = shape(request.POST)
    if form.is_valid():
        with explained(form):
            run(found, **form.cleaned_data, by=request.user)
            messages.success(request, f"{found.ref} {done}.")
            return redirect("cases:findings", found.case.ref)
    return _findings_page(request, find(request, found.case.ref), form)


# --- decisions --------------------------------------------------------------------------------------------------------


@require_safe
def decisions(request: HttpRequest, ref: str) -> HttpResponse:
    return _decisions_page(request, find(request, ref))


def _decisions_page(request: HttpRequest, case: Case, form=None) -> HttpResponse:
    context = {
        "decisions": queries.decisions(case),
        "confirmed": queries.findings(case).filter(state=Finding.State.CONFIRMED),
        "reason": form or forms.ReasonForm(),
        "review": forms.ReviewForm(),
    }
    return panel(request, case, "decisions", context, form)


@require_http_methods(["GET", "HEAD", "POST"])
def propose_decision(request: HttpRequest, ref: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_findings(request.user), ref=ref)
    accounts = queries.accounts_of_finding(found).count()
    exhibits = [row.exhibit for row in queries.exhibits_of_finding(found)]
    wrongful = queries.expected_wrongful(found.case, accounts, exhibits)
    return form_page(
        request,
        found.case,
        "cases.propose_decision",
        forms.DecisionForm(request.POST or None),
        partial(actions.propose_decision, found),
        title=f"Propose a decision on {found.ref}",
        button="Propose it",
        icon="gavel",
        consequence=f"It meets {accounts} accounts; {few(wrongful.value)} of them are expected to be hit wrongly."
        f" {wrongful.basis} Another person approves it.",
        done="The decision is proposed. Another person reviews it now.",
        back="cases:decisions",
        obj=found,
    )


@require_POST
def approve_decision(request: HttpRequest, ref: str) -> HttpResponse:
    return _review_decision(request, ref, actions.approve_decision, forms.ReviewForm, "is approved")


@require_POST
def reject_decision(request: HttpRequest, ref: str) -> HttpResponse:
    return _review_decision(request, ref, actions.reject_decision, forms.ReasonForm, "is not approved")


def _review_decision(request: HttpRequest, ref: str, run: Callable[..., Any], shape: type, done: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_decisions(request.user), ref=ref)
    form = shape(request.POST)
    if form.is_valid():
        with explained(form):
            run(found, **form.cleaned_data, by=request.user)
            messages.success(request, f"{found.ref} {done}.")
            return redirect("cases:decisions", found.case.ref)
    return _decisions_page(request, find(request, found.case.ref), form)
