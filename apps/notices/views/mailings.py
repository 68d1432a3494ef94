"""Pages of a mailing: started for a decision, its sample read, approved and released, and how far it is."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases.queries import accounts_of_finding, visible_decisions
from apps.core.forms import ReasonForm
from apps.core.http import carried_out, explained, form_page, require, taken
from apps.notices import actions, forms, queries, writing
from apps.notices.models import Mailing, SampledLetter
from apps.notices.sources import sourced


@require_http_methods(["GET", "POST"])
def start_mailing(request: HttpRequest, decision_ref: str) -> HttpResponse:
    decision = get_object_or_404(visible_decisions(request.user), ref=decision_ref)
    require(request, "notices.view", "notices.start_mailing")
    form = forms.MailingForm(request.POST or None, decision=decision)
    if form.is_valid():
        with explained(form):
            return redirect(actions.start_mailing(decision, by=request.user, **form.cleaned_data))
    met = accounts_of_finding(decision.finding).count()
    return form_page(request, "notices/start_mailing.html", form, decision=decision, met=met)


@require_safe
def mailing(request: HttpRequest, pk) -> HttpResponse:
    return _page(request, _find(request, pk))


@require_safe
def progress(request: HttpRequest, pk) -> HttpResponse:
    """A fragment: how far it is. It asks again as long as something is under way."""
    found = _find(request, pk)
    return render(request, "notices/_mailing_progress.html", _of(found))


def _of(found: Mailing) -> dict[str, Any]:
    return {"mailing": found, "progress": queries.progress(found), "problems": queries.problems(found)}


def _page(
    request: HttpRequest, found: Mailing, *, release: forms.ReleaseForm | None = None, reason: ReasonForm | None = None
) -> HttpResponse:
    sample = queries.sample_of(found)
    context = _of(found) | {
        "sample": sample,
        "shown": queries.shown_by(found, sample),
        "wordings": list(queries.wordings_of(found)),
        "unread": queries.first_unread(sample),
        "release": release or forms.ReleaseForm(),
        "reason": reason or ReasonForm(),
    }
    refused = (release and release.errors) or (reason and reason.errors)
    return render(request, "notices/mailing.html", context, status=422 if refused else 200)


@require_safe
def sampled_letter(request: HttpRequest, pk, position: int) -> HttpResponse:
    """One drawn letter, statement by statement."""
    sampled = _find_sampled(request, pk, position)
    return _sampled_page(request, sampled, forms.MarkForm(initial={"note": sampled.note}))


@require_POST
def mark_letter(request: HttpRequest, pk, position: int) -> HttpResponse:
    """What its reader says of a drawn letter; on to the next that nobody marked."""
    sampled, form = _find_sampled(request, pk, position), forms.MarkForm(request.POST)
    require(request, "notices.view", "notices.mark_letter", sampled)
    if form.is_valid():
        with explained(form):
            actions.mark_letter(sampled, by=request.user, **form.cleaned_data)
            return redirect(queries.unread_after(sampled) or sampled.mailing)
    return _sampled_page(request, sampled, form)


def _find_sampled(request: HttpRequest, pk, position: int) -> SampledLetter:
    drawn = _find(request, pk).sample.select_related("mailing")
    return get_object_or_404(drawn, position=position, notice__in=queries.visible_notices(request.user))


def _sampled_page(request: HttpRequest, sampled: SampledLetter, form: forms.MarkForm) -> HttpResponse:
    notice = queries.visible_notices(request.user).get(pk=sampled.notice_id)
    actions.preview_notice(notice, by=request.user)
    context = {
        "mailing": sampled.mailing,
        "sampled": sampled,
        "notice": notice,
        "sections": sourced(notice, writing.composed(notice)),
        "drawn": sampled.mailing.sample.count(),
    }
    return form_page(request, "notices/sampled_letter.html", form, **context)


@require_POST
def approve_mailing(request: HttpRequest, pk) -> HttpResponse:
    return taken(
        request, actions.approve_mailing, _find(request, pk), done="Approved. The letters can be released now."
    )


@require_POST
def release_mailing(request: HttpRequest, pk) -> HttpResponse:
    found, form = _find(request, pk), forms.ReleaseForm(request.POST)
    require(request, "notices.view", "notices.release_mailing", found)
    if form.is_valid():
        with explained(form):
            actions.release_mailing(found, typed=form.cleaned_data["typed"], by=request.user)
            messages.success(request, "Released: the letters get their numbers and files now, part by part.")
            return redirect(found)
    return _page(request, found, release=form)


@require_POST
def pause_mailing(request: HttpRequest, pk) -> HttpResponse:
    return taken(
        request,
        actions.pause_mailing,
        _find(request, pk),
        done="Paused. What is under way is finished, and nothing more begun.",
    )


@require_POST
def resume_mailing(request: HttpRequest, pk) -> HttpResponse:
    return taken(request, actions.resume_mailing, _find(request, pk), done="It goes on.")


@require_POST
def retry_mailing(request: HttpRequest, pk) -> HttpResponse:
    return taken(request, actions.retry_mailing, _find(request, pk), done="What failed is tried again.")


@require_POST
def cancel_mailing(request: HttpRequest, pk) -> HttpResponse:
    found, form = _find(request, pk), ReasonForm(request.POST)
    require(request, "notices.view", "notices.cancel_mailing", found)
    done = "Cancelled: letters without a number are discarded; they stay on record."
    if carried_out(request, form, actions.cancel_mailing, found, done=done):
        return redirect(found)
    return _page(request, found, reason=form)


def _find(request: HttpRequest, pk) -> Mailing:
    return get_object_or_404(queries.visible_mailings(request.user), pk=pk)
