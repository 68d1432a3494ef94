"""The list, opening a case, its summary, and what is done with the case itself."""

from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.alerts.queries import visible_groups
from apps.alerts.reliability.standing import why_not_alone
from apps.audit import sentences
from apps.audit.reads.asking import asked
from apps.cases import actions, filters, forms, queries, strength
from apps.cases.findings import hearing
from apps.cases.models import Invitation, Party
from apps.cases.strength import picture
from apps.cases.views.frame import VerbPage, find, panel
from apps.cases.views.strength import group_address
from apps.core.http import carried_out, explained, form_page, require
from apps.core.paging import page
from apps.core.ui.formats import counted


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
    if opened := carried_out(request, form, actions.open_case, done=lambda case: f"{case.ref} is open, and yours."):
        return redirect("cases:case", opened.result.ref)
    return form_page(request, "cases/open.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def open_case_from_group(request: HttpRequest, pk: str) -> HttpResponse:
    group = get_object_or_404(visible_groups(request.user), pk=pk)
    require(request, "cases.view", "cases.open_case_from_group", group)
    form = forms.FromGroupForm(request.POST or None, initial={"title": group.title[:200]})
    opened = carried_out(
        request,
        form,
        actions.open_case_from_group,
        group,
        done=lambda case: f"{case.ref} is open, and yours. The group's accounts are in it.",
    )
    if opened:
        return redirect("cases:case", opened.result.ref)
    context = {"group": group, "doubt": why_not_alone(group), "cases": queries.open_for_group(request.user)}
    return form_page(request, "cases/open_from_group.html", form, **context)


@require_POST
def add_group(request: HttpRequest, pk: str) -> HttpResponse:
    """An alert group goes into a case that is already open."""
    group = get_object_or_404(visible_groups(request.user), pk=pk)
    require(request, "cases.view", "cases.add_group")
    case = find(request, request.POST.get("case", ""))
    with explained(request):
        added = actions.add_group(case, group=group, reason=request.POST.get("reason", "")[:500], by=request.user)
        messages.success(request, f"The group is in {case.ref}. New in the case: {counted(added, 'account')}.")
        return redirect("cases:campaign", case.ref)
    return redirect("cases:open_case_from_group", group.pk)


# --- tabs -------------------------------------------------------------------------------------------------------------


@require_safe
def case(request: HttpRequest, ref: str) -> HttpResponse:
    found = find(request, ref)
    exhibits = list(queries.exhibits(found))
    figures = queries.figures(found)
    days = queries.activity_per_day(found)
    together = strength.known(found)
    context = {
        "figures": figures,
        "exhibits": exhibits,
        "bars": picture.rows(together, address=lambda line: group_address(found, line.group)),
        "bands": picture.bands(together.scale),
        "strength": together,
        "matrix": queries.matrix(found, exhibits[:ROWS]),
        "days": [day["queries"] for day in days],
        "labels": [day["day"] for day in days],
        "parties": found.parties.prefetch_related("invitations").order_by("added_at"),
        "tasks": found.tasks.select_related("assignee", "done_by").order_by("done_at", "due_on", "added_at"),
        "notes": queries.notes(found),
        "advice": queries.visible_advice(request.user, found).count(),
        "note_form": forms.NoteForm(legal=request.user.has_perm("cases.view_privileged")),
        "wrongful": queries.expected_wrongful(found, figures.accounts, exhibits) if figures.accounts else None,
        "moments": [moment for moment in queries.timeline(found, figures) if moment.anchor],
    }
    return panel(request, found, "summary", context)


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


ROWS = 12  # exhibits of the matrix on the summary


# --- verbs of the case ------------------------------------------------------------------------------------------------


class StartInvestigation(VerbPage):
    action = staticmethod(actions.start_investigation)
    form_class = forms.NoQuestions
    title = "Begin the investigation"
    button = "Begin"
    icon = "search"
    consequence = "The case leaves triage; evidence is gathered from now on."
    done = "The investigation has begun."


class Describe(VerbPage):
    action = staticmethod(actions.describe)
    form_class = forms.DescribeForm
    title = "Describe the case"
    button = "Save"
    consequence = "Old and new words stay in the trail."
    done = "Saved."

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.case, name) for name in ("title", "summary", "severity", "tlp")}


class Assign(VerbPage):
    action = staticmethod(actions.assign)
    form_class = forms.AssignForm
    title = "Give the case to somebody"
    button = "Give it"
    icon = "user-check"
    consequence = "It appears among what waits for them."
    done = "The case has a new holder."

    def get_initial(self) -> dict[str, Any]:
        return {"to": self.case.assignee_id or self.request.user.pk}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"people": queries.people_with("cases.view")}


class CloseCase(VerbPage):
    action = staticmethod(actions.close_case)
    form_class = forms.CloseForm
    title = "Close the case"
    button = "Close it"
    icon = "archive"
    consequence = "Nothing can be added to a closed case but notes. A lead can open it again."
    done = "The case is closed."


class ReopenCase(VerbPage):
    action = staticmethod(actions.reopen_case)
    form_class = forms.ReasonForm
    title = "Open the case again"
    button = "Open it again"
    icon = "refresh"
    consequence = "The case goes back to the investigation. What was found and decided stays as it is."
    done = "The case is open again."


# --- papers -----------------------------------------------------------------------------------------------------------


class AddParty(VerbPage):
    action = staticmethod(actions.add_party)
    form_class = forms.PartyForm
    title = "Add a party"
    button = "Add it"
    icon = "building"
    consequence = "The role is alleged, and every page says so, until it is adjudicated."
    done = "The party is in the file."


class CorrectParty(VerbPage):
    action = staticmethod(actions.correct_party)
    form_class = forms.PartyForm
    title = "Correct a party"
    button = "Correct it"
    icon = "pencil"
    consequence = "A draft takes this when it is drafted again. Issued letters and released reports stay as they are."
    done = "The party is corrected."

    def find_subject(self) -> Party:
        return get_object_or_404(queries.visible_parties(self.request.user), pk=self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return model_to_dict(self.subject, fields=forms.PartyForm.base_fields)


class OfParty(VerbPage):
    def find_subject(self) -> Party:
        return get_object_or_404(queries.visible_parties(self.request.user), pk=self.kwargs["pk"])


class InviteParty(OfParty):
    action = staticmethod(actions.invite_party)
    form_class = forms.InviteForm
    title = "Record an invitation to respond"
    button = "Record it"
    icon = "mail"
    consequence = "Nobody names this party in public before it answered, or its time to answer passed."
    done = "The invitation is on file."

    @cached_property
    def acting(self) -> list[Any]:
        """Who is written to for the party."""
        return hearing.acting_for(self.subject, timezone.now().date())[:1]

    def get_initial(self) -> dict[str, Any]:
        return {"channel": Invitation.Channel.COUNSEL} if self.acting else {}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"acting": self.acting}


class WaiveInvitation(OfParty):
    action = staticmethod(actions.waive_invitation)
    form_class = forms.ReasonForm
    title = "Sign why a party is not invited"
    button = "Sign it"
    icon = "signature"
    consequence = "The party may be named in public without having been heard. Your name and reason stay beside it."
    done = "Your reason is on file."


class RecordResponse(VerbPage):
    action = staticmethod(actions.record_response)
    form_class = forms.ResponseForm
    title = "Record the response of a party"
    button = "Record it"
    icon = "message"
    consequence = "It is kept as it came, and cannot be changed."
    done = "The response is on file."

    def find_subject(self) -> Invitation:
        return get_object_or_404(queries.visible_invitations(self.request.user), pk=self.kwargs["pk"])


@require_POST
def record_silence(request: HttpRequest, pk: str) -> HttpResponse:
    invitation = get_object_or_404(queries.visible_invitations(request.user), pk=pk)
    require(request, "cases.view", "cases.record_silence", invitation)
    with explained(request):
        actions.record_silence(invitation, by=request.user)
        messages.success(request, "No response is on file. Silence is not an admission.")
    return redirect("cases:case", invitation.case.ref)


class AddTask(VerbPage):
    action = staticmethod(actions.add_task)
    form_class = forms.TaskForm
    title = "Add a task"
    button = "Add it"
    icon = "checklist"
    consequence = "It appears among what waits for whoever has to do it."
    done = "The task is in the file."

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"people": queries.people_with("cases.complete_task")}


class AddNote(VerbPage):
    action = staticmethod(actions.add_note)
    form_class = forms.NoteForm
    title = "Write a note"
    button = "Keep it"
    icon = "notes"
    consequence = "A note is not changed or taken back."
    done = "The note is in the file."

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"legal": self.request.user.has_perm("cases.view_privileged")}


@require_http_methods(["GET", "HEAD", "POST"])
def open_privileged(request: HttpRequest, ref: str) -> HttpResponse:
    """The legal advice in a case: for legal roles, who are on record as having read it."""
    found = find(request, ref)
    require(request, "cases.view", "cases.open_privileged")
    advice = list(queries.visible_advice(request.user, found))
    back = reverse("cases:case", args=[ref])
    if advice and (
        answer := asked(request, actions.open_privileged, advice[0], title=f"Legal advice in {ref}", back=back)
    ):
        return answer
    return panel(request, found, "advice", {"advice": advice}, tab="cases:case")


@require_POST
def complete_task(request: HttpRequest, pk: str) -> HttpResponse:
    task = get_object_or_404(queries.visible_tasks(request.user), pk=pk)
    with explained(request):
        actions.complete_task(task, by=request.user)
    return redirect("cases:case", task.case.ref)
