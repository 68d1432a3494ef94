"""Pages of rings: the list, one ring with what holds it together, and what people say of it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import actions, queries, ring_words
from apps.accounts.filters import RingFilter
from apps.accounts.forms import WhyForm
from apps.accounts.models import Ring
from apps.accounts.queries import rings as found_rings
from apps.audit.reads.asking import asked
from apps.core.http import carried_out, form_page, is_fragment, require
from apps.core.links import url_if_any
from apps.core.paging import page

# Panels of rooms below this one, where they are installed.
PANELS = {"Cases": "cases:of_ring"}
MEMBERS = 25  # on the ring's own page


@require_safe
def rings(request: HttpRequest) -> HttpResponse:
    require(request, "accounts.view")
    found = RingFilter(request.GET, found_rings.visible_rings(request.user).select_related("first_run"))
    rows = page(found.qs, ("-size", "-id"), request.GET)
    for one in rows:
        one.families = ring_words.families(one)[:3]
    newest = found_rings.visible_runs(request.user).order_by("-number").first()
    return render(request, "accounts/rings/list.html", {"filter": found, "page": rows, "run": newest})


@require_safe
def ring(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_ring(request, pk)
    members = found_rings.memberships(request.user, found)
    values = found_rings.shared_values(found)
    context: dict[str, Any] = {
        "ring": found,
        "summary": ring_words.summary(found),
        "against": ring_words.against(found),
        "families": [(name, ring_words.percent(share)) for name, share in ring_words.families(found)],
        "shares": {name: ring_words.percent(found.measures.get(name) or 0) for name in ("density", "hub_share")},
        "values": values[:10],
        "more_values": len(values) > 10,
        "bridges": [one | {"said": ring_words.in_parts(one["parts"])} for one in found_rings.bridges(found)],
        "members": members.order_by("id")[:MEMBERS],
        "history": found_rings.history(found),
        "ties": found_rings.ties_about(found)[:10],
        "panels": [(title, url) for title, name in PANELS.items() if (url := url_if_any(name, found.pk))],
        "history_url": url_if_any("audit:history", "accounts_ring", found.pk),
        "open_case_url": url_if_any("cases:open_case_from_ring", found.pk),
    }
    return render(request, "accounts/rings/ring.html", context)


@require_safe
def ring_members(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_ring(request, pk)
    rows = page(found_rings.memberships(request.user, found), ("id",), request.GET)
    return render(request, "accounts/rings/members.html", {"ring": found, "page": rows})


@require_safe
def open_shared(request: HttpRequest, pk: str) -> HttpResponse:
    """What the values are that the accounts share, masked. That somebody looked is recorded."""
    found = find_ring(request, pk)
    require(request, "accounts.view", "accounts.view_identifiers")
    if answer := asked(request, actions.open_shared, found, back=found.get_absolute_url()):
        return answer
    values = found_rings.shared_values(found, limit=500)
    masks = found_rings.with_masks(values)
    rows = [(one, masks.get((one.kind, one.value_hmac), "")) for one in values]
    return render(request, "accounts/rings/shared.html", {"ring": found, "values": rows})


@require_safe
def ring_of_account(request: HttpRequest, pk: str) -> HttpResponse:
    """The panel of an account's page: in which ring it is, why, and what speaks against it."""
    account = get_object_or_404(queries.visible_accounts(request.user), pk=pk)
    member = found_rings.membership_of(account)
    context: dict[str, Any] = {"account": account, "member": member}
    if member:
        links = found_rings.links_of(member)
        context |= {
            "links": links,
            "reasons": ring_words.reasons(links),
            "doubts": ring_words.doubts(member, links, found_rings.facts_about(member)),
            "neighbours": found_rings.neighbours(member),
        }
    name = "accounts/rings/of_account.html#panel" if is_fragment(request) else "accounts/rings/of_account.html"
    return render(request, name, context)


@require_http_methods(["GET", "HEAD", "POST"])
def suspect_ring(request: HttpRequest, pk: str) -> HttpResponse:
    said = "Its accounts are marked as suspected of working together. Nothing happens to them by this."
    return _judge(request, pk, actions.suspect_ring, "Suspect this ring", said, "Suspect it")


@require_http_methods(["GET", "HEAD", "POST"])
def explain_ring(request: HttpRequest, pk: str) -> HttpResponse:
    said = "The ring is marked as explained, such as by one school or one reseller. Later runs keep that."
    return _judge(request, pk, actions.explain_ring, "Explain this ring", said, "It is explained")


@require_http_methods(["GET", "HEAD", "POST"])
def reopen_ring(request: HttpRequest, pk: str) -> HttpResponse:
    said = "What was said of the ring is taken back: it stands as the linkage found it."
    return _judge(request, pk, actions.reopen_ring, "Take back what was said", said, "Take it back")


def _judge(
    request: HttpRequest, pk: str, action: Callable[..., Any], title: str, said: str, button: str
) -> HttpResponse:
    found = find_ring(request, pk)
    require(request, "accounts.view", f"accounts.{action.__name__}", found)
    form = WhyForm(request.POST or None)
    if carried_out(request, form, action, found, done="Recorded."):
        return redirect(found)
    context = {"title": title, "said": said, "button": button, "back": found.get_absolute_url(), "up": found}
    return form_page(request, "accounts/rings/ask.html", form, **context)


def find_ring(request: HttpRequest, pk: str) -> Ring:
    rings = found_rings.visible_rings(request.user).select_related("judged_by", "went_into", "first_run")
    return get_object_or_404(rings, pk=pk)
