from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.anchors import waiting
from apps.cases.queries import accounts_of_finding, visible_cases, visible_decisions
from apps.core.forms import ReasonForm
from apps.core.http import carried_out, explained, file_response, form_page, is_fragment, pdf_response, require
from apps.core.paging import page
from apps.counsel.queries import represented
from apps.evidence import sending
from apps.notices import actions, annex, filters, forms, queries, writing
from apps.notices.checks import checks
from apps.notices.letter import LIST_FILE
from apps.notices.models import Notice
from apps.notices.sources import sourced


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    require(request, "notices.view")
    found = filters.NoticeFilter(request.GET, queries.visible_notices(request.user))
    context = {
        "filter": found,
        "page": page(found.qs, ("-drafted_at", "-id"), request.GET),
        "filtered": any(request.GET.values()),
    }
    return render(request, "notices/list.html", context)


@require_safe
def of_case(request: HttpRequest, ref: str) -> HttpResponse:
    """The panel of a case: its letters, and what may be drafted."""
    case = get_object_or_404(visible_cases(request.user), ref=ref)
    found = list(queries.visible_notices(request.user).filter(case=case).order_by("-drafted_at")[:50])
    decisions = [d for d in case.decisions.filter(state="approved").order_by("ref") if forms.kinds_for(d)]
    context = {
        "case": case,
        "notices": found,
        "mailings": queries.visible_mailings(request.user).filter(case=case).order_by("-started_at"),
        "decisions": decisions,
        "to_many": [d for d in decisions if d.account_count > 1 and forms.letters_to_accounts(d)],
    }
    return render(request, "notices/of_case.html" if is_fragment(request) else "notices/of_case_page.html", context)


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, decision_ref: str) -> HttpResponse:
    decision = get_object_or_404(visible_decisions(request.user), ref=decision_ref)
    require(request, "notices.view", "notices.draft_notice")
    form = forms.DraftForm(request.POST or None, decision=decision, initial=request.GET.dict())
    if form.is_valid():
        with explained(form):
            notice = actions.draft_notice(decision, by=request.user, **form.cleaned_data)
            return redirect("notices:notice", notice.pk)
    today = timezone.now().date()
    context: dict[str, Any] = {"decision": decision, "through_counsel": represented(decision.case, today)}
    if "account" in form.fields:
        context["accounts"] = accounts_of_finding(decision.finding).order_by("account__ref")[:8]
    return form_page(request, "notices/draft.html", form, **context)


@require_safe
def notice(request: HttpRequest, pk) -> HttpResponse:
    found = _find(request, pk)
    actions.preview_notice(found, by=request.user)
    return _notice_page(request, found)


def _notice_page(
    request: HttpRequest,
    found: Notice,
    *,
    reason: ReasonForm | None = None,
    redraft: forms.RecipientForm | None = None,
) -> HttpResponse:
    composition, lines = writing.composed(found), checks(found)
    context = {
        "notice": found,
        "facts": composition.facts,
        "sections": sourced(found, composition),
        "checks": lines,
        "stopped": any(line["state"] == "stop" for line in lines[:-1]),  # the last asks for the approval itself
        "reason": reason or ReasonForm(),
        "gives_back": found.state == Notice.State.ISSUED and found.kind in actions.TO_ACCOUNTS,
        "redraft": redraft or forms.redraft_form(found),
        "listed": annex.references(found.accounts_csv)[:8] if found.accounts_csv else [],
        "is_whole": found.state != Notice.State.ISSUED or sending.is_whole(found.pdf_sha256),
        "wait": waiting.of("notices.render", found.pk) if found.state == Notice.State.ISSUING else None,
    }
    return render(request, "notices/notice.html", context, status=422 if reason or redraft else 200)


@require_safe
def preview(request: HttpRequest, pk) -> HttpResponse:
    """The letter as it will look, on screen. An issued one is shown from the vault, never made again."""
    found = _find(request, pk)
    actions.preview_notice(found, by=request.user)
    if found.state == Notice.State.ISSUED:
        return pdf_response(lambda: sending.read_whole(found.pdf_sha256), name=str(found.ref))
    return pdf_response(lambda: writing.to_pdf(found, writing.facts_of(found)), name="draft")


@require_safe
def download(request: HttpRequest, pk) -> HttpResponseBase:
    found = _find(request, pk)
    if found.state != Notice.State.ISSUED:
        raise Http404
    actions.open_notice(found, by=request.user)
    return sending.whole_file(request, found.pdf_sha256, filename=f"{found.ref}.pdf", size=found.pdf_bytes or 0)


@require_safe
def listed_accounts(request: HttpRequest, pk) -> HttpResponseBase:
    """The list of accounts that is attached to a letter, or will be."""
    found = _find(request, pk)
    if not found.accounts_csv:
        raise Http404
    actions.open_notice(found, by=request.user)
    text = found.accounts_csv.encode()
    return file_response([text], filename=LIST_FILE, media_type="text/csv", size=len(text))


@require_POST
def redraft(request: HttpRequest, pk) -> HttpResponse:
    found = _find(request, pk)
    form = forms.redraft_form(found, request.POST)
    require(request, "notices.view", "notices.redraft_notice", found)
    if not form.is_valid():
        return _notice_page(request, found, redraft=form)
    with explained(request):
        actions.redraft_notice(found, by=request.user, **form.cleaned_data)
        messages.success(request, "The draft was taken from the records again.")
    return redirect("notices:notice", pk)


@require_http_methods(["GET", "POST"])
def translate(request: HttpRequest, pk) -> HttpResponse:
    """Each sentence of the case beside its translation, for a letter in another language."""
    found = _find(request, pk)
    require(request, "notices.view", "notices.translate_notice", found)
    facts = writing.facts_of(found)
    form = forms.TranslationForm(request.POST or None, translations=facts.translations, language=facts.language)
    if form.is_valid():
        with explained(form):
            actions.translate_notice(found, texts=form.texts, by=request.user)
            messages.success(request, "The sentences are in the letter. Another person approves it.")
            return redirect("notices:notice", pk)
    return form_page(request, "notices/translate.html", form, notice=found)


@require_http_methods(["GET", "POST"])
def reinstate(request: HttpRequest, pk) -> HttpResponse:
    """Draft the letter that takes a measure back."""
    found = _find(request, pk)
    require(request, "notices.view", "notices.draft_reinstatement")
    form = forms.ReinstatementForm(request.POST or None, initial={"lifted_on": timezone.now().date()})
    if form.is_valid():
        with explained(form):
            drafted = actions.draft_reinstatement(measure=found, by=request.user, **form.cleaned_data)
            return redirect("notices:notice", drafted.pk)
    return form_page(request, "notices/reinstate.html", form, notice=found)


@require_POST
def approve(request: HttpRequest, pk) -> HttpResponse:
    with explained(request):
        actions.approve_notice(_find(request, pk), by=request.user)
        messages.success(request, "Approved. It can be issued now.")
    return redirect("notices:notice", pk)


@require_POST
def give_back(request: HttpRequest, pk) -> HttpResponse:
    return _with_reason(request, pk, actions.return_notice, "It is with its drafter again.")


@require_POST
def discard(request: HttpRequest, pk) -> HttpResponse:
    return _with_reason(request, pk, actions.discard_notice, "The draft was discarded; it stays on record.")


@require_POST
def issue(request: HttpRequest, pk) -> HttpResponse:
    found = _find(request, pk)
    with explained(request):
        actions.issue_notice(found, by=request.user)
        messages.success(request, f"{found.ref} is being issued: its file is made now and cannot change afterwards.")
    return redirect("notices:notice", pk)


def _with_reason(request: HttpRequest, pk, action, done: str) -> HttpResponse:
    found = _find(request, pk)
    require(request, "notices.view", action.verb, found)
    form = ReasonForm(request.POST)
    if carried_out(request, form, action, found, done=done):
        return redirect("notices:notice", pk)
    return _notice_page(request, found, reason=form)


def _find(request: HttpRequest, pk) -> Notice:
    return get_object_or_404(queries.visible_notices(request.user), pk=pk)
