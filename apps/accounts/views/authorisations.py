"""Pages of what accounts were allowed: the list, one authorisation, and what two people do with it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import actions, authorisations, queries
from apps.accounts.filters import AuthorisationFilter
from apps.accounts.forms import AuthorisationForm, ReasonForm, RevocationForm
from apps.accounts.models import Authorisation
from apps.core.http import carried_out, explained, form_page, require
from apps.core.paging import page


@require_safe
def authorisations_list(request: HttpRequest) -> HttpResponse:
    require(request, "accounts.view")
    found = AuthorisationFilter(request.GET, queries.visible_authorisations(request.user))
    rows = page(found.qs, ("-recorded_at", "-id"), request.GET)
    context = {"filter": found, "page": rows, "today": timezone.now().date()}
    return render(request, "accounts/authorisations.html", context)


@require_safe
def authorisation(request: HttpRequest, pk: str) -> HttpResponse:
    found = _find(request, pk)
    context = {
        "authorisation": found,
        "last_day": authorisations.last_day(found),
        "today": timezone.now().date(),
        "covered": authorisations.described(found, queries.visible_accounts(request.user)).count(),
        "named": page(found.named.select_related("account"), ("id",), request.GET),
    }
    return render(request, "accounts/authorisation.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def record_authorisation(request: HttpRequest) -> HttpResponse:
    require(request, "accounts.view", "accounts.record_authorisation")
    form = AuthorisationForm(request.POST or None, initial={"refs": request.GET.get("ref", "")})
    made = carried_out(
        request, form, actions.record_authorisation, done="Recorded. It counts once another person has confirmed it."
    )
    if made:
        return redirect(made.result)
    return form_page(request, "accounts/record_authorisation.html", form)


@require_POST
def confirm_authorisation(request: HttpRequest, pk: str) -> HttpResponse:
    found = _find(request, pk)
    with explained(request):
        actions.confirm_authorisation(found, by=request.user)
        messages.success(request, "Confirmed: it is checked before any finding from now on.")
    return redirect(found)


@require_http_methods(["GET", "HEAD", "POST"])
def refuse_authorisation(request: HttpRequest, pk: str) -> HttpResponse:
    return _decide(
        request,
        _find(request, pk),
        ReasonForm(request.POST or None),
        actions.refuse_authorisation,
        title="Refuse the authorisation",
        says="It will cover nobody.",
        button="Refuse it",
        done="Refused.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_authorisation(request: HttpRequest, pk: str) -> HttpResponse:
    return _decide(
        request,
        _find(request, pk),
        RevocationForm(request.POST or None, initial={"revoked_from": timezone.now().date()}),
        actions.revoke_authorisation,
        title="Revoke the authorisation",
        says="What its holder did before that day stays allowed.",
        button="Revoke it",
        done="Revoked.",
    )


def _decide(
    request: HttpRequest,
    found: Authorisation,
    form: forms.Form,
    action: Callable[..., Any],
    *,
    done: str,
    **context: str,
) -> HttpResponse:
    require(request, "accounts.view", f"accounts.{action.__name__}", found)
    if carried_out(request, form, action, found, done=done):
        return redirect(found)
    return form_page(request, "accounts/decide_authorisation.html", form, authorisation=found, **context)


def _find(request: HttpRequest, pk: str) -> Authorisation:
    return get_object_or_404(queries.visible_authorisations(request.user), pk=pk)
