"""The recipient's side: opened with a letter's number and code, without an account and without a script.

The number and the code become a signed cookie for an hour, so that neither stands in an address that others may see.
Whoever knows only one of them is told nothing.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core import ratelimit
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override as in_language
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.appeals import actions, forms, queries
from apps.appeals.models import Appeal
from apps.appeals.recipients import Recipient, is_in_time, last_day, letter_with
from apps.audit.action import Forbidden
from apps.core.http import explained
from apps.core.public import View, for_everybody
from apps.evidence import sending
from apps.notices import writing
from apps.notices.models import Notice
from apps.service import actions as service
from apps.service import links
from apps.service.models import Attempt
from apps.service.queries import shown_by_code

COOKIE, SALT, HOUR = "letter", "apps.appeals.letters", 3600
MOST = (actions.FILES + 1) * actions.FILE_BYTES  # bytes of a request


public = for_everybody(
    most=MOST, too_large="letters/too_large.html", megabytes=actions.FILE_BYTES // 1024**2, files=actions.FILES
)


def with_letter(view: View) -> View:
    """For whoever opened a letter within the last hour, in its language; others are asked for its number and code."""

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            key = str(request.get_signed_cookie(COOKIE, salt=SALT, max_age=HOUR))
        except (KeyError, signing.BadSignature):
            return redirect("appeals:letters")
        notice = Notice.objects.select_related("template").filter(pk=key, state=Notice.State.ISSUED).first()
        if notice is None:
            return redirect("appeals:letters")
        with in_language(notice.template.language):
            return view(request, notice, *args, **kwargs)

    return public(opened)


@public
@require_http_methods(["GET", "POST"])
def letters(request: HttpRequest) -> HttpResponseBase:
    """The way in: the number and the code of a letter."""
    sent = request.POST if request.method == "POST" else None
    form = forms.LetterForm(sent, initial={"number": request.GET.get("letter", "")[:40]})
    if form.is_valid():
        number, code = form.cleaned_data["number"].strip().upper(), form.cleaned_data["code"]
        if not ratelimit.consume(request, action="open_letter", key=number):
            return render(request, "letters/too_often.html", status=429)
        if notice := letter_with(number, code):
            if attempt := shown_by_code(notice):
                _acknowledge(service.open_by_code, attempt)
            return _let_in(request, notice)
        form.add_error(None, _("There is no letter with this number and this code. Look at both again."))
    return render(request, "letters/enter.html", {"form": form}, status=422 if form.errors else 200)


@public
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The way in by the link of an e-mail, once. Programs that look through mails follow links: a person presses a
    button."""
    if not ratelimit.consume(request, action="open_letter", key=secret[:64]):
        return render(request, "letters/too_often.html", status=429)
    attempt = links.attempt_with(secret)
    standing = links.standing(attempt)
    if request.method == "POST" and attempt and standing is links.Standing.OPENS:
        if _acknowledge(service.open_by_link, attempt):
            return _let_in(request, attempt.notice)
        standing = links.Standing.USED
    context = {"opens": standing is links.Standing.OPENS, "standing": standing.value, "attempt": attempt}
    return render(request, "letters/by_link.html", context, status=200 if context["opens"] else 410)


def _acknowledge(action: Callable, attempt: Attempt) -> bool:
    """That the letter reached them goes on record, where its attempt still says otherwise."""
    try:
        action(attempt, by=Recipient(attempt.notice))
    except Forbidden:
        return False
    return True


def _let_in(request: HttpRequest, notice: Notice) -> HttpResponse:
    response = redirect("appeals:letter")
    response.set_signed_cookie(
        COOKIE,
        str(notice.pk),
        salt=SALT,
        max_age=HOUR,
        path=reverse("appeals:letters"),
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return response


@public
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    response = redirect("appeals:letters")
    response.delete_cookie(COOKIE, path=reverse("appeals:letters"), samesite="Strict")
    return response


@with_letter
@require_safe
def letter(request: HttpRequest, notice: Notice) -> HttpResponse:
    """What was decided, what one may say against it, and where that stands."""
    actions.open_letter(notice, by=Recipient(notice))
    return _letter_page(request, notice)


@with_letter
@require_POST
def file_appeal(request: HttpRequest, notice: Notice) -> HttpResponse:
    form = forms.WordsForm(request.POST, request.FILES)
    filed = _done(form, actions.file_appeal, notice, notice)
    return filed or _letter_page(request, notice, form)


@with_letter
@require_POST
def add_words(request: HttpRequest, notice: Notice) -> HttpResponse:
    appeal, form = _appeal(notice), forms.MoreForm(request.POST, request.FILES)
    if not appeal.is_open:
        return redirect("appeals:letter")  # decided meanwhile: the page says how
    added = _done(form, actions.add_words, appeal, notice)
    return added or _letter_page(request, notice, form)


@with_letter
@require_POST
def withdraw_appeal(request: HttpRequest, notice: Notice) -> HttpResponse:
    appeal = _appeal(notice)
    if appeal.is_open:
        actions.withdraw_appeal(appeal, by=Recipient(notice))
    return redirect("appeals:letter")


@with_letter
@require_safe
def letter_file(request: HttpRequest, notice: Notice) -> HttpResponseBase:
    """The letter itself, byte for byte as it was issued."""
    actions.open_letter(notice, by=Recipient(notice))
    return _pdf(request, notice)


@with_letter
@require_safe
def answer_file(request: HttpRequest, notice: Notice) -> HttpResponseBase:
    answer = queries.answer_to(_appeal(notice))
    if answer is None or answer.state != Notice.State.ISSUED:
        raise Http404
    return _pdf(request, answer)


@with_letter
@require_safe
def copy(request: HttpRequest, notice: Notice) -> HttpResponse:
    """All that was said in the appeal, as text to keep."""
    appeal = _appeal(notice)
    context = {
        "notice": notice,
        "appeal": appeal,
        "state": _(appeal.get_state_display()),
        "conversation": queries.with_words(appeal),
    }
    response = render(request, "letters/copy.txt", context, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{appeal.ref}.txt"'
    return response


def _letter_page(request: HttpRequest, notice: Notice, form: forms.WordsForm | None = None) -> HttpResponse:
    appeal, composition = queries.appeal_of(notice), writing.composed(notice)
    answer = queries.answer_to(appeal) if appeal and appeal.is_decided else None
    may_appeal = is_in_time(notice, timezone.now()) and (appeal is None or appeal.state == Appeal.State.WITHDRAWN)
    if form is None:
        form = forms.MoreForm() if appeal and appeal.is_open else forms.WordsForm()
    context = {
        "notice": notice,
        "facts": composition.facts,
        "sections": composition.sections,
        "until": last_day(notice),
        "appeal": appeal,
        "state": _(appeal.get_state_display()) if appeal else "",
        "conversation": queries.with_words(appeal) if appeal else (),
        "answer": answer if answer and answer.state == Notice.State.ISSUED else None,
        "may_appeal": may_appeal,
        "form": form,
    }
    return render(request, "letters/letter.html", context, status=422 if form.errors else 200)


def _done(form: forms.WordsForm, action: Callable, on: Any, notice: Notice) -> HttpResponse | None:
    """Take the action that the form asks for; None where the form has to be shown again."""
    if form.is_valid():
        with explained(form):
            action(on, **form.cleaned_data, by=Recipient(notice))
            return redirect(reverse("appeals:letter") + "#appeal")
    return None


def _appeal(notice: Notice) -> Appeal:
    if appeal := queries.appeal_of(notice):
        return appeal
    raise Http404


def _pdf(request: HttpRequest, notice: Notice) -> HttpResponseBase:
    return sending.whole_file(
        request,
        notice.pdf_sha256,
        filename=f"{notice.ref}.pdf",
        size=notice.pdf_bytes or 0,
        otherwise="letters/not_whole.html",
    )
