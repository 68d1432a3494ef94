"""How far measures are carried out: on the page of their case, order by order; and where orders go."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.cases.models import Decision
from apps.cases.queries import visible_cases, visible_decisions
from apps.core.forms import ReasonForm, RenewSecretForm
from apps.core.http import carried_out, explained, form_page, is_fragment, require
from apps.core.outbox import MAX_ATTEMPTS
from apps.core.paging import page
from apps.core.ui.formats import counted
from apps.enforcement import actions, forms, queries
from apps.enforcement.models import Instruction, Order, Receiver

State = Instruction.State

MESSAGES_SHOWN = 100


@require_safe
def of_case(request: HttpRequest, ref: str) -> HttpResponse:
    """The panel of a case: what of its decisions was ordered, and how far it is."""
    require(request, "enforcement.view")
    case = get_object_or_404(visible_cases(request.user), ref=ref)
    decisions = list(queries.decisions_of(case))
    orders = [order for decision in decisions for order in decision.orders.all()]
    counts = queries.by_state(orders)
    rows = [(decision, [(order, _shares(counts[order.pk])) for order in _in_order(decision)]) for decision in decisions]
    context = {"case": case, "rows": rows, "has_receiver": Receiver.objects.filter(is_active=True).exists()}
    template = "enforcement/of_case.html" if is_fragment(request) else "enforcement/of_case_page.html"
    return render(request, template, context)


def _in_order(decision: Decision) -> list[Order]:
    return sorted(decision.orders.all(), key=lambda order: order.number)


def _shares(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """State, in words, and number of accounts, for those states that there are, from the first to the last."""
    return [(state.value, state.label, counts[state]) for state in State if counts.get(state)]


@require_safe
def order(request: HttpRequest, ref: str) -> HttpResponse:
    """One order: how far it is, why accounts failed, and each account."""
    found = _find(request, ref)
    form, rows = forms.FilterForm(request.GET), found.instructions.select_related("account")
    asked = form.cleaned_data if form.is_valid() else {}
    if state := asked.get("state"):
        rows = rows.filter(state=state)
    if words := asked.get("q"):
        rows = rows.filter(account__ref__iexact=words.strip())
    counts = queries.by_state([found])[found.pk]
    context = {
        "order": found,
        "decision": found.decision,
        "case": found.case,
        "shares": _shares(counts),
        "over": sum(counts.get(state, 0) for state in (State.IN_EFFECT, State.ROLLED_BACK, State.OVERTAKEN)),
        "failed": counts.get(State.FAILED, 0),
        "reasons": queries.reasons(found),
        "form": form,
        "filtered": any(request.GET.values()),
        "page": page(rows, ("id",), request.GET),
        "messages_of_order": queries.messages_of(found).order_by("-attempt", "part")[:MESSAGES_SHOWN],
        "max_attempts": MAX_ATTEMPTS,
    }
    return render(request, "enforcement/order.html", context)


@require_POST
def carry_out(request: HttpRequest, ref: str) -> HttpResponse:
    decision = _decision(request, ref)
    with explained(request):
        ordered = actions.carry_out(decision, by=request.user)
        messages.success(request, f"Ordered for {counted(ordered.account_count, 'account')}.")
        return redirect(ordered)
    return redirect("cases:decisions", decision.case.ref)


@require_http_methods(["GET", "HEAD", "POST"])
def roll_back(request: HttpRequest, ref: str) -> HttpResponse:
    decision = _decision(request, ref)
    require(request, "enforcement.view", "enforcement.roll_back", decision)
    form = ReasonForm(request.POST or None)
    done = carried_out(request, form, actions.roll_back, decision, done="Its undoing is ordered.")
    if done:
        return redirect(done.result)
    return form_page(request, "enforcement/roll_back.html", form, decision=decision, case=decision.case)


@require_POST
def send_again(request: HttpRequest, ref: str) -> HttpResponse:
    found = _find(request, ref)
    with explained(request):
        count = actions.send_again(found, by=request.user)
        messages.success(request, f"{counted(count, 'account')} will be sent again in a moment.")
    return redirect(found)


def _find(request: HttpRequest, ref: str) -> Order:
    return get_object_or_404(queries.visible_orders(request.user), ref=ref)


def _decision(request: HttpRequest, ref: str) -> Decision:
    require(request, "enforcement.view")
    return get_object_or_404(visible_decisions(request.user), ref=ref)


# --- the receiver -----------------------------------------------------------------------------------------------------


@require_safe
def receiver(request: HttpRequest) -> HttpResponse:
    require(request, "enforcement.view_receiver")
    return _receiver_page(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_receiver(request: HttpRequest) -> HttpResponse:
    """The answer that sets the first address is the only place where the secret is shown."""
    require(request, "enforcement.view_receiver", "enforcement.set_receiver")
    known = Receiver.objects.first()
    initial = {"url": known.url, "is_active": known.is_active} if known else None
    form = forms.ReceiverForm(request.POST or None, initial=initial)
    if form.is_valid():
        with explained(form):
            if secret := actions.set_receiver(by=request.user, **form.cleaned_data):
                return _receiver_page(request, new_secret=secret)
            messages.success(request, "The receiver is changed.")
            return redirect("enforcement:receiver")
    return form_page(request, "enforcement/set_receiver.html", form, receiver=known)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def renew_receiver_secret(request: HttpRequest) -> HttpResponse:
    """The answer that makes the secret is the only place where it is shown."""
    require(request, "enforcement.view_receiver", "enforcement.renew_receiver_secret")
    known = get_object_or_404(Receiver)
    form = RenewSecretForm(request.POST or None)
    if form.is_valid():
        with explained(form):
            secret = actions.renew_receiver_secret(known, by=request.user, **form.cleaned_data)
            return _receiver_page(request, new_secret=secret)
    return form_page(request, "enforcement/renew_secret.html", form, receiver=known)


def _receiver_page(request: HttpRequest, **shown: Any) -> HttpResponse:
    return render(request, "enforcement/receiver.html", {"receiver": Receiver.objects.first()} | shown)
