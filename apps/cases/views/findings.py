"""Findings and decisions: proposed on one page, reviewed by another person on another."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases import actions, forms, queries
from apps.cases.models import Case, Finding
from apps.cases.views.frame import VerbPage, act, find, panel
from apps.cases.wrongful import few
from apps.core.http import explained, require
from apps.core.paging import page
from apps.core.ui.formats import counted
from apps.policies.models import Clause
from apps.policies.queries import lead_in


@require_safe
def findings(request: HttpRequest, ref: str) -> HttpResponse:
    return _findings_page(request, find(request, ref))


def _findings_page(request: HttpRequest, case: Case, form: Form | None = None, *, refused: str = "") -> HttpResponse:
    rows = [(found, _review_forms(found.ref, form, refused)) for found in queries.findings(case)]
    return panel(request, case, "findings", {"findings": rows}, form, tab="cases:findings")


def _review_forms(ref: str, form: Form | None, refused: str) -> dict[str, Form]:
    """To agree and to disagree, with ids of their own on the page; the one that was refused as it was sent."""
    shapes = {"agree": forms.ReviewForm, "disagree": forms.ReasonForm}
    return {
        name: form if ref == refused and isinstance(form, shape) else shape(auto_id=f"id_{ref}_%s")
        for name, shape in shapes.items()
    }


@require_safe
def finding(request: HttpRequest, ref: str) -> HttpResponse:
    """The accounts of one finding, each with its own figures."""
    found = get_object_or_404(queries.visible_findings(request.user), ref=ref)
    rows = page(found.accounts.select_related("account"), ("id",), request.GET)
    return panel(request, found.case, "finding", {"finding": found, "page": rows}, tab="cases:findings")


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
    return panel(request, case, "propose_finding", context, form, tab="cases:findings")


def _choices(request: HttpRequest, case: Case, start: date, end: date, words: str) -> list[tuple[str, str]]:
    """The clauses on offer, and those that were chosen already."""
    pairs = queries.clauses_on_offer(case, start, end, words)
    chosen = [value for value in request.POST.getlist("clauses") if queries.is_citation(value)]
    pairs += [pair for pair in queries.cited(chosen) if pair not in pairs]
    return [(f"{v.pk}:{c.pk}", f"{v.document.name}, {v.label}, {c.label}: {_opening(c)}") for v, c in pairs]


def _opening(clause: Clause) -> str:
    return f"{lead_in(clause)} {clause.content[:300]}".strip()


@require_POST
def confirm_finding(request: HttpRequest, ref: str) -> HttpResponse:
    done = "is confirmed. A decision may follow."
    return _on_finding(request, ref, forms.ReviewForm, actions.confirm_finding, done)


@require_POST
def reject_finding(request: HttpRequest, ref: str) -> HttpResponse:
    return _on_finding(request, ref, forms.ReasonForm, actions.reject_finding, "is not confirmed.")


@require_POST
def withdraw_finding(request: HttpRequest, ref: str) -> HttpResponse:
    return _on_finding(request, ref, forms.ReasonForm, actions.withdraw_finding, "is withdrawn.")


def _on_finding(request: HttpRequest, ref: str, shape: type, action: Callable[..., Any], done: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_findings(request.user), ref=ref)
    form = shape(request.POST, auto_id=f"id_{ref}_%s")
    shown = partial(_findings_page, refused=ref)
    return act(request, form, action, found, done=f"{ref} {done}", tab="cases:findings", page=shown)


# --- decisions --------------------------------------------------------------------------------------------------------


@require_safe
def decisions(request: HttpRequest, ref: str) -> HttpResponse:
    return _decisions_page(request, find(request, ref))


def _decisions_page(request: HttpRequest, case: Case, form: Form | None = None, *, refused: str = "") -> HttpResponse:
    rows = [(found, _review_forms(found.ref, form, refused)) for found in queries.decisions(case)]
    confirmed = queries.findings(case).filter(state=Finding.State.CONFIRMED)
    return panel(request, case, "decisions", {"decisions": rows, "confirmed": confirmed}, form, tab="cases:decisions")


class ProposeDecision(VerbPage):
    action = staticmethod(actions.propose_decision)
    form_class = forms.DecisionForm
    button = "Propose it"
    icon = "gavel"
    done = "The decision is proposed. Another person reviews it now."
    tab = "cases:decisions"

    def find_subject(self) -> Finding:
        return get_object_or_404(queries.visible_findings(self.request.user), ref=self.kwargs["ref"])

    def get_title(self) -> str:
        return f"Propose a decision on {self.subject.ref}"

    def get_consequence(self) -> str:
        accounts = queries.accounts_of_finding(self.subject).count()
        exhibits = [row.exhibit for row in queries.exhibits_of_finding(self.subject)]
        wrongful = queries.expected_wrongful(self.case, accounts, exhibits)
        return (
            f"It meets {counted(accounts, 'account')}; {few(wrongful.value)} of them are expected to be hit wrongly."
            f" {wrongful.basis} Another person approves it."
        )


@require_POST
def approve_decision(request: HttpRequest, ref: str) -> HttpResponse:
    return _on_decision(request, ref, forms.ReviewForm, actions.approve_decision, "is approved.")


@require_POST
def reject_decision(request: HttpRequest, ref: str) -> HttpResponse:
    return _on_decision(request, ref, forms.ReasonForm, actions.reject_decision, "is not approved.")


def _on_decision(request: HttpRequest, ref: str, shape: type, action: Callable[..., Any], done: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_decisions(request.user), ref=ref)
    form = shape(request.POST, auto_id=f"id_{ref}_%s")
    shown = partial(_decisions_page, refused=ref)
    return act(request, form, action, found, done=f"{ref} {done}", tab="cases:decisions", page=shown)
