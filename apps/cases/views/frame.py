"""What every page of a case shares: the head with its stages, the tabs, and what is missing before the next step."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse

from apps.cases import queries, readiness
from apps.cases.models import Case
from apps.core.http import explained, require

TABS = (
    ("cases:case", "Summary"),
    ("cases:campaign", "Campaign"),
    ("cases:accounts", "Accounts"),
    ("cases:evidence", "Evidence"),
    ("cases:explanations", "Explanations"),
    ("cases:findings", "Findings"),
    ("cases:decisions", "Decisions and notices"),
    ("cases:timeline", "Timeline"),
    ("cases:trail", "Trail"),
)

# In each state the one verb that leads on: its permission, the page where it is done, the words on the button.
PRIMARY = {
    Case.State.TRIAGE: ("cases.start_investigation", "cases:start_investigation", "Begin the investigation", "search"),
    Case.State.INVESTIGATION: ("cases.propose_finding", "cases:propose_finding", "Propose a finding", "scale"),
    Case.State.FINDING: ("cases.view", "cases:findings", "Review the finding", "scale"),
    Case.State.DECISION: ("cases.view", "cases:decisions", "Decide", "gavel"),
    Case.State.NOTICE: ("cases.close_case", "cases:close_case", "Close the case", "archive"),
    Case.State.CLOSED: ("cases.reopen_case", "cases:reopen_case", "Open it again", "refresh"),
}


def find(request: HttpRequest, ref: str) -> Case:
    """The case, or 404 for whom it is not."""
    return get_object_or_404(queries.visible_cases(request.user).select_related("assignee", "opened_by"), ref=ref)


def panel(
    request: HttpRequest, case: Case, template: str, context: dict[str, Any], form: forms.BaseForm | None = None
) -> HttpResponse:
    """One tab of the case inside its frame; 422 when a form of it was refused."""
    lines = readiness.missing(case)
    shared = {
        "case": case,
        "tabs": _tabs(case, request.resolver_match.view_name if request.resolver_match else ""),
        "states": Case.State.choices,
        "missing": lines,
        "step": readiness.NEXT_STEP[Case.State(case.state)],
        "sealed": queries.is_sealed(case),
        "primary": _primary(request, case),
        "drill": case.drill or settings.DRILL,
    }
    refused = form is not None and form.is_bound and bool(form.errors)
    return render(request, f"cases/{template}.html", shared | context, status=422 if refused else 200)


def _tabs(case: Case, name: str) -> list[dict[str, Any]]:
    known = {view for view, _ in TABS}
    return [
        {"label": label, "url": reverse(view, args=[case.ref]), "current": view == (name if name in known else None)}
        for view, label in TABS
    ]


def _primary(request: HttpRequest, case: Case) -> dict[str, str] | None:
    verb, name, label, icon = PRIMARY[Case.State(case.state)]
    if not request.user.has_perm(verb, case):
        return None
    try:
        return {"url": reverse(name, args=[case.ref]), "label": label, "icon": icon}
    except NoReverseMatch:
        return None


def act(
    request: HttpRequest,
    form: forms.BaseForm,
    run: Callable[..., object],
    *,
    done: str,
    back: str,
    page: Callable[[], HttpResponse],
) -> HttpResponse:
    """Run an action with what a valid form holds and go back; show the page again with what was refused."""
    if form.is_valid():
        with explained(form):
            run(**form.cleaned_data, by=request.user)
            messages.success(request, done)
            return redirect(back)
    return page()


def form_page(
    request: HttpRequest,
    case: Case,
    verb: str,
    form: forms.BaseForm,
    run: Callable[..., object],
    *,
    title: str,
    button: str,
    consequence: str,
    done: str,
    back: str = "cases:case",
    obj: object = None,
    icon: str = "check",
) -> HttpResponse:
    """A verb that has a form of its own: 403 for whom it is not, the form, the action, back to the tab."""
    require(request, "cases.view", verb, case if obj is None else obj)
    address = reverse(back, args=[case.ref])
    context = {
        "form": form, "title": title, "button": button, "consequence": consequence, "back": address, "button_icon": icon
    }  # fmt: skip
    return act(request, form, run, done=done, back=address, page=lambda: panel(request, case, "form", context, form))
