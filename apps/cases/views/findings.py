"""Findings and decisions: proposed on one page, reviewed by another person on another."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases import actions, forms, queries
from apps.cases.findings.wrongful import few
from apps.cases.models import Case, Decision, Exhibit, Finding, Party
from apps.cases.views.frame import VerbPage, act, find, panel
from apps.core.http import explained, require
from apps.core.paging import page
from apps.core.ui.formats import counted
from apps.policies.models import Clause, Tagging
from apps.policies.queries import lead_in


@require_safe
def findings(request: HttpRequest, ref: str) -> HttpResponse:
    return _findings_page(request, find(request, ref))


def _findings_page(request: HttpRequest, case: Case, form: Form | None = None, *, refused: str = "") -> HttpResponse:
    rows = [(found, _review_forms(found.ref, form, refused)) for found in queries.findings(case)]
    context = {"findings": rows, "wordings": queries.allowed_wordings(case)}
    return panel(request, case, "findings", context, form, tab="cases:findings")


def _review_forms(ref: str, form: Form | None, refused: str) -> dict[str, Form]:
    """To agree and to disagree, with ids of their own on the page; the one that was refused as it was sent."""
    shapes = {"agree": forms.ReviewForm, "disagree": forms.ReasonForm}
    return {
        name: form if ref == refused and isinstance(form, shape) else shape(auto_id=f"id_{ref}_%s")
        for name, shape in shapes.items()
    }


@require_safe
def finding(request: HttpRequest, ref: str) -> HttpResponse:
    """The accounts of one finding, each with its own evidence and the clauses that bound it; and those left out."""
    found = get_object_or_404(queries.visible_findings(request.user), ref=ref)
    rows = page(found.accounts.select_related("account"), ("id",), request.GET)
    left_out = found.omissions.select_related("account").order_by("id")
    context = {
        "finding": found,
        "page": rows,
        "left_out": left_out[:LEFT_OUT_SHOWN],
        "left_out_count": left_out.count(),
    }
    return panel(request, found.case, "finding", context, tab="cases:findings")


LEFT_OUT_SHOWN = 50

# What has to be shown when nobody says otherwise, by the kind of case.
THEORIES = {"extraction": ["extraction"], "region": ["region"], "licence": ["contract"], "intrusion": ["conduct"]}


@require_http_methods(["GET", "HEAD", "POST"])
def propose_finding(request: HttpRequest, ref: str) -> HttpResponse:
    """The worksheet. "Lay out" shows it again by other days, words or theories, with all that was written in it."""
    case = find(request, ref)
    require(request, "cases.view", "cases.propose_finding", case)
    figures = queries.figures(case)
    sheet = _Sheet.of(case, figures, request.POST or request.GET)
    exhibits, parties = list(queries.exhibits(case)), list(case.parties.order_by("added_at"))
    is_sent = request.method == "POST" and LAY_OUT not in request.POST
    form = forms.FindingForm(
        request.POST if is_sent else None,
        clauses=_choices(request, case, sheet.start, sheet.end, sheet.words),
        exhibits=exhibits,
        theories=sheet.theories,
        parties=parties,
        initial=_first(sheet, exhibits) | _written(request.POST),
    )
    if form.is_valid() and (proposed := _proposed(request, case, form, parties)):
        messages.success(request, f"{proposed.ref} is proposed. Another person reviews it now.")
        return redirect("cases:findings", case.ref)
    context = {
        "form": form,
        "ground": forms.GroundForm(initial={"words": sheet.words, "theories": sheet.theories}),
        "figures": figures,
        "sheet": sheet,
        "exhibits": exhibits[:EXHIBITS_SHOWN],
        "more_exhibits": len(exhibits) - EXHIBITS_SHOWN,
        "explanations": queries.explanations(case),
        "bare": queries.members_without_evidence(case, sheet.start, sheet.end),
    }
    return panel(request, case, "propose_finding", context, form, tab="cases:findings")


LAY_OUT = "lay_out"


@dataclass(frozen=True)
class _Sheet:
    """By what the worksheet is laid out."""

    start: date
    end: date
    words: str
    theories: list[str]

    @classmethod
    def of(cls, case: Case, figures: queries.Figures, asked: QueryDict) -> "_Sheet":
        ground = forms.GroundForm(asked)
        ground.full_clean()
        said = ground.cleaned_data  # of what can be read
        return cls(
            said.get("conduct_from") or figures.first_day or case.opened_at.date(),
            said.get("conduct_to") or figures.last_day or case.opened_at.date(),
            said.get("words", ""),
            said.get("theories") or THEORIES[case.kind],
        )


def _first(sheet: _Sheet, exhibits: list[Exhibit]) -> dict[str, Any]:
    carried = forms.labels(exhibit.number for exhibit in exhibits)
    return {"conduct_from": sheet.start, "conduct_to": sheet.end, "exhibits": carried}


def _written(sent: QueryDict) -> dict[str, Any]:
    """What was written already, for a worksheet that is laid out anew."""
    return {name: sent.getlist(name) if name == "clauses" else sent[name] for name in sent}


EXHIBITS_SHOWN = 30


def _proposed(request: HttpRequest, case: Case, form: forms.FindingForm, parties: list[Party]) -> Finding | None:
    with explained(form):
        return actions.propose_finding(
            case,
            **form.plain | {"clauses": queries.cited(form.cleaned_data["clauses"])},
            theories=form.theories,
            elements=form.elements,
            levels=form.levels(parties),
            explanations=list(case.explanations.all()),
            by=request.user,
        )
    return None


def _choices(request: HttpRequest, case: Case, start: date, end: date, words: str) -> list[tuple[str, str]]:
    """The clauses on offer, and those that were chosen already."""
    pairs = queries.clauses_on_offer(case, start, end, words)
    chosen = [value for value in request.POST.getlist("clauses") if queries.is_citation(value)]
    pairs += [pair for pair in queries.cited(chosen) if pair not in pairs]
    tags = queries.tags_of(pairs)
    return [
        (
            f"{v.pk}:{c.pk}",
            f"{v.document.name}, {v.label}, {c.label}: {_opening(c)}{_tags(tags.get(c.said_sha256, []))}",
        )
        for v, c in pairs
    ]


def _tags(found: list[Tagging]) -> str:
    """What a person, or its words, say the clause is about."""
    said = [f"{tag.get_polarity_display().lower()} {tag.get_conduct_display().lower()}" for tag in found]
    return f" [{', '.join(said)}]" if said else ""


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


class AllowWording(VerbPage):
    action = staticmethod(actions.allow_wording)
    form_class = forms.AllowWordingForm
    title = "Let words stand"
    button = "Let them stand"
    icon = "signature"
    consequence = (
        "In findings, letters and reports of this case the check no longer objects to these words. Your name and reason"
        " stand beside them on the case's page and in the trail."
    )
    done = "The words may stand in this case."
    tab = "cases:findings"

    def get_initial(self) -> dict[str, Any]:
        return {"words": self.request.GET.get("words", "")}


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

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {
            "is_bulk": queries.accounts_of_finding(self.subject).count() > 1,
            "holding": self.case.decisions.filter(state=Decision.State.APPROVED).order_by("ref"),
        }

    def get_title(self) -> str:
        return f"Propose a decision on {self.subject.ref}"

    def get_consequence(self) -> str:
        accounts = queries.accounts_of_finding(self.subject).count()
        wrongful = queries.wrongful_of(self.subject, accounts)
        return (
            f"It meets {counted(accounts, 'account')}; {few(wrongful.value)} of them are expected to be hit wrongly."
            f" {wrongful.basis} Another person approves it."
        )


@require_POST
def approve_decision(request: HttpRequest, ref: str) -> HttpResponse:
    return _on_decision(request, ref, forms.ReviewForm, actions.approve_decision)


@require_POST
def reject_decision(request: HttpRequest, ref: str) -> HttpResponse:
    return _on_decision(request, ref, forms.ReasonForm, actions.reject_decision)


@require_POST
def release_decision(request: HttpRequest, ref: str) -> HttpResponse:
    return _on_decision(request, ref, forms.ReviewForm, actions.release_decision)


@require_POST
def refuse_release(request: HttpRequest, ref: str) -> HttpResponse:
    return _on_decision(request, ref, forms.ReasonForm, actions.refuse_release)


def _on_decision(request: HttpRequest, ref: str, shape: type, action: Callable[..., Any]) -> HttpResponse:
    found = get_object_or_404(queries.visible_decisions(request.user), ref=ref)
    form = shape(request.POST, auto_id=f"id_{ref}_%s")
    shown = partial(_decisions_page, refused=ref)

    def done(_: Any) -> str:
        return f"{ref} is {found.get_state_display().lower()}."

    return act(request, form, action, found, done=done, tab="cases:decisions", page=shown)
