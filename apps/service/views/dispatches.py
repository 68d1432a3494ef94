"""The letters of a mailing by e-mail: a list of addresses looked at first, then how far it is, letter by letter."""

from typing import Any

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core import vault
from apps.core.forms import ReasonForm
from apps.core.http import carried_out, explained, form_page, is_fragment, require, taken
from apps.core.paging import page
from apps.notices.models import Mailing
from apps.notices.queries import visible_mailings
from apps.service import actions, addressing, forms, queries, sending
from apps.service.addresses import opened_list, sealed_list
from apps.service.models import Dispatch

PREVIEW_LASTS = 3600  # seconds in which a list that was shown can be sent
ROWS_SHOWN = 50


@require_safe
def of_mailing(request: HttpRequest, pk) -> HttpResponse:
    """How the letters of a mailing were served: a panel of its page, or a page of its own with every letter."""
    found = _mailing(request, pk)
    if is_fragment(request):
        return render(request, "service/_mailing.html", _of(found))
    return _page(request, found)


def _of(found: Mailing) -> dict[str, Any]:
    standings = queries.standings(found)
    labels = dict(queries.Standing.choices)
    return {
        "mailing": found,
        "dispatch": queries.last_dispatch(found),
        "figures": [(standing, labels[standing], count) for standing, count in standings.items()],
        "standings": standings,
        "issued": sum(standings.values()),
        "can_email": sending.is_possible(),
        "given_up": queries.given_up(found),
    }


def _page(request: HttpRequest, found: Mailing, *, reason: ReasonForm | None = None) -> HttpResponse:
    form = forms.StandingForm(request.GET)
    letters = queries.mailed_letters(found).select_related("account")
    if form.is_valid() and form.cleaned_data["standing"]:
        letters = letters.filter(standing=form.cleaned_data["standing"])
    context = _of(found) | {
        "form": form,
        "page": page(letters, ("ref", "id"), request.GET),
        "reason": reason or ReasonForm(),
    }
    return render(request, "service/mailing.html", context, status=422 if reason else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def start_dispatch(request: HttpRequest, pk) -> HttpResponse:
    """First the list and what is wrong with it, then the very same addresses once somebody has seen that."""
    found = _mailing(request, pk)
    require(request, "service.view", "service.start_dispatch", found)
    if request.method == "POST" and "seen" in request.POST:
        return _confirmed(request, found)
    form = forms.AddressListForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = _of(found)
    if form.is_valid():
        with explained(form):
            context |= _previewed(request, addressing.read(form.cleaned_data["file"].read(), found))
    return form_page(request, "service/start_dispatch.html", form, **context)


def _previewed(request: HttpRequest, listed: addressing.AddressList) -> dict[str, Any]:
    """The addresses wait sealed for the confirmation, which names them; the vault lets go of what nobody confirms."""
    held = vault.hold(sealed_list(listed.addresses).encode()) if listed.addresses else ""
    return {
        "listed": listed,
        "shown": listed.shown[:ROWS_SHOWN],
        "refused": listed.refused[:ROWS_SHOWN],
        "seen": signing.dumps(held, salt=_salt(request)) if held else "",
    }


def _confirmed(request: HttpRequest, found: Mailing) -> HttpResponse:
    try:
        held = signing.loads(request.POST["seen"], salt=_salt(request), max_age=PREVIEW_LASTS)
        addresses = opened_list(vault.held(held).decode())
    except (signing.BadSignature, vault.Missing):
        messages.error(
            request, "This list is too old, was sent already, or is another person's: choose the file again."
        )
        return redirect("service:start_dispatch", found.pk)
    with explained(request):
        dispatch = actions.start_dispatch(found, addresses=addresses, by=request.user)
        vault.let_go(held)
        messages.success(request, f"{dispatch.count:,} letters leave now, part by part.")
        return redirect(dispatch)
    return redirect("service:start_dispatch", found.pk)


def _salt(request: HttpRequest) -> str:
    return f"service.start_dispatch:{request.user.pk}"


@require_POST
def retry_dispatch(request: HttpRequest, pk) -> HttpResponse:
    found = _mailing(request, pk)
    with explained(request):
        actions.retry_dispatch(found, by=request.user)
        messages.success(request, "What failed is tried again.")
    return redirect("service:of_mailing", found.pk)


@require_POST
def pause_dispatch(request: HttpRequest, pk) -> HttpResponse:
    return taken(request, actions.pause_dispatch, _find(request, pk), done="Paused. What the mail server has goes on.")


@require_POST
def resume_dispatch(request: HttpRequest, pk) -> HttpResponse:
    return taken(request, actions.resume_dispatch, _find(request, pk), done="It goes on.")


@require_POST
def cancel_dispatch(request: HttpRequest, pk) -> HttpResponse:
    found, form = _find(request, pk), ReasonForm(request.POST)
    require(request, "service.view", "service.cancel_dispatch", found)
    if carried_out(request, form, actions.cancel_dispatch, found, done="Cancelled: no more of these letters leave."):
        return redirect(found)
    return _page(request, found.mailing, reason=form)


def _find(request: HttpRequest, pk) -> Dispatch:
    return get_object_or_404(queries.visible_dispatches(request.user), pk=pk)


def _mailing(request: HttpRequest, pk) -> Mailing:
    require(request, "service.view")
    return get_object_or_404(visible_mailings(request.user), pk=pk)
