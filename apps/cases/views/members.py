"""The set of accounts: seen a page at a time, added, taken out and put back by query."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Account
from apps.accounts.queries import visible_accounts
from apps.cases import actions, forms, queries
from apps.cases.models import Case
from apps.cases.selection import Selection
from apps.cases.views.frame import find, panel
from apps.core.http import explained, require
from apps.core.paging import page
from apps.core.ui.formats import counted

EVERYONE = {"everyone": True}


@require_safe
def accounts(request: HttpRequest, ref: str) -> HttpResponse:
    return _page(request, find(request, ref), request.GET)


def _page(request: HttpRequest, case: Case, data: Any, bulk: forms.BulkForm | None = None) -> HttpResponse:
    """The members that the filter picks, and the step that can be taken with all of them at once."""
    form = forms.SelectionForm(data)
    excluded = data.get("shown") == "excluded"
    found = queries.members_picked(case, form.query, excluded=excluded)
    count = found.count()
    context = {
        "form": form,
        "query": form.query,
        "picked": [(name, data.getlist(name)) for name in form.fields if name in form.query],
        "words": Selection.read(form.query or EVERYONE).words,
        "excluded": excluded,
        "count": count,
        "figures": queries.figures(case),
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
            out = actions.exclude_accounts(case, query=query or EVERYONE, why=form.cleaned_data["why"], by=request.user)
            messages.success(
                request, f"Taken out of the case: {counted(out, 'account')}. They stay on file with the reason."
            )
            return redirect("cases:accounts", case.ref)
    return _page(request, case, request.POST, form)


@require_POST
def restore_accounts(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    require(request, "cases.view", "cases.restore_accounts", case)
    query = forms.SelectionForm(request.POST).query
    form = forms.BulkForm(request.POST, count=queries.members_picked(case, query, excluded=True).count())
    if form.is_valid():
        with explained(form):
            back = actions.restore_accounts(case, query=query or EVERYONE, by=request.user)
            messages.success(request, f"In the case again: {counted(back, 'account')}.")
            return redirect("cases:accounts", case.ref)
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
                added = actions.add_accounts(case, query=form.query, by=request.user)
                messages.success(request, f"New in the case: {counted(added, 'account')}.")
                return redirect("cases:accounts", case.ref)
            context |= _preview(request, case, form.query)
    return panel(request, case, "add_accounts", context, form, tab="cases:accounts")


def _preview(request: HttpRequest, case: Case, query: dict[str, Any]) -> dict[str, Any]:
    selection = Selection.read(query)
    if selection.identifier_kind and selection.identifier_hmac:
        hashed = {"kind": selection.identifier_kind, "value_hmac": selection.identifier_hmac}
        actions.look_up_identifier(case, **hashed, by=request.user)
    picked = selection.of(Account.objects.order_by())
    present = case.members.filter(account__in=picked)
    out = present.filter(excluded_at__isnull=False).count()
    known, total = present.count(), picked.count()
    return {
        "words": selection.words, "total": total, "new": total - known, "known": known - out, "out": out,
        "sample": picked.order_by("ref")[:10],
    }  # fmt: skip
