from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.core import vault
from apps.core.http import OCTETS, carried_out, explained, file_response, is_fragment, require
from apps.core.paging import page
from apps.notices.actions import preview_notice
from apps.notices.models import Notice
from apps.service import actions, forms, icalendar, queries, sending
from apps.service.models import Answer, Attempt, Deadline

# --- the calendar ----------------------------------------------------------------------------------------------------


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """What has to happen by when: the most urgent first."""
    require(request, "service.view")
    form = forms.FilterForm(request.GET)
    now = timezone.now()
    shown = page(queries.narrowed(request.user, form), ("ends_at", "id"), request.GET)
    context = {
        "form": form,
        "page": shown,
        "filtered": any(request.GET.values()),
        "spans": queries.spans(request.user, now),
        "uncertain": list(queries.uncertain(request.user)[:10]),
        "to_file": queries.to_file(request.user).count(),
        "now": now,
        "week": now + timedelta(days=7),
    }
    return render(request, "service/calendar.html", context)


@require_safe
def deadlines_file(request: HttpRequest) -> HttpResponse:
    """The deadlines that the page shows, for a calendar program (RFC 5545)."""
    require(request, "service.view")
    found = queries.narrowed(request.user, forms.FilterForm(request.GET)).order_by("ends_at", "id")
    text = icalendar.calendar(found[: icalendar.MOST], request.build_absolute_uri("/"))
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="deadlines.ics"'
    return response


# --- what came back --------------------------------------------------------------------------------------------------


@require_safe
def returns(request: HttpRequest) -> HttpResponse:
    require(request, "service.view")
    wants_all = "all" in request.GET
    found = queries.visible_returns(request.user) if wants_all else queries.to_file(request.user)
    context = {"page": page(found, ("-received_at", "-id"), request.GET), "all": wants_all}
    return render(request, "service/returns.html", context)


@require_safe
def open_return(request: HttpRequest, pk) -> StreamingHttpResponse:
    """The message itself, as bytes to keep: nothing in it is shown here."""
    found = get_object_or_404(queries.visible_returns(request.user), pk=pk)
    actions.open_return(found, by=request.user)
    name = f"returned-{found.received_at:%Y%m%d-%H%M}.eml"
    return file_response(vault.chunks(found.sha256), filename=name, media_type=OCTETS, size=found.byte_size)


@require_POST
def file_return(request: HttpRequest, pk) -> HttpResponse:
    found = get_object_or_404(queries.visible_returns(request.user), pk=pk)
    with explained(request):
        actions.file_return(found, by=request.user)
    return redirect("service:returns")


# --- one letter ------------------------------------------------------------------------------------------------------


@require_safe
def of_notice(request: HttpRequest, pk) -> HttpResponse:
    """How a letter was served: a panel of its page, or a page of its own."""
    notice = _notice(request, pk)
    if is_fragment(request):
        context = {
            "notice": notice,
            "attempts": queries.attempts_of(notice)[:5],
            "deadlines": queries.deadlines_of(notice),
        }
        return render(request, "service/_panel.html", context)
    preview_notice(notice, by=request.user)
    return _page(request, notice)


def _page(request: HttpRequest, notice: Notice, **shown: Any) -> HttpResponse:
    theirs = notice.deadlines.exclude(kind=Deadline.Kind.SERVE).first()
    context = {
        "notice": notice,
        "attempts": list(queries.attempts_of(notice)),
        "deadlines": list(queries.deadlines_of(notice)),
        "answers": notice.answers.order_by("received_at"),
        "can_email": sending.is_possible(),
        "email": forms.EmailForm(),
        "attempt_form": forms.AttemptForm(),
        "blank": forms.ResultForm(),
        "answer": forms.AnswerForm(),
        "calendar": forms.CalendarForm(initial={"zone": theirs.zone, "calendar": theirs.calendar} if theirs else {}),
    } | shown
    return render(request, "service/notice.html", context, status=422 if shown else 200)


@require_POST
def email_letter(request: HttpRequest, pk) -> HttpResponse:
    done = "It leaves in a moment. What becomes of it is read back from the mail server’s reports."
    return _on_notice(request, pk, forms.EmailForm(request.POST), "email", actions.email_letter, done)


@require_POST
def record_attempt(request: HttpRequest, pk) -> HttpResponse:
    form = forms.AttemptForm(request.POST, request.FILES)
    return _on_notice(request, pk, form, "attempt_form", actions.record_attempt, "The attempt is on record.")


@require_POST
def set_calendar(request: HttpRequest, pk) -> HttpResponse:
    form = forms.CalendarForm(request.POST)
    return _on_notice(request, pk, form, "calendar", actions.set_calendar, "The deadlines were worked out again.")


@require_POST
def note_answer(request: HttpRequest, pk) -> HttpResponse:
    form = forms.AnswerForm(request.POST)
    if form.is_valid():
        form.cleaned_data["kind"] = Answer.Kind.RESPONSE
    return _on_notice(request, pk, form, "answer", actions.note_answer, "The answer is on record.")


def _on_notice(
    request: HttpRequest, pk, form: django_forms.Form, shown_as: str, action: Callable, done: str
) -> HttpResponse:
    notice = _notice(request, pk)
    require(request, "service.view", action.verb, notice)  # type: ignore[attr-defined]
    if carried_out(request, form, action, notice, done=done):
        return redirect("service:of_notice", pk)
    return _page(request, notice, **{shown_as: form})


@require_POST
def note_delivered(request: HttpRequest, pk) -> HttpResponse:
    return _on_attempt(request, pk, actions.note_delivered, "It is on record as delivered.")


@require_POST
def acknowledge(request: HttpRequest, pk) -> HttpResponse:
    return _on_attempt(request, pk, actions.acknowledge, "It is on record as acknowledged.")


@require_POST
def note_bounced(request: HttpRequest, pk) -> HttpResponse:
    return _on_attempt(request, pk, actions.note_bounced, "It is on record that it came back: try another address.")


@require_POST
def note_refused(request: HttpRequest, pk) -> HttpResponse:
    return _on_attempt(request, pk, actions.note_refused, "It is on record as refused.")


@require_POST
def give_up(request: HttpRequest, pk) -> HttpResponse:
    return _on_attempt(request, pk, actions.give_up, "It counts no more: you can make another attempt.", _given_up)


def _given_up(attempt: Attempt, *, note: str, by, **others: Any) -> None:
    actions.give_up(attempt, reason=note, by=by)


def _on_attempt(
    request: HttpRequest, pk, action: Callable, done: str, carry_out: Callable | None = None
) -> HttpResponse:
    """Take the action with what the form says; `carry_out` takes it where it asks for something else."""
    attempt = get_object_or_404(queries.visible_attempts(request.user), pk=pk)
    require(request, "service.view", action.verb, attempt)  # type: ignore[attr-defined]
    form = forms.ResultForm(request.POST, request.FILES)
    if carried_out(request, form, carry_out or action, attempt, done=done):
        return redirect("service:of_notice", attempt.notice_id)
    return _page(request, attempt.notice, result=form, asked=attempt)


def _notice(request: HttpRequest, pk) -> Notice:
    require(request, "service.view")
    return get_object_or_404(queries.letters_of(request.user), pk=pk)
