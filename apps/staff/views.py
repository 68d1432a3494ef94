"""People, what they may do, and one's own account."""

import secrets
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.http import carried_out, explained, form_page, require
from apps.core.paging import page
from apps.staff import actions, forms, queries
from apps.staff.models import PEOPLE_ROLES, User
from apps.staff.roles import ROLES, verbs_by_room


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    require(request, "staff.view")
    form = forms.Filter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    shown = page(queries.search(queries.visible_people(request.user), **wanted), ("name", "id"), request.GET)
    last = queries.last_sign_ins(shown)
    context = {"form": form, "page": shown, "rows": [(person, last.get(person.pk)) for person in shown]}
    return render(request, "staff/people.html", context)


@require_safe
def person(request: HttpRequest, pk) -> HttpResponse:
    found = get_object_or_404(queries.visible_people(request.user), pk=pk)
    return _person_page(request, found, forms.ReasonForm())


def _person_page(request: HttpRequest, found: User, form: forms.ReasonForm) -> HttpResponse:
    context = {
        "person": found,
        "roles": [(slug, ROLES[slug]) for slug in found.roles],
        "sign_ins": queries.sign_ins(found, reader=_me(request)),
    }
    return form_page(request, "staff/person.html", form, **context)


@never_cache
@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    require(request, "staff.view", "staff.invite")
    form = forms.InviteForm(request.POST or None)
    if form.is_valid():
        password = secrets.token_urlsafe(15)
        with explained(form):
            invited = actions.invite(**form.cleaned_data, password=password, by=request.user)
            return render(request, "staff/invited.html", {"person": invited, "password": password})
    return form_page(request, "staff/invite.html", form)


@require_http_methods(["GET", "POST"])
def change_roles(request: HttpRequest, pk) -> HttpResponse:
    found = get_object_or_404(queries.visible_people(request.user), pk=pk)
    require(request, "staff.view", "staff.change_roles", found)
    form = forms.RolesForm(request.POST or None, initial={"roles": found.roles})
    if carried_out(
        request, form, actions.change_roles, found, done=lambda _: f"{found.name} is now {found.role_titles}."
    ):
        return redirect("staff:person", pk)
    return form_page(request, "staff/change_roles.html", form, person=found)


@require_POST
def deactivate(request: HttpRequest, pk) -> HttpResponse:
    return _change_access(request, pk, actions.deactivate, "The access of {} has ended, in every browser.")


@require_POST
def reactivate(request: HttpRequest, pk) -> HttpResponse:
    return _change_access(request, pk, actions.reactivate, "{} has access again.")


def _change_access(request: HttpRequest, pk, act: Any, said: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_people(request.user), pk=pk)
    require(request, "staff.view", act.verb, found)
    form = forms.ReasonForm(request.POST)
    if form.is_valid():
        with explained(form):
            act(found, **form.cleaned_data, by=request.user)
            messages.success(request, said.format(found.name))
            return redirect("staff:person", pk)
    return _person_page(request, found, form)


@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """For everyone: what each role may do is no secret among colleagues."""
    shown = {slug: ROLES[slug] for slug in PEOPLE_ROLES}
    rooms = [
        (room, [(verb, words, [verb in role.verbs for role in shown.values()]) for verb, words in verbs])
        for room, verbs in verbs_by_room(shown.values())
    ]
    return render(request, "staff/roles.html", {"roles": shown.values(), "rooms": rooms})


@require_safe
def me(request: HttpRequest) -> HttpResponse:
    person = _me(request)
    context = {"roles": [ROLES[slug] for slug in person.roles], "sign_ins": queries.sign_ins(person, reader=person)}
    return render(request, "staff/me.html", context)


def _me(request: HttpRequest) -> User:
    """The person of the request; the middleware lets nobody else through."""
    return cast(User, request.user)
