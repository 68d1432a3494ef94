from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases.models import Decision
from apps.cases.queries import visible_cases
from apps.core import pdf, vault
from apps.core.http import explained, file_response
from apps.core.paging import page
from apps.notices import actions, forms, queries
from apps.notices.checks import checks
from apps.notices.models import Notice


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("notices.view"):
        raise Http404
    form = forms.Filter(request.GET)
    found = queries.visible_notices(request.user)
    wanted = form.cleaned_data if form.is_valid() else {}
    if wanted.get("state"):
        found = found.filter(state=wanted["state"])
    if wanted.get("kind"):
        found = found.filter(template__kind=wanted["kind"])
    if words := wanted.get("q", "").strip():
        found = found.filter(Q(ref__iexact=words) | Q(case__ref__iexact=words) | Q(account__ref__iexact=words))
    context = {
        "form": form,
        "page": page(found, ("-drafted_at", "-id"), request.GET),
        "filtered": any(request.GET.values()),
    }
    return render(request, "notices/list.html", context)


@require_safe
def of_case(request: HttpRequest, ref: str) -> HttpResponse:
    """The panel of a case: its letters, and what may be drafted."""
    case = get_object_or_404(visible_cases(request.user), ref=ref)
    found = list(queries.visible_notices(request.user).filter(case=case).order_by("-drafted_at")[:50])
    decisions = [d for d in case.decisions.filter(state="approved").order_by("ref") if forms.kinds_for(d)]
    return render(request, "notices/of_case.html", {"case": case, "notices": found, "decisions": decisions})


@require_http_methods(["GET", "POST"])
def draft(request: HttpRequest, decision_ref: str) -> HttpResponse:
    decisions = Decision.objects.select_related("case", "finding").filter(case__in=visible_cases(request.user))
    decision = get_object_or_404(decisions, ref=decision_ref)
    if not request.user.has_perm("notices.draft_notice"):
        raise PermissionDenied
    form = forms.DraftForm(request.POST or None, decision=decision)
    if form.is_valid():
        with explained(form):
            notice = actions.draft_notice(
                decision,
                kind=form.cleaned_data["kind"],
                recipient=form.cleaned_data["recipient"],
                by=request.user,
                **form.recipient_of_record(),
            )
            return redirect("notices:notice", notice.pk)
    context = {"form": form, "decision": decision, "accounts": decision.finding.accounts.select_related("account")[:8]}
    return render(request, "notices/draft.html", context, status=422 if form.errors else 200)


@require_safe
def notice(request: HttpRequest, pk) -> HttpResponse:
    return _notice_page(request, _find(request, pk))


def _notice_page(request: HttpRequest, found: Notice, form: forms.ReasonForm | None = None) -> HttpResponse:
    composed = actions.composed(found)
    context = {
        "notice": found,
        "composed": composed,
        "checks": checks(found),
        "reason": form or forms.ReasonForm(),
        "recipient": forms.RecipientForm(initial={"recipient": found.recipient}),
    }
    return render(request, "notices/notice.html", context, status=422 if form and form.errors else 200)


@require_safe
@xframe_options_sameorigin
def preview(request: HttpRequest, pk) -> HttpResponse:
    """The letter as it will look, on screen. An issued one is shown from the vault, never made again."""
    found = _find(request, pk)
    if found.state == Notice.State.ISSUED:
        data = vault.read(found.pdf_sha256)
    else:
        try:
            data = actions.to_pdf(found, actions.facts_of(found))
        except pdf.PdfError as error:
            return HttpResponse(str(error), status=503, content_type="text/plain")
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{found.ref or "draft"}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; object-src 'self'; frame-ancestors 'self'"
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def download(request: HttpRequest, pk) -> HttpResponse:
    found = _find(request, pk)
    if found.state != Notice.State.ISSUED:
        raise Http404
    actions.open_notice(found, by=request.user)
    return file_response(
        vault.chunks(found.pdf_sha256),
        filename=f"{found.ref}.pdf",
        media_type="application/pdf",
        size=found.pdf_bytes or 0,
    )


@require_POST
def redraft(request: HttpRequest, pk) -> HttpResponse:
    found, form = _find(request, pk), forms.RecipientForm(request.POST)
    if form.is_valid():
        with explained(request):
            actions.redraft_notice(found, recipient=form.cleaned_data["recipient"], by=request.user)
            messages.success(request, "The draft was taken from the records again.")
    return redirect("notices:notice", pk)


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
    found, form = _find(request, pk), forms.ReasonForm(request.POST)
    if form.is_valid():
        with explained(form):
            action(found, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, done)
            return redirect("notices:notice", pk)
    return _notice_page(request, found, form)


def _find(request: HttpRequest, pk) -> Notice:
    return get_object_or_404(queries.visible_notices(request.user), pk=pk)
