"""Pages of the queue, of groups, alerts and batches, and of the detectors they come from."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.queries import visible_accounts
from apps.alerts import actions, filters, forms, grouping, queries, record, regrouping, verdicts
from apps.alerts.models import AlertGroup, Detector
from apps.alerts.portrait import error_rate, portrait
from apps.alerts.standing import why_not_alone
from apps.core.http import explained, require
from apps.core.paging import page
from apps.staff import actions as staff
from apps.staff.models import ApiKey
from apps.staff.queries import names_of

VIEWS = {
    "free": "Free",
    "mine": "Mine",
    "held": "Held by anyone",
    "late": "Past their target",
    "in_case": "In a case",
    "dismissed": "Dismissed",
    "snoozed": "Snoozed",
    "hidden": "Hidden by rules",
    "merged": "Merged",
}
RAW_SHOWN = 64 * 1024


# --- the queue -------------------------------------------------------------------------------------------------------


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    require(request, "alerts.view")
    view = request.GET.get("view", "free")
    conditions = queries.views_of_queue(request.user)
    groups = queries.visible_groups(request.user)
    found = filters.QueueFilter(request.GET, groups.filter(conditions.get(view, conditions["free"])))
    rows = page(found.qs.defer("facts"), ("-priority", "-id"), request.GET, within=found.within)
    figures = queries.queue_figures(request.user)
    days = queries.daily_alerts(rows)
    for group in rows:
        group.days = days[group.pk]
    selected = _uuid(request.GET.get("selected", ""))
    chosen = (groups.filter(pk=selected).first() if selected else None) or next(iter(rows), None)
    context = {
        "page": rows,
        "filter": found,
        "figures": figures,
        "view": view if view in VIEWS else "free",
        "views": _tabs(request, view, figures),
        "takes": view not in ("in_case", "dismissed", "merged"),
        "rail_counts": {"alerts:queue": figures["free"]},
        "group": chosen,
    }
    return render(request, "alerts/queue.html", context | (_preview(request, chosen) if chosen else {}))


def _tabs(request: HttpRequest, view: str, figures: Mapping[str, int]) -> list[dict[str, Any]]:
    rest = request.GET.copy()
    for name in ("after", "before", "selected"):
        rest.pop(name, None)
    tabs = []
    for name, label in VIEWS.items():
        rest["view"] = name
        tabs.append({"label": label, "url": f"?{rest.urlencode()}", "count": figures[name], "current": view == name})
    return tabs


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _preview(request: HttpRequest, group: AlertGroup) -> dict[str, Any]:
    return {
        "portrait": portrait(group, request.user),
        "open_case_url": _url_of_room("cases:open_case_from_group", group.pk),
        "doubt": why_not_alone(group),
        "back": request.GET.urlencode(),
    }


def _url_of_room(name: str, *args: Any) -> str:
    """The address of a page below this room, or "" where there is none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@require_safe
def preview(request: HttpRequest, pk: str) -> HttpResponse:
    """The right half of the queue, for one group."""
    group = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    return render(request, "alerts/_preview.html", {"group": group} | _preview(request, group))


@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    require(request, "alerts.view", "alerts.take_next")
    with explained(request):
        group = actions.take_next(by=request.user)
        messages.success(request, f"Yours now: {group.title}")
        return _back(request, group)
    return _back(request)


@contextmanager
def _quicker(request: HttpRequest, verb: str) -> Iterator[None]:
    """Who may do this in general, but not now, hears that somebody else came first."""
    try:
        yield
    except PermissionDenied:
        if not request.user.has_perm(verb):
            raise
        messages.warning(request, "Somebody else was quicker: this is how the group stands now.")


def _back(request: HttpRequest, group: AlertGroup | None = None) -> HttpResponseRedirect:
    """To where the person was: the same view and filters of the queue, or the group's own page."""
    if request.POST.get("from") == "group" and group is not None:
        return HttpResponseRedirect(reverse("alerts:group", args=[group.pk]), status=303)
    query = QueryDict(request.POST.get("back", ""), mutable=True)
    query.pop("selected", None)
    if group is not None:
        query["selected"] = str(group.pk)
    address = reverse("alerts:queue")
    return HttpResponseRedirect(f"{address}?{query.urlencode()}" if query else address, status=303)


# --- one group -------------------------------------------------------------------------------------------------------


@require_safe
def group(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    alerts = filters.AlertFilter(request.GET, queries.visible_alerts(request.user).filter(group=found).defer("payload"))
    context: dict[str, Any] = {
        "group": found,
        "filter": alerts,
        "page": page(alerts.qs, ("-detected_at", "-id"), request.GET, within=alerts.within),
        "from_group": True,
        "came": regrouping.merged_here(found),
        "key_words": grouping.in_words(found.key),
        "history_url": _url_of_room("audit:history", "alerts_alertgroup", found.pk),
    }
    why = regrouping.why(context["page"].rows)
    for one in context["page"]:
        one.why = why[one.pk]
    return render(request, "alerts/group.html", context | _preview(request, found))


@require_safe
def group_accounts(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    rows = page(queries.accounts_of(found), ("ref",), request.GET)
    return render(request, "alerts/group_accounts.html", {"group": found, "page": rows})


@require_POST
def claim(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    with explained(request), _quicker(request, "alerts.claim"):
        actions.claim(found, by=request.user)
    return _back(request, found)


@require_POST
def release(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    with explained(request), _quicker(request, "alerts.release"):
        actions.release(found, by=request.user)
        messages.success(request, "Back in the queue.")
    return _back(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
def dismiss(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    require(request, "alerts.view", "alerts.dismiss", found)
    form = forms.DismissForm(_sent(request))
    if form.is_valid():
        with explained(form):
            actions.dismiss(found, by=request.user, **form.cleaned_data)
            messages.success(request, f"Dismissed: {found.title}")
            return _done(request, _back(request, found if request.POST.get("from") == "group" else None))
    context = {"group": found, "form": form, "back": request.POST.get("back") or request.GET.get("back", "")}
    context["from"] = request.POST.get("from") or request.GET.get("from", "")
    return _dialog(request, "alerts/dismiss.html", context, form)


@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_groups(request.user), pk=pk)
    require(request, "alerts.view", "alerts.reopen", found)
    form = forms.ReopenForm(_sent(request))
    if form.is_valid():
        with explained(form):
            actions.reopen(found, by=request.user, **form.cleaned_data)
            messages.success(request, "Back in the queue.")
            return _done(request, redirect(found))
    return _dialog(request, "alerts/reopen.html", {"group": found, "form": form}, form)


def _sent(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with; nothing was sent where the form is only shown."""
    return request.POST if request.method == "POST" else None


def is_fragment(request: HttpRequest) -> bool:
    """Asked for by htmx, into a page that is there already."""
    return "HX-Request" in request.headers


def _dialog(request: HttpRequest, template: str, context: dict[str, Any], form) -> HttpResponse:
    """A form as a page, or as what a dialog holds."""
    name = f"{template}#dialog" if is_fragment(request) else template
    return render(request, name, context, status=422 if form.errors else 200)


def _done(request: HttpRequest, answer: HttpResponseRedirect) -> HttpResponse:
    return HttpResponse(status=204, headers={"HX-Redirect": answer.url}) if is_fragment(request) else answer


@require_safe
def of_account(request: HttpRequest, pk: str) -> HttpResponse:
    """The panel of an account's page with the groups whose alerts name it."""
    require(request, "alerts.view")
    account = get_object_or_404(visible_accounts(request.user), pk=pk)
    rows = page(queries.groups_about(request.user, account), ("-priority", "-id"), request.GET, size=20)
    name = "alerts/of_account.html#panel" if is_fragment(request) else "alerts/of_account.html"
    return render(request, name, {"account": account, "page": rows})


# --- alerts, batches, rejections -------------------------------------------------------------------------------------


@require_safe
def alert(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_alerts(request.user).select_related("batch"), pk=pk)
    named = visible_accounts(request.user).filter(pk__in=found.account_ids).order_by("ref")
    context = {
        "alert": found,
        "why": regrouping.why([found])[found.pk],
        "rate": error_rate(found.detector),
        "accounts": named[:20],
        "payload": json.dumps(found.said, indent=2, ensure_ascii=False),
    }
    return render(request, "alerts/alert.html", context)


@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    _require_intake(request)
    found = filters.BatchFilter(request.GET, queries.visible_batches(request.user))
    rows = page(found.qs, ("-received_at", "-id"), request.GET, within=found.within)
    return render(request, "alerts/batches.html", {"filter": found, "page": rows})


@require_safe
def batch(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_batches(request.user).defer(None), pk=pk)
    rejected = page(queries.visible_rejections(request.user).filter(batch=found), ("position",), request.GET)
    alerts = queries.touched_last(found, request.user).defer("payload").order_by("-severity", "id")[:20]
    context = {
        "batch": found,
        "page": rejected,
        "alerts": alerts,
        "who": found.sent_by and names_of({found.sent_by})[found.sent_by],
        "sends_again": found.sends_again.defer("raw")[:1],
    }
    return render(request, "alerts/batch.html", context)


@require_safe
def rejections(request: HttpRequest) -> HttpResponse:
    _require_intake(request)
    found = filters.RejectionFilter(request.GET, queries.visible_rejections(request.user).defer("raw"))
    rows = page(found.qs, ("-received_at", "-id"), request.GET, within=found.within)
    return render(request, "alerts/rejections.html", {"filter": found, "page": rows})


@require_safe
def rejection(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_rejections(request.user), pk=pk)
    raw = bytes(found.raw)
    context = {
        "rejection": found,
        "raw": raw[:RAW_SHOWN].decode(errors="backslashreplace"),
        "length": len(raw),
        "cut": len(raw) > RAW_SHOWN,
        "who": found.sent_again_by and names_of({found.sent_again_by})[found.sent_again_by],
    }
    return render(request, "alerts/rejection.html", context)


def _require_intake(request: HttpRequest, to_do: str = "", obj: object = None) -> None:
    """Casework sees what came in; so do those who look after detectors."""
    seen = "alerts.view_detectors" if request.user.has_perm("alerts.view_detectors") else "alerts.view"
    require(request, seen, to_do, obj)


# --- detectors -------------------------------------------------------------------------------------------------------


@require_safe
def detectors(request: HttpRequest) -> HttpResponse:
    _require_intake(request)
    rows = queries.traffic(queries.visible_detectors(request.user))
    measured = verdicts.of_all()
    shown = [(row, error_rate(row.detector), record.shares(measured.get(row.detector.pk))) for row in rows]
    return render(request, "alerts/detectors.html", {"rows": shown})


@require_safe
def detector(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_detectors(request.user), pk=pk)
    return render(request, "alerts/detector.html", _detector(request, found))


def _detector(request: HttpRequest, found: Detector) -> dict[str, Any]:
    newest = queries.visible_batches(request.user).filter(detector=found).order_by("-received_at", "-id")
    return {
        "detector": found,
        "rate": error_rate(found),
        "keys": queries.keys_of(found),
        "batches": newest[: queries.NEWEST_BATCHES],
    } | record.of(found, request.user)


@require_http_methods(["GET", "HEAD", "POST"])
def register_detector(request: HttpRequest) -> HttpResponse:
    _require_intake(request, "alerts.register_detector")
    form = forms.RegisterForm(_sent(request))
    if form.is_valid():
        with explained(form):
            found = actions.register_detector(by=request.user, **form.cleaned_data)
            messages.success(request, f"{found.name} is registered. It needs a key to post.")
            return redirect(found)
    return render(request, "alerts/detector_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def change_detector(request: HttpRequest, pk: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_detectors(request.user), pk=pk)
    _require_intake(request, "alerts.change_detector", found)
    now = {name: getattr(found, name) for name in forms.ChangeForm.base_fields}
    now["known_false_positives"] = ", ".join(found.known_false_positives)
    form = forms.ChangeForm(_sent(request), initial=now)
    if form.is_valid():
        with explained(form):
            actions.change_detector(found, by=request.user, **form.cleaned_data)
            messages.success(request, f"{found.name} is changed.")
            return redirect(found)
    context = {"form": form, "detector": found}
    return render(request, "alerts/detector_form.html", context, status=422 if form.errors else 200)


@never_cache
@require_POST
def issue_key(request: HttpRequest, pk: str) -> HttpResponse:
    """The answer to this request is the only place where the key's text is ever shown."""
    found = get_object_or_404(queries.visible_detectors(request.user), pk=pk)
    if not found.is_active:
        raise PermissionDenied("A detector that is switched off gets no key.")
    key, text = staff.issue_api_key(found.service_account, by=request.user)
    return render(request, "alerts/detector.html", _detector(request, found) | {"new_key": key, "new_key_text": text})


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_key(request: HttpRequest, pk: str, key: str) -> HttpResponse:
    found = get_object_or_404(queries.visible_detectors(request.user), pk=pk)
    revoked: ApiKey = get_object_or_404(queries.keys_of(found).filter(revoked_at=None), pk=key)
    _require_intake(request, "staff.revoke_api_key", revoked)
    form = forms.RevokeForm(_sent(request))
    if form.is_valid():
        staff.revoke_api_key(revoked, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, f"{revoked} is revoked: its next request is refused.")
        return redirect(found)
    return render(request, "alerts/revoke_key.html", {"detector": found, "key": revoked, "form": form})
