"""The set of accounts: seen a page at a time, added, taken out and put back by query."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Account
from apps.accounts.queries import visible_accounts
from apps.cases import actions, forms, queries
from apps.cases.actions.steps import TYPED_ABOVE
from apps.cases.models import BulkStep, Case, MemberSet
from apps.cases.selection import Selection
from apps.cases.views.frame import find, panel
from apps.cases.views.sets import say
from apps.core.http import explained, require
from apps.core.paging import page

EVERYONE = {"everyone": True}
SETS = 10  # of the frozen ones, newest first


@require_safe
def accounts(request: HttpRequest, ref: str) -> HttpResponse:
    return _page(request, find(request, ref), request.GET)


def _page(request: HttpRequest, case: Case, data: Any, bulk: forms.BulkForm | None = None) -> HttpResponse:
    """The members that the filter picks, and the step that can be taken with all of them at once."""
    form = forms.SelectionForm(data)
    excluded = data.get("shown") == "excluded"
    found = queries.members_picked(case, form.query, excluded=excluded)
    pool = MemberSet.Pool.EXCLUDED if excluded else MemberSet.Pool.PRESENT
    count, shown = queries.fingerprint(queries.pool_of(case, pool, Selection.read(form.query or EVERYONE)))
    context = {
        "form": form,
        "query": form.query,
        "picked": [(name, data.getlist(name)) for name in form.fields if name in form.query],
        "words": Selection.read(form.query or EVERYONE).words,
        "excluded": excluded,
        "count": count,
        "shown": shown,
        "sets": queries.sets(case)[:SETS],
        "figures": queries.counts(case),
        "page": page(found, ("id",), request.GET),
        "bulk": bulk or (forms.BulkForm(count=count) if excluded else forms.ExcludeForm(count=count)),
        "typed": count > forms.TYPED_ABOVE,
        "provenance": queries.by_provenance(case),
    }
    return panel(request, case, "accounts", context, bulk, tab="cases:accounts")


@require_safe
def of_account(request: HttpRequest, pk: str) -> HttpResponse:
    """A fragment for the page of an account: the cases it is in, or was taken out of."""
    account = get_object_or_404(visible_accounts(request.user), pk=pk)
    require(request, "cases.view")
    return render(request, "cases/_of_account.html", {"members": queries.memberships(request.user, account)})


@require_POST
def exclude_accounts(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    require(request, "cases.view", "cases.exclude_accounts", case)
    query = forms.SelectionForm(request.POST).query
    count = queries.members_picked(case, query, excluded=False).count()
    form = forms.ExcludeForm(request.POST, count=count)
    if form.is_valid():
        with explained(form):
            return _step(request, case, "exclude", query, why=form.cleaned_data["why"])
    return _page(request, case, request.POST, form)


@require_POST
def restore_accounts(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    require(request, "cases.view", "cases.restore_accounts", case)
    query = forms.SelectionForm(request.POST).query
    form = forms.BulkForm(request.POST, count=queries.members_picked(case, query, excluded=True).count())
    if form.is_valid():
        with explained(form):
            return _step(request, case, "restore", query, why="They belong after all.")
    return _page(request, case, request.POST, form)


@require_http_methods(["GET", "HEAD", "POST"])
def add_accounts(request: HttpRequest, ref: str) -> HttpResponse:
    """First what a query would pick, then the step itself. Posted both times: identifiers belong into no address."""
    case = find(request, ref)
    require(request, "cases.view", "cases.add_accounts", case)
    identifiers = request.user.has_perm("accounts.view_identifiers")
    form = forms.AddAccountsForm(request.POST or None, identifiers=identifiers)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        with explained(form):
            if "apply" in request.POST:
                return _add(request, case, form.query)
            context |= _preview(request, case, form.query)
    return panel(request, case, "add_accounts", context, form, tab="cases:accounts")


def _step(request: HttpRequest, case: Case, kind: str, query: dict[str, Any], *, why: str) -> HttpResponse:
    """Freeze what was shown and begin the step on it: two entries of the trail, and it can be undone."""
    pool = MemberSet.Pool.EXCLUDED if kind == BulkStep.Kind.RESTORE else MemberSet.Pool.PRESENT
    frozen = actions.freeze_members(
        case, pool=pool, query=query or EVERYONE, shown=request.POST.get("shown_sha256") or None, by=request.user
    )
    step = actions.start_step(frozen, kind=kind, why=why, typed=request.POST.get("typed", ""), by=request.user)
    say(request, step)
    return redirect("cases:member_set", frozen.pk) if step.is_under_way else redirect("cases:accounts", case.ref)


def _add(request: HttpRequest, case: Case, query: dict[str, Any]) -> HttpResponse:
    """Freeze what was shown; a few are added at once, of many it is asked again with all that speaks against it."""
    shown = request.POST.get("shown_sha256") or None
    frozen = actions.freeze_members(case, pool=MemberSet.Pool.NEW, query=query, shown=shown, by=request.user)
    if frozen.count > TYPED_ABOVE:
        return redirect("cases:member_set", frozen.pk)
    say(request, actions.start_step(frozen, kind="add", why=frozen.how, by=request.user))
    return redirect("cases:accounts", case.ref)


def _preview(request: HttpRequest, case: Case, query: dict[str, Any]) -> dict[str, Any]:
    selection = Selection.read(query)
    if selection.identifier_kind and selection.identifier_hmac:
        hashed = {"kind": selection.identifier_kind, "value_hmac": selection.identifier_hmac}
        actions.look_up_identifier(case, **hashed, by=request.user)
    picked = selection.of(Account.objects.order_by())
    out = queries.members(case, excluded=True).filter(account__in=picked).count()
    total = picked.count()
    new, shown = queries.fingerprint(queries.pool_of(case, MemberSet.Pool.NEW, selection))
    return {
        "words": selection.words, "total": total, "new": new, "known": total - new - out, "out": out, "shown": shown,
        "sample": picked.order_by("ref")[:10],
    }  # fmt: skip
