"""Exhibits of a case, and how strong they are together."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases import actions, forms, queries
from apps.cases.models import Independence
from apps.cases.views.frame import VerbPage, find, panel
from apps.core import vault
from apps.core.http import explained, require
from apps.evidence import actions as vault_items
from apps.evidence import fingerprints
from apps.evidence.forms.runs import RunForm
from apps.evidence.queries import visible_items


class AddExhibit(VerbPage):
    action = staticmethod(actions.add_exhibit)
    form_class = forms.ExhibitForm
    title = "Add an exhibit"
    button = "Add it"
    icon = "paperclip"
    consequence = "The item gets the next exhibit number of this case, for good."
    done = "The exhibit is in the file."
    tab = "cases:evidence"

    def get_initial(self) -> dict[str, Any]:
        return {"item": self.request.GET.get("item", "")}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"items": queries.items_on_offer(self.request.user, self.case)}


class CollectExhibit(VerbPage):
    """A file becomes an item and an exhibit at once, without leaving the case."""

    action = staticmethod(actions.add_exhibit)
    form_class = forms.CollectForm
    title = "Collect a file as an exhibit"
    button = "Collect it"
    icon = "upload"
    consequence = (
        "The file goes into the vault unchanged, under its SHA-256 and SHA-512, and gets the next exhibit number. Its"
        " custody begins with you, now."
    )
    tab = "cases:evidence"
    AS_ITEM = ("kind", "title", "origin", "description", "tlp")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require(request, "evidence.view", "evidence.collect")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: BaseForm) -> HttpResponse:
        data, by = dict(form.cleaned_data), self.request.user
        file, told = data.pop("file"), {name: data.pop(name) for name in self.AS_ITEM}
        with explained(form), transaction.atomic():
            item = vault_items.collect(**told, filename=file.name, chunks=file.chunks(vault.CHUNK), by=by)
            exhibit = actions.add_exhibit(self.case, item=item, **data, by=by)
            messages.success(self.request, f"{item.ref} is in the vault, and {exhibit.label} of the case.")
            return redirect(self.get_success_url())
        return self.form_invalid(form)


@require_http_methods(["GET", "HEAD", "POST"])
def run_test(request: HttpRequest, ref: str) -> HttpResponse:
    """A fingerprint test inside the case: which one, then its figures; what is fit becomes an exhibit right after."""
    case = find(request, ref)
    require(request, "evidence.view", "evidence.run_test")
    require(request, "cases.view", "cases.add_exhibit", case)
    method = fingerprints.TESTS.get(request.GET.get("test", ""))
    if method is None:
        context = {"tests": fingerprints.TESTS.values()}
        return panel(request, case, "choose_test", context, tab="cases:evidence")
    form = RunForm(method, request.POST or None)
    if form.is_valid():
        with explained(form):
            run = vault_items.run_test(**form.values(), by=request.user)
            if run.is_fit:
                messages.success(request, f"{run.ref} is computed. Say what it shows, and it is an exhibit.")
                return redirect(f"{reverse('cases:add_exhibit', args=[case.ref])}?item={run.item.ref}")
            messages.warning(request, f"{run.ref} is kept, and cannot be an exhibit. {' '.join(run.unfit_because)}")
            return redirect("cases:evidence", case.ref)
    return panel(request, case, "run_test", {"form": form, "test": method}, form, tab="cases:evidence")


class ArgueIndependence(VerbPage):
    action = staticmethod(actions.argue_independence)
    form_class = forms.IndependenceForm
    title = "Argue the independence of evidence"
    button = "Submit it for review"
    icon = "scale"
    consequence = "When another person accepts it, the likelihood ratios of these lines are multiplied."
    done = "The argument awaits its review."
    tab = "cases:evidence"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"groups": queries.dependency_groups(self.case)}


@require_POST
def accept_independence(request: HttpRequest, pk: str) -> HttpResponse:
    argument = get_object_or_404(queries.visible_independences(request.user), pk=pk)
    with explained(request):
        actions.accept_independence(argument, by=request.user)
        messages.success(request, "Accepted: these lines of evidence are multiplied.")
    return redirect("cases:evidence", argument.case.ref)


class RefuseIndependence(VerbPage):
    action = staticmethod(actions.refuse_independence)
    form_class = forms.ReasonForm
    title = "Refuse the argument for independence"
    button = "Refuse it"
    icon = "x"
    consequence = "The lines of evidence are averaged, not multiplied."
    done = "Refused."
    tab = "cases:evidence"

    def find_subject(self) -> Independence:
        return get_object_or_404(queries.visible_independences(self.request.user), pk=self.kwargs["pk"])


@require_safe
def exhibits_of_item(request: HttpRequest, ref: str) -> HttpResponse:
    """A fragment for the page of an evidence item: the cases it is an exhibit of."""
    item = get_object_or_404(visible_items(request.user), ref=ref)
    cases = queries.visible_cases(request.user)
    found = item.exhibits.filter(case__in=cases).select_related("case").order_by("added_at")
    return render(request, "cases/_exhibits_of_item.html", {"exhibits": found})
