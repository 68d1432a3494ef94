"""Pages of edges: the path between two accounts, and what people say of an edge."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import actions, queries, ring_words
from apps.accounts.forms import ReasonForm, TieForm
from apps.accounts.queries import rings
from apps.audit.reads.asking import asked
from apps.core.http import carried_out, form_page, require
from apps.core.paging import page


@require_safe
def open_path(request: HttpRequest, pk: str, to: str) -> HttpResponse:
    """How one account leads to another: step by step, with what each says. Who may see identifiers sees them masked,
    and that they looked is recorded."""
    accounts = queries.visible_accounts(request.user)
    one, other = get_object_or_404(accounts, pk=pk), get_object_or_404(accounts, pk=to)
    may_look = request.user.has_perm("accounts.view_identifiers")
    if may_look and (answer := asked(request, actions.open_path, one, back=one.get_absolute_url(), to=other.ref)):
        return answer
    found = rings.path_between(one, other, masked=may_look)
    context: dict[str, Any] = {
        "one": one,
        "other": other,
        "ring": found.ring,
        "hops": found.hops,
        "words": ring_words.way(found.ring, found.hops),
        "linked": any(not hop.by_rhythm for hop in found.hops),
        "shared": rings.shared_by(one, other),
        "may_look": may_look,
    }
    return render(request, "accounts/rings/path.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def cut_link(request: HttpRequest, pk: str) -> HttpResponse:
    """Says before what it would do: to the account alone, and to everybody who holds the value."""
    link = get_object_or_404(rings.visible_links(request.user), pk=pk)
    require(request, "accounts.view", "accounts.cut_link", link)
    form = TieForm(request.POST if request.method == "POST" else None, initial={"whole": request.GET.get("whole")})
    done = "Cut. A run around its accounts is begun: the ring changes in a moment."
    if carried_out(request, form, actions.cut_link, link, done=done):
        return redirect(link.ring)
    context = {
        "link": link,
        "thing": ring_words.thing(link.kind),
        "alone": ring_words.in_parts(rings.without(link, whole=False)),
        "whole": ring_words.in_parts(rings.without(link, whole=True)) if link.value_hmac else "",
    }
    return form_page(request, "accounts/rings/cut.html", form, **context)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_link(request: HttpRequest, pk: str) -> HttpResponse:
    require(request, "accounts.view", "accounts.confirm_link")
    identifier = get_object_or_404(queries.visible_identifiers(request.user).select_related("account"), pk=pk)
    form = TieForm(request.POST if request.method == "POST" else None)
    done = "Confirmed. A run around its accounts is begun: rings change in a moment."
    if carried_out(request, form, actions.confirm_link, identifier, done=done):
        return redirect(identifier.account)
    said = (
        f"The {ring_words.thing(identifier.kind)} {identifier.masked} will link {identifier.account} with whoever"
        " holds it too, however common it is."
    )
    context = {"title": "Confirm an edge", "said": said, "button": "Confirm it"}
    back = identifier.account.get_absolute_url()
    return form_page(request, "accounts/rings/ask.html", form, **context, back=back, up=identifier.account)


@require_safe
def ties(request: HttpRequest) -> HttpResponse:
    require(request, "accounts.view")
    rows = page(rings.visible_ties(request.user), ("-judged_at", "-id"), request.GET)
    return render(request, "accounts/rings/ties.html", {"page": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def undo_tie(request: HttpRequest, pk: str) -> HttpResponse:
    tie = get_object_or_404(rings.visible_ties(request.user), pk=pk)
    require(request, "accounts.view", "accounts.undo_tie", tie)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if carried_out(request, form, actions.undo_tie, tie, done="Taken back. A run around it is begun."):
        return redirect("accounts:ties")
    said = f"“{tie}” no longer counts, and rings are found as if nobody had said it."
    context = {"title": "Take back what was said of an edge", "said": said, "button": "Take it back", "up": None}
    return form_page(request, "accounts/rings/ask.html", form, **context, back=reverse("accounts:ties"))
