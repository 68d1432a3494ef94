"""Pages of account records: the list, one account, its identifiers, and what was imported."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts import actions, authorisations, intake, queries
from apps.accounts.filters import AccountFilter
from apps.accounts.forms import ImportForm
from apps.accounts.models import Import
from apps.audit.reads.asking import asked
from apps.core import vault
from apps.core.http import explained, form_page, require
from apps.core.links import url_if_any
from apps.core.paging import page
from apps.core.problems import Refused
from apps.core.ui.formats import number
from apps.staff.queries import names_of

# Panels of rooms below this one, where they are installed: who links here need not be known here.
PANELS = {
    "Ring": "accounts:ring_of_account",
    "Alerts about it": "alerts:of_account",
    "Cases": "cases:of_account",
    "Notices": "notices:of_account",
    "Canaries": "evidence:canaries_of_account",
}


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    require(request, "accounts.view")
    found = AccountFilter(request.GET, queries.visible_accounts(request.user), request=request)
    shared = found.form.cleaned_data.get("shares") if found.form.is_valid() else None
    if shared and (identifier := queries.visible_identifiers(request.user).filter(pk=shared).first()):
        actions.find_sharing(identifier, by=request.user)
    rows = page(found.qs, ("-recorded_at", "-id"), request.GET)
    return render(request, "accounts/list.html", {"filter": found, "page": rows})


@require_safe
def account(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_accounts(request.user), pk=pk)
    daily = queries.daily_requests([found])
    context = {
        "account": found,
        "days": list(daily),
        "values": list(daily.values()),
        "models": queries.totals_by_model(found),
        "acceptances": queries.acceptances(request.user, found),
        "authorisations": authorisations.of_account(found),
        "today": timezone.now().date(),
        "panels": [(title, url) for title, name in PANELS.items() if (url := url_if_any(name, found.pk))],
    }
    return render(request, "accounts/account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def open_identifiers(request: HttpRequest, pk: str) -> HttpResponse:
    """Masked identifiers of one account. That somebody looked is recorded, and why."""
    found = get_object_or_404(queries.visible_accounts(request.user), pk=pk)
    require(request, "accounts.view", "accounts.view_identifiers")
    if answer := asked(request, actions.open_identifiers, found, back=found.get_absolute_url()):
        return answer
    return render(request, "accounts/identifiers.html", {"account": found, "identifiers": queries.identifiers(found)})


@require_http_methods(["GET", "HEAD", "POST"])
def import_records(request: HttpRequest) -> HttpResponse:
    require(request, "accounts.view", "accounts.import_records")
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if form.is_valid():
        with explained(form):
            done = _taken(form, request.user)
            if done.state == "done":
                messages.success(
                    request, f"{number(done.rows - done.rejected)} of {number(done.rows)} rows were taken."
                )
            return redirect(done)
    rows = page(queries.visible_imports(request.user), ("-imported_at", "-id"), request.GET, size=20)
    names = names_of({row.imported_by for row in rows})
    return form_page(request, "accounts/import.html", form, page=rows, names=names)


def _taken(form: ImportForm, by: Any) -> Import:
    file = form.cleaned_data["file"]
    try:
        receipt = intake.take(kind=form.cleaned_data["kind"], filename=file.name, chunks=file.chunks(), by=by)
    except Refused as refused:
        raise ValidationError(refused.reason) from refused
    except vault.TooLarge as error:
        raise ValidationError({"file": "The file is larger than is taken here: send it in several."}) from error
    return receipt.record


@require_http_methods(["GET", "HEAD", "POST"])
def import_result(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_imports(request.user), pk=pk)
    back = reverse("accounts:import_records")
    if found.rejected and (answer := asked(request, actions.open_rejections, found, back=back)):
        return answer
    rejected = page(found.rejections.all(), ("line", "id"), request.GET)
    name = names_of({found.imported_by})[found.imported_by]
    return render(request, "accounts/import_result.html", {"done": found, "page": rejected, "who": name})
