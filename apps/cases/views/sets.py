"""Frozen sets: what is in one, what speaks against acting on it, the steps on all of it, and samples to look at."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.queries import visible_accounts
from apps.cases import actions, forms, queries
from apps.cases.models import BulkStep, MemberSet
from apps.cases.views.frame import find, panel
from apps.core.http import explained, require
from apps.core.paging import page
from apps.core.ui.formats import counted

TAB = "cases:accounts"
UNKNOWN_SHOWN, RINGS_SHOWN = 20, 50


@require_http_methods(["GET", "HEAD", "POST"])
def freeze_members(request: HttpRequest, ref: str) -> HttpResponse:
    """Keep what conditions, a file, a ring or an exhibit pick, and go to what can be done with it."""
    case = find(request, ref)
    require(request, "cases.view", "cases.freeze_members", case)
    form = forms.FreezeForm(
        request.POST or None, request.FILES or None, case=case, rings=queries.rings_on_offer(request.user)
    )
    if form.is_valid():
        with explained(form):
            frozen = actions.freeze_members(
                case,
                pool=form.cleaned_data["pool"],
                query=form.query or {"everyone": True},
                shown=form.cleaned_data["shown"] or None,
                unknown=queries.unknown_references(form.cleaned_data["file"]),
                by=request.user,
            )
            return redirect("cases:member_set", frozen.pk)
    return panel(request, case, "freeze", {"form": form}, form, tab=TAB)


@require_safe
def member_set(request: HttpRequest, pk: str) -> HttpResponse:
    return _page(request, _set(request, pk))


def _set(request: HttpRequest, pk: Any) -> MemberSet:
    return get_object_or_404(queries.visible_sets(request.user), pk=pk)


def _page(
    request: HttpRequest,
    members: MemberSet,
    form: forms.StepForm | None = None,
    sample_form: forms.SampleForm | None = None,
) -> HttpResponse:
    taken, rings = list(queries.steps(members)), queries.rings_of_set(members)
    context = {
        "members": members,
        "steps": taken,
        "watched": any(step.is_under_way for step in taken),
        "wrongful": queries.wrongful_of_rings(members, rings),
        "against": queries.against(members),
        "rings": rings[:RINGS_SHOWN],
        "samples": [(sample, queries.shown_by(sample)) for sample in members.samples.select_related("members")],
        "form": form or _step_form(members),
        "sample_form": sample_form or forms.SampleForm(),
        "unknown": members.unknown[:UNKNOWN_SHOWN],
    }
    return panel(request, members.case, "set", context, form or sample_form, tab=TAB)


def _step_form(members: MemberSet, data: Any = None) -> forms.StepForm:
    return forms.StepForm(data, fitting=members.fitting, count=members.count)


@require_safe
def set_accounts(request: HttpRequest, pk: str) -> HttpResponse:
    """The accounts of a set, or those of them of which something holds that speaks against acting."""
    members = _set(request, pk)
    name = request.GET.get("against", "")
    context = {
        "members": members,
        "ground": queries.AGAINST.get(name),
        "page": page(queries.accounts_against(members, name), ("ref",), request.GET),
    }
    return panel(request, members.case, "set_accounts", context, tab=TAB)


# --- steps -----------------------------------------------------------------------------------------------------------


@require_POST
def start_step(request: HttpRequest, pk: str) -> HttpResponse:
    members = _set(request, pk)
    require(request, "cases.view", "cases.start_step", members)
    form = _step_form(members, request.POST)
    if form.is_valid():
        with explained(form):
            step = actions.start_step(members, **form.cleaned_data, by=request.user)
            say(request, step)
            return redirect("cases:member_set", members.pk)
    return _page(request, members, form)


def say(request: HttpRequest, step: BulkStep) -> None:
    """What became of a step that was just begun, as a message."""
    accounts = counted(step.met, "account")
    if step.is_under_way:
        messages.info(request, f"Under way: {accounts} so far. You can leave this page; it goes on.")
    elif step.is_dry_run:
        messages.success(request, f"Dry run: it would meet {accounts}. Nothing left casemgr, and no account changed.")
    elif step.kind == BulkStep.Kind.EXCLUDE:
        messages.success(request, f"Taken out of the case: {accounts}. They stay on file with the reason.")
    elif step.kind == BulkStep.Kind.RESTORE:
        messages.success(request, f"In the case again: {accounts}.")
    else:
        messages.success(request, f"New in the case: {accounts}.")


@require_safe
def step(request: HttpRequest, pk: str) -> HttpResponse:
    """A fragment: how far a step is. It asks again until it ended."""
    found = get_object_or_404(queries.visible_steps(request.user), pk=pk)
    return render(request, "cases/_step.html", {"step": found})


@require_POST
def undo_step(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_steps(request.user), pk=pk)
    require(request, "cases.view", "cases.undo_step", found)
    with explained(request):
        actions.undo_step(found, by=request.user)
        messages.success(request, "It is being undone." if found.is_under_way else "Undone: it is as it was before.")
    return redirect("cases:member_set", found.members_id)


# --- samples ---------------------------------------------------------------------------------------------------------


@require_POST
def draw_sample(request: HttpRequest, pk: str) -> HttpResponse:
    members = _set(request, pk)
    require(request, "cases.view", "cases.draw_sample", members)
    form = forms.SampleForm(request.POST)
    if form.is_valid():
        with explained(form):
            return redirect(actions.draw_sample(members, **form.cleaned_data, by=request.user))
    return _page(request, members, sample_form=form)


@require_safe
def sample(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_samples(request.user), pk=pk)
    context = {"sample": found, "drawn": queries.drawn(found), "shown": queries.shown_by(found)}
    return panel(request, found.case, "sample", context, tab=TAB)


@require_POST
def mark_sample(request: HttpRequest, pk: str) -> HttpResponse:
    """Answers a script with the row alone, so that one goes on to the next account."""
    found = get_object_or_404(queries.visible_samples(request.user), pk=pk)
    require(request, "cases.view", "cases.mark_sample", found)
    account = get_object_or_404(visible_accounts(request.user), ref=request.POST.get("account", ""))
    with explained(request):
        actions.mark_sample(found, account=account, verdict=request.POST.get("verdict", ""), by=request.user)
    return redirect(f"{found.get_absolute_url()}#{account.ref}")
