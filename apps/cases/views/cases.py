"""The list, opening a case, its summary, and what is done with the case itself."""

from functools import partial
from itertools import pairwise

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.alerts.queries import visible_groups
from apps.audit import sentences
from apps.cases import actions, filters, forms, queries
from apps.cases.views.frame import find, form_page, panel
from apps.core.http import explained, require
from apps.core.paging import page


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    require(request, "cases.view")
    found = filters.CaseFilter(request.GET, queries.visible_cases(request.user))
    rows = page(queries.with_holder(found.qs), ("-opened_at", "-id"), request.GET)
    counts = queries.account_counts(rows)
    for case in rows:
        case.account_count = counts.get(case.pk, 0)
    return render(request, "cases/list.html", {"page": rows, "filter": found, "filtered": any(request.GET.values())})


@require_http_methods(["GET", "HEAD", "POST"])
def open_case(request: HttpRequest) -> HttpResponse:
    require(request, "cases.view", "cases.open_case")
    form = forms.OpenForm(request.POST or None)
    if form.is_valid():
        with explained(form):
            case = actions.open_case(**form.cleaned_data, by=request.user)
            messages.success(request, f"{case.ref} is open, and yours.")
            return redirect("cases:case", case.ref)
    return render(request, "cases/open.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def open_case_from_group(request: HttpRequest, pk: str) -> HttpResponse:
    group = get_object_or_404(visible_groups(request.user), pk=pk)
    require(request, "cases.view", "cases.open_case_from_group", group)
    form = forms.FromGroupForm(request.POST or None, initial={"title": group.title[:200]})
    if form.is_valid():
        with explained(form):
            case = actions.open_case_from_group(group, title=form.cleaned_data["title"], by=request.user)
            messages.success(request, f"{case.ref} is open, and yours. The group's accounts are in it.")
            return redirect("cases:case", case.ref)
    context = {"form": form, "group": group, "cases": queries.open_for_group(request.user)}
    return render(request, "cases/open_from_group.html", context, status=422 if form.errors else 200)


@require_POST
def add_group(request: HttpRequest, pk: str) -> HttpResponse:
    """An alert group goes into a case that is already open."""
    group = get_object_or_404(visible_groups(request.user), pk=pk)
    case = find(request, request.POST.get("case", ""))
    with explained(request):
        added = actions.add_group(case, group=group, by=request.user)
        messages.success(request, f"The group is in {case.ref}, with {added} accounts that were not.")
        return redirect("cases:campaign", case.ref)
    return redirect("cases:open_case_from_group", group.pk)


# --- tabs -------------------------------------------------------------------------------------------------------------


@require_safe
def case(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    exhibits = list(queries.exhibits(found))
    figures = queries.figures(found)
    days = queries.activity_per_day(found)
    context = {
        "figures": figures,
        "exhibits": exhibits,
        "bars": queries.strength_rows(exhibits),
        "combined": queries.combined(found, exhibits),
        "matrix": queries.matrix(found),
        "days": [day["queries"] for day in days],
        "labels": [day["day"] for day in days],
        "parties": found.parties.order_by("added_at"),
        "tasks": found.tasks.select_related("assignee", "done_by").order_by("done_at", "due_on", "added_at"),
        "notes": queries.visible_notes(request.user, found),
        "note_form": forms.NoteForm(legal=request.user.has_perm("cases.view_privileged")),
        "wrongful": queries.expected_wrongful(found, figures.accounts, exhibits) if figures.accounts else None,
        "moments": [moment for moment in queries.timeline(found) if moment.anchor],
    }
    return panel(request, found, "summary", context)


@require_safe
def campaign(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    days = queries.activity_per_day(found)
    context = {
        "figures": queries.figures(found),
        "days": days,
        "queries_a_day": [day["queries"] for day in days],
        "accounts_a_day": [day["accounts"] for day in days],
        "labels": [day["day"] for day in days],
        "groups": list(queries.groups(found)),
        "countries": queries.per_country(found),
        "provenance": queries.by_provenance(found),
    }
    return panel(request, found, "campaign", context)


@require_safe
def timeline(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    moments = queries.timeline(found)
    anchors = [moment for moment in moments if moment.anchor]
    spans = [(a, b, (b.at - a.at).days) for a, b in pairwise(anchors)]
    return panel(request, found, "timeline", {"moments": moments, "lanes": queries.LANES, "spans": spans})


@require_safe
def trail(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    rows = page(queries.events(found), ("-case_seq",), request.GET)
    return panel(request, found, "trail", {"page": rows, "entries": sentences.tell(rows, request.user)})


# --- verbs of the case ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def start_investigation(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    return form_page(
        request,
        found,
        "cases.start_investigation",
        forms.NoQuestions(request.POST if request.method == "POST" else None),
        partial(actions.start_investigation, found),
        title="Begin the investigation",
        button="Begin",
        icon="search",
        consequence=f"{found.ref} leaves triage; evidence is gathered from now on.",
        done="The investigation has begun.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def describe(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    initial = {name: getattr(found, name) for name in ("title", "summary", "severity", "tlp")}
    return form_page(
        request,
        found,
        "cases.describe",
        forms.DescribeForm(request.POST or None, initial=initial),
        partial(actions.describe, found),
        title="Describe the case",
        button="Save",
        consequence="Old and new words stay in the trail.",
        done="Saved.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    people = queries.people_with("cases.view")
    return form_page(
        request,
        found,
        "cases.assign",
        forms.AssignForm(request.POST or None, people=people, initial={"to": found.assignee_id or request.user.pk}),
        partial(actions.assign, found),
        title="Give the case to somebody",
        button="Give it",
        icon="user-check",
        consequence="It appears among what waits for them.",
        done="The case has a new holder.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def close_case(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    return form_page(
        request,
        found,
        "cases.close_case",
        forms.CloseForm(request.POST or None),
        partial(actions.close_case, found),
        title="Close the case",
        button="Close it",
        icon="archive",
        consequence="Nothing can be added to a closed case but notes. A lead can open it again.",
        done=f"{found.ref} is closed.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def reopen_case(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    return form_page(
        request,
        found,
        "cases.reopen_case",
        forms.ReasonForm(request.POST or None),
        partial(actions.reopen_case, found),
        title="Open the case again",
        button="Open it again",
        icon="refresh",
        consequence="The case goes back to the investigation. What was found and decided stays as it is.",
        done=f"{found.ref} is open again.",
    )


# --- papers -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def add_party(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    return form_page(
        request,
        found,
        "cases.add_party",
        forms.PartyForm(request.POST or None),
        partial(actions.add_party, found),
        title="Add a party",
        button="Add it",
        icon="building",
        consequence="The role is alleged, and every page says so, until it is adjudicated.",
        done="The party is in the file.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def add_task(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    return form_page(
        request,
        found,
        "cases.add_task",
        forms.TaskForm(request.POST or None, people=queries.people_with("cases.complete_task")),
        partial(actions.add_task, found),
        title="Add a task",
        button="Add it",
        icon="checklist",
        consequence="It appears among what waits for whoever has to do it.",
        done="The task is in the file.",
    )


@require_POST
def complete_task(request: HttpRequest, pk: str) -> HttpResponse:
    task = get_object_or_404(queries.visible_tasks(request.user), pk=pk)
    with explained(request):
        actions.complete_task(task, by=request.user)
    return redirect("cases:case", task.case.ref)


@require_http_methods(["GET", "HEAD", "POST"])
def add_note(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    legal = request.user.has_perm("cases.view_privileged")
    return form_page(
        request,
        found,
        "cases.add_note",
        forms.NoteForm(request.POST or None, legal=legal),
        partial(actions.add_note, found),
        title="Write a note",
        button="Keep it",
        icon="notes",
        consequence="A note is not changed or taken back.",
        done="The note is in the file.",
    )
