from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.reads.asking import asked
from apps.core import vault
from apps.core.http import explained, form_page, pdf_response, require
from apps.core.paging import page
from apps.evidence import actions, queries
from apps.evidence import sheet as custody_sheet
from apps.evidence.files import downloads
from apps.evidence.forms import items as forms
from apps.evidence.models import CustodyEvent, Item
from apps.staff.queries import names_of


@require_safe
def items(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    form = forms.Filter(request.GET)
    found = _filtered(queries.visible_items(request.user), form)
    return render(
        request,
        "evidence/list.html",
        {
            "form": form,
            "page": page(found, ("-collected_at", "-id"), request.GET),
            "filtered": any(request.GET.values()),
        },
    )


def _filtered(found: QuerySet[Item], form: forms.Filter) -> QuerySet[Item]:
    wanted = form.cleaned_data if form.is_valid() else {}
    for field in ("kind", "tlp", "state"):
        if wanted.get(field):
            found = found.filter(**{field: wanted[field]})
    if words := wanted.get("q", "").strip():
        found = found.filter(Q(ref__iexact=words) | Q(sha256__startswith=words.lower()) | Q(title__icontains=words))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    if answer := asked(request, actions.open_item, found, back=reverse("evidence:list")):
        return answer
    return _item_page(request, found, forms.ExportForm())


def find(request: HttpRequest, ref: str) -> Item:
    return get_object_or_404(queries.visible_items(request.user), ref=ref)


def _item_page(request: HttpRequest, found: Item, export: forms.ExportForm, status: int = 200) -> HttpResponse:
    chain = list(queries.custody(found))
    names = names_of([found.collected_by, found.custodian, *(event.actor for event in chain)])
    measured = [event for event in chain if event.kind != CustodyEvent.Kind.REMOVE]
    context = {
        "item": found,
        "custody": [(event, names[event.actor]) for event in chain],
        "collector": names[found.collected_by],
        "custodian": names[found.custodian],
        "damaged": bool(measured) and not measured[-1].intact,
        "gaps": queries.gaps(found, chain),
        "run": getattr(found, "test_run", None),
        "query_logs": found.query_logs.order_by("-opened_at") if found.kind == Item.Kind.QUERY_LOG else (),
        "lineage": queries.lineage(found),
        "derivatives": found.derivatives.order_by("ref"),
        "redacted": queries.redacted(found),
        "held": queries.holds_on(found),
        "proposal": queries.open_proposal(found),
        "export": export,
    }
    return render(request, "evidence/item.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def collect(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view", "evidence.collect")
    form = forms.CollectForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        data = form.cleaned_data
        file = data.pop("file")
        with explained(form):
            kept = actions.collect(**data, filename=file.name, chunks=file.chunks(vault.CHUNK), by=request.user)
            if kept.state == Item.State.QUARANTINED:
                messages.warning(request, f"{kept.ref} is in quarantine: something speaks against the file.")
            else:
                messages.success(request, f"{kept.ref} is in the vault.")
            return redirect("evidence:item", kept.ref)
    return form_page(request, "evidence/collect.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def derive(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    require(request, "evidence.view", "evidence.derive", found)
    form = forms.DeriveForm(request.POST or None, request.FILES or None, initial={"tlp": found.tlp})
    if form.is_valid():
        data = dict(form.cleaned_data)
        file = data.pop("file")
        with explained(form):
            made = actions.derive(found, **data, filename=file.name, chunks=file.chunks(vault.CHUNK), by=request.user)
            messages.success(request, f"{made.ref} is in the vault, made from {found.ref}.")
            return redirect("evidence:item", made.ref)
    return form_page(request, "evidence/derive.html", form, item=found)


@require_POST
def normalise(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    with explained(request):
        made = actions.normalise(found, by=request.user)
        messages.success(request, f"{made.ref} is {found.ref} as JSON Lines.")
        return redirect("evidence:item", made.ref)
    return redirect("evidence:item", ref)


@require_POST
def verify(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    event = actions.verify_item(found, by=request.user)
    if event.intact:
        messages.success(request, f"{found.ref} is byte for byte what was collected.")
    else:
        messages.error(request, f"{found.ref} is not what was collected: tell the administrator and the lead now.")
    return redirect("evidence:item", ref)


@require_POST
def export(request: HttpRequest, ref: str) -> HttpResponse:
    """Leads to where the copy is sent; the export is recorded there, when it leaves."""
    found = find(request, ref)
    require(request, "evidence.view", "evidence.export_item", found)
    form = forms.ExportForm(request.POST)
    if not form.is_valid():
        return _item_page(request, found, form, status=422)
    if queries.is_damaged(found):
        messages.error(request, "The file in the vault is not what was collected. No copy was made.")
        return _item_page(request, found, form, status=422)
    answer = redirect(downloads.link(found, request.user, **form.cleaned_data))
    answer.status_code = 303
    return answer


@require_safe
def quarantined(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    found = page(queries.in_quarantine(request.user), ("-collected_at", "-id"), request.GET)
    return render(request, "evidence/quarantine.html", {"page": found})


@require_safe
def sheet(request: HttpRequest, ref: str) -> HttpResponse:
    """The custody sheet, as of now."""
    found = find(request, ref)
    require(request, "evidence.view", "evidence.print_sheet", found)
    actions.print_sheet(found, by=request.user)
    return pdf_response(lambda: custody_sheet.to_pdf(found, request.user), name=f"{found.ref}-custody")
