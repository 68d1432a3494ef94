"""What every page of a case shares: the head with its stages, the tabs, and what is missing before the next step."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.generic import FormView

from apps.cases import queries
from apps.cases.findings import readiness
from apps.cases.models import Case
from apps.core.http import carried_out, require
from apps.core.links import url_if_any

TABS = (
    ("cases:case", "Summary"),
    ("cases:campaign", "Campaign"),
    ("cases:accounts", "Accounts"),
    ("cases:evidence", "Evidence"),
    ("cases:claims", "Claims"),
    ("cases:explanations", "Explanations"),
    ("cases:findings", "Findings"),
    ("cases:decisions", "Decisions and notices"),
    ("counsel:counsel", "Counsel"),
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
    request: HttpRequest,
    case: Case,
    template: str,
    context: dict[str, Any],
    form: forms.BaseForm | None = None,
    *,
    tab: str = "",
) -> HttpResponse:
    """A page of the case inside its frame, under `tab` or the tab it is; 422 when a form of it was refused.

    A room below names its template with its own folder ("counsel/theory").
    """
    lines = readiness.missing(case)
    shared = {
        "case": case,
        "tabs": _tabs(case, tab or (request.resolver_match.view_name if request.resolver_match else "")),
        "states": Case.State.choices,
        "missing": lines,
        "step": readiness.NEXT_STEP[Case.State(case.state)],
        "anchored": queries.anchored(case),
        "primary": _primary(request, case),
        "drill": case.drill or settings.DRILL,
    }
    refused = form is not None and form.is_bound and bool(form.errors)
    path = f"{template}.html" if "/" in template else f"cases/{template}.html"
    return render(request, path, shared | context, status=422 if refused else 200)


def _tabs(case: Case, name: str) -> list[dict[str, Any]]:
    return [{"label": label, "url": reverse(view, args=[case.ref]), "current": view == name} for view, label in TABS]


def _primary(request: HttpRequest, case: Case) -> dict[str, str] | None:
    verb, name, label, icon = PRIMARY[Case.State(case.state)]
    if not request.user.has_perm(verb, case):
        return None
    url = url_if_any(name, case.ref)
    return {"url": url, "label": label, "icon": icon} if url else None


def act(
    request: HttpRequest,
    form: forms.BaseForm,
    action: Callable[..., Any],
    subject: Any,
    *,
    done: str | Callable[[Any], str],
    tab: str,
    page: Callable[[HttpRequest, Case, forms.BaseForm], HttpResponse],
) -> HttpResponse:
    """A verb whose form stands on a tab: 403 for whom it is not, the action, back to the tab.

    What was refused is explained beside its field: `page` shows the tab again with the form.
    """
    require(request, "cases.view", _verb(action), subject)
    if carried_out(request, form, action, subject, done=done):
        return redirect(tab, _case_of(subject).ref)
    return page(request, find(request, _case_of(subject).ref), form)


class VerbPage(FormView):
    """A verb of a case that has a page of its own: 403 for whom it is not, the form, the action, back to the tab.

    What the form holds is what the action takes. `find_subject` says what the verb is done to, when not to the case.
    """

    http_method_names = ["get", "head", "post"]
    action: Callable[..., Any]
    title = ""
    button = ""
    icon = "check"
    consequence = ""
    done = ""
    tab = "cases:case"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.subject = self.find_subject()
        self.case = _case_of(self.subject)
        require(request, "cases.view", _verb(self.action), self.subject)
        return super().dispatch(request, *args, **kwargs)

    def find_subject(self) -> Any:
        return find(self.request, self.kwargs["ref"])

    def get_title(self) -> str:
        return self.title

    def get_consequence(self) -> str:
        return self.consequence

    def get_success_url(self) -> str:
        return reverse(self.tab, args=[self.case.ref])

    def form_valid(self, form: forms.BaseForm) -> HttpResponse:
        if carried_out(self.request, form, self.action, self.subject, done=self.done):
            return redirect(self.get_success_url())
        return self.form_invalid(form)

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        return panel(self.request, self.case, "form", context, context["form"], tab=self.tab)


def _verb(action: Callable[..., Any]) -> str:
    return action.verb  # type: ignore[attr-defined]  # every @action has one


def _case_of(subject: Any) -> Case:
    return subject if isinstance(subject, Case) else subject.case
