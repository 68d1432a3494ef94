"""Legal holds."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.http import carried_out, form_page, require
from apps.core.paging import page
from apps.core.ui.formats import counted
from apps.records import actions, forms, queries
from apps.records import holds as held
from apps.records.models import LegalHold
from apps.records.views.frame import ask, sent


def _find(request: HttpRequest, ref: str) -> LegalHold:
    return get_object_or_404(queries.visible_holds(request.user), ref=ref)


@require_safe
def holds(request: HttpRequest) -> HttpResponse:
    require(request, "records.view")
    rows = page(queries.with_figures(queries.visible_holds(request.user)), ("-issued_at", "-id"), request.GET)
    return render(request, "records/holds.html", {"page": rows})


@require_safe
def told(request: HttpRequest) -> HttpResponse:
    """For everybody: the holds that they were told of."""
    return render(request, "records/told.html", {"custodies": queries.visible_custodies(request.user)})


@require_safe
def hold(request: HttpRequest, ref: str) -> HttpResponse:
    found = _find(request, ref)
    coverage = held.coverage(found) if found.is_in_force else []
    context = {
        "hold": found,
        "scopes": queries.scopes(found),
        "coverage": coverage,
        "covered_rows": sum(covered.rows for covered in coverage),
        "custodians": found.custodians.select_related("person", "told_by").order_by("told_at", "id"),
    }
    return render(request, "records/hold.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def issue_hold(request: HttpRequest) -> HttpResponse:
    require(request, "records.view", "records.issue_hold")
    form = forms.HoldForm(sent(request), initial={"scope": request.GET.get("on", "")})
    made = carried_out(
        request,
        form,
        actions.issue_hold,
        done=lambda hold: f"{hold.ref} is in force: what it covers stays.",
    )
    return redirect(made.result) if made else form_page(request, "records/issue.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
def widen_hold(request: HttpRequest, ref: str) -> HttpResponse:
    found = _find(request, ref)
    require(request, "records.view", "records.widen_hold", found)
    form = forms.WidenForm(sent(request))
    done = lambda number: f"{found.ref} is on {counted(number, 'more thing')}."  # noqa: E731
    if carried_out(request, form, actions.widen_hold, found, done=done):
        return redirect(found)
    said = "From the moment you add it, it is kept with all that belongs to it. A hold cannot be narrowed."
    return ask(request, form, f"Widen {found.ref}", said, "Add it to the hold", found)


@require_http_methods(["GET", "HEAD", "POST"])
def tell_custodians(request: HttpRequest, ref: str) -> HttpResponse:
    found = _find(request, ref)
    require(request, "records.view", "records.tell_custodians", found)
    form = forms.CustodiansForm(sent(request))
    done = lambda number: f"{counted(number, 'custodian')} told."  # noqa: E731
    if carried_out(request, form, actions.tell_custodians, found, done=done):
        return redirect(found)
    said = "They find the hold on their home page, with its reason, and are asked to acknowledge it."
    return ask(request, form, f"Tell custodians of {found.ref}", said, "Tell them", found)


@require_http_methods(["GET", "HEAD", "POST"])
def acknowledge_hold(request: HttpRequest, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.visible_custodies(request.user), pk=pk)
    if request.method == "POST":
        require(request, "records.acknowledge_hold", "records.acknowledge_hold", found)
        answer = forms.YesForm(request.POST)
        if carried_out(request, answer, actions.acknowledge_hold, found, done="Thank you: it is on record."):
            return redirect("records:told")
    context = {"custodian": found, "hold": found.hold, "scopes": queries.scopes(found.hold)}
    return render(request, "records/acknowledge.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def ask_release(request: HttpRequest, ref: str) -> HttpResponse:
    found = _find(request, ref)
    require(request, "records.view", "records.ask_release", found)
    form = forms.ReasonForm(sent(request))
    if carried_out(request, form, actions.ask_release, found, done="Asked. Another person has to agree."):
        return redirect(found)
    said = "The hold stays in force until another person agrees that it may end."
    return ask(request, form, f"Ask for the release of {found.ref}", said, "Ask for the release", found)


@require_http_methods(["GET", "HEAD", "POST"])
def release_hold(request: HttpRequest, ref: str) -> HttpResponse:
    found = _find(request, ref)
    require(request, "records.view", "records.release_hold", found)
    form = forms.ReasonForm(sent(request))
    if carried_out(request, form, actions.release_hold, found, done=f"{found.ref} is released."):
        return redirect(found)
    said = (
        f"{found.release_asked_by} asked for it: “{found.release_reason}”. From the moment you release it, what no "
        "other hold covers may be erased, disposed of and retired. This cannot be taken back."
    )
    return ask(request, form, f"Release {found.ref}", said, "Release the hold", found)


@require_http_methods(["GET", "HEAD", "POST"])
def refuse_release(request: HttpRequest, ref: str) -> HttpResponse:
    found = _find(request, ref)
    require(request, "records.view", "records.refuse_release", found)
    form = forms.ReasonForm(sent(request))
    if carried_out(request, form, actions.refuse_release, found, done=f"{found.ref} stays in force."):
        return redirect(found)
    said = "The hold stays in force. Whoever asked for its release may ask again, with another reason."
    return ask(request, form, f"Keep {found.ref}", said, "Keep the hold", found)
