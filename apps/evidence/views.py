from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.reads.asking import asked
from apps.core import vault
from apps.core.http import OCTETS, explained, file_response, form_page, require
from apps.core.paging import page
from apps.evidence import actions, fingerprints, forms, queries
from apps.evidence.models import Item
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
    for field in ("kind", "tlp"):
        if wanted.get(field):
            found = found.filter(**{field: wanted[field]})
    if words := wanted.get("q", "").strip():
        found = found.filter(Q(ref__iexact=words) | Q(sha256__startswith=words.lower()) | Q(title__icontains=words))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def item(request: HttpRequest, ref: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_items(request.user), ref=ref)
    if answer := asked(request, actions.open_item, found, back=reverse("evidence:list")):
        return answer
    return _item_page(request, found, forms.ExportForm())


def _item_page(request: HttpRequest, found: Item, export: forms.ExportForm, status: int = 200) -> HttpResponse:
    chain = list(queries.custody(found))
    names = names_of([found.collected_by, *(event.actor for event in chain)])
    context = {
        "item": found,
        "custody": [(event, names[event.actor]) for event in chain],
        "collector": names[found.collected_by],
        "damaged": bool(chain) and not chain[-1].intact,
        "run": getattr(found, "test_run", None),
        "derivatives": found.derivatives.all(),
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
            messages.success(request, f"{kept.ref} is in the vault.")
            return redirect("evidence:item", kept.ref)
    return form_page(request, "evidence/collect.html", form)


@require_POST
def verify(request: HttpRequest, ref: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_items(request.user), ref=ref)
    event = actions.verify_item(found, by=request.user)
    if event.intact:
        messages.success(request, f"{found.ref} is byte for byte what was collected.")
    else:
        messages.error(request, f"{found.ref} is not what was collected: tell the administrator and the lead now.")
    return redirect("evidence:item", ref)


@require_POST
def export(request: HttpRequest, ref: str) -> HttpResponseBase:
    found = get_object_or_404(queries.visible_items(request.user), ref=ref)
    require(request, "evidence.view", "evidence.export_item", found)
    form = forms.ExportForm(request.POST)
    if form.is_valid():
        with explained(form):
            event = actions.export_item(found, purpose=form.cleaned_data["purpose"], by=request.user)
            if event.intact:
                return file_response(
                    vault.chunks(found.sha256),
                    filename=found.filename,
                    media_type=OCTETS,
                    size=found.byte_size,
                )
            messages.error(request, "The file in the vault is not what was collected. No copy was made.")
    return _item_page(request, found, form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
def run_test(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view", "evidence.run_test")
    form = forms.GreenListForm(request.POST or None)
    if form.is_valid():
        with explained(form):
            run = actions.run_test(
                test_id="green-list",
                suspect=form.cleaned_data["suspect"],
                inputs=form.inputs(),
                submitted=form.submitted(),
                is_exploratory=not form.cleaned_data["planned"],
                by=request.user,
            )
            return redirect("evidence:run", run.ref)
    return form_page(request, "evidence/run_form.html", form, test=fingerprints.TESTS["green-list"])


@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    found = page(queries.visible_runs(request.user), ("-run_at", "-id"), request.GET)
    return render(request, "evidence/runs.html", {"page": found})


@require_http_methods(["GET", "HEAD", "POST"])
def run(request: HttpRequest, ref: str) -> HttpResponse:
    """What the run's file says, so looking at it is looking at the item."""
    found = get_object_or_404(queries.visible_runs(request.user), ref=ref)
    if answer := asked(request, actions.open_item, found.item, back=reverse("evidence:runs")):
        return answer
    bar = {"label": found.ref, "value": found.log10_lr_reported, "cap": found.log10_lr_cap, "note": ""}
    context = {
        "run": found,
        "test": fingerprints.TESTS.get(found.test_id),
        "runner": names_of([found.run_by])[found.run_by],
        "strength": [bar],
    }
    return render(request, "evidence/run.html", context)
