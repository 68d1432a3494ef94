"""Our side: what waits for an answer, and the whole basis of a decision beside what its recipient says."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.appeals import actions, forms, queries
from apps.appeals.models import Appeal
from apps.cases.queries import clauses_of_finding, exhibits_of_finding
from apps.core.forms import ReasonForm
from apps.core.http import carried_out, explained, require
from apps.core.paging import page


@require_safe
def appeals(request: HttpRequest) -> HttpResponse:
    """Those that wait, the most urgent first; and what all of them say about the detectors."""
    require(request, "appeals.view")
    form, found = forms.FilterForm(request.GET), queries.visible_appeals(request.user)
    asked = form.cleaned_data if form.is_valid() else {}
    if words := asked.get("q"):
        found = queries.narrowed(found, words.strip())
    state = asked.get("state")
    found = found.filter(state=state) if state else found if words else found.filter(state__in=Appeal.OPEN)
    order = ("-filed_at", "-id") if state or words else ("answer_by", "id")
    context = {
        "form": form,
        "page": page(found, order, request.GET),
        "filtered": any(request.GET.values()),
        "records": list(queries.records()),
        "today": timezone.now().date(),
    }
    return render(request, "appeals/list.html", context)


@require_safe
def appeal(request: HttpRequest, ref: str) -> HttpResponse:
    found = _find(request, ref)
    actions.open_appeal(found, by=request.user)
    return _page(request, found)


def _page(request: HttpRequest, found: Appeal, **shown: object) -> HttpResponse:
    finding = found.notice.decision.finding
    context = {
        "appeal": found,
        "notice": found.notice,
        "case": found.notice.case,
        "decision": found.notice.decision,
        "finding": finding,
        "figures": finding.accounts.filter(account=found.notice.account).first(),
        "clauses": clauses_of_finding(finding),
        "exhibits": exhibits_of_finding(finding),
        "explanations": finding.explanations.select_related("explanation").order_by("explanation__raised_at", "id"),
        "conversation": queries.with_words(found),
        "answer": queries.answer_to(found) if found.is_decided else None,
        "took_part": request.user.pk in queries.took_part(found.notice),
        "today": timezone.now().date(),
        "reasons": forms.ReasonsForm(),
        "question": forms.QuestionForm(),
        "reason": ReasonForm(),
    } | shown
    return render(request, "appeals/appeal.html", context, status=422 if shown else 200)


@require_POST
def take_appeal(request: HttpRequest, ref: str) -> HttpResponse:
    with explained(request):
        actions.take_appeal(_find(request, ref), by=request.user)
    return redirect("appeals:appeal", ref)


@require_POST
def put_back(request: HttpRequest, ref: str) -> HttpResponse:
    return _by(request, ref, ReasonForm(request.POST), "reason", actions.put_back, "Another reviewer can take it.")


@require_POST
def ask_recipient(request: HttpRequest, ref: str) -> HttpResponse:
    done = "They read your question where they filed the appeal."
    return _by(request, ref, forms.QuestionForm(request.POST), "question", actions.ask_recipient, done)


@require_POST
def uphold_decision(request: HttpRequest, ref: str) -> HttpResponse:
    done = "Upheld. The answer is drafted: somebody else approves it, and then it goes out."
    return _by(request, ref, forms.ReasonsForm(request.POST), "reasons", actions.uphold_decision, done)


@require_POST
def reverse_decision(request: HttpRequest, ref: str) -> HttpResponse:
    done = "Reversed: the account has left the case. The answer is drafted: somebody else approves it."
    return _by(request, ref, forms.ReasonsForm(request.POST), "reasons", actions.reverse_decision, done)


@require_POST
def write_answer(request: HttpRequest, ref: str) -> HttpResponse:
    with explained(request):
        actions.write_answer(_find(request, ref), by=request.user)
        messages.success(request, "The answer is drafted again.")
    return redirect("appeals:appeal", ref)


def _by(request: HttpRequest, ref: str, form, shown_as: str, action: Callable, done: str) -> HttpResponse:
    found = _find(request, ref)
    require(request, "appeals.view", action.verb, found)  # type: ignore[attr-defined]
    if carried_out(request, form, action, found, done=done):
        return redirect("appeals:appeal", ref)
    return _page(request, found, **{shown_as: form})


def _find(request: HttpRequest, ref: str) -> Appeal:
    return get_object_or_404(queries.visible_appeals(request.user), ref=ref)
