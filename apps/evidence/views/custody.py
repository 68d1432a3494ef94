"""Steps of custody: each a form that says what will happen, or a button that answers what somebody asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.core.forms import TypedForm
from apps.core.http import carried_out, explained, form_page, require
from apps.evidence import actions, queries
from apps.evidence.forms import items as forms
from apps.evidence.models import Proposal


@dataclass(frozen=True)
class Step:
    """What a form of one verb says."""

    action: Callable[..., Any]
    form: type[django_forms.Form]
    title: str
    consequence: str
    button: str
    done: str

    @property
    def verb(self) -> str:
        return str(self.action.verb)  # type: ignore[attr-defined]


def _step(step: Step) -> Callable[..., HttpResponse]:
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        found = get_object_or_404(queries.visible_items(request.user), ref=ref)
        require(request, "evidence.view", step.verb, found)
        form = step.form(request.POST or None)
        if isinstance(form, forms.HandOverForm):
            form.offer(queries.custodians(request.user))
        if carried_out(request, form, step.action, found, done=step.done.format(ref=ref)):
            return redirect("evidence:item", ref)
        return form_page(request, "evidence/step.html", form, item=found, step=step)

    return view


seal = _step(
    Step(
        actions.seal,
        forms.StepForm,
        "Seal the item",
        "The file is measured with both hashes. After that it can be measured and shown, but nobody takes a copy or "
        "makes anything from it until two people unseal it. Where the vault has locks, it locks the file.",
        "Seal it",
        "{ref} is sealed.",
    )
)
hand_over = _step(
    Step(
        actions.hand_over,
        forms.HandOverForm,
        "Hand the item over",
        "The file is measured now, and again when the other person accepts. Until then you answer for it.",
        "Hand it over",
        "{ref} waits for the other person to accept it.",
    )
)
take_over = _step(
    Step(
        actions.take_over,
        forms.ReasonForm,
        "Take the item over",
        "From now on you answer for it. The chain says that nobody handed it to you, and why.",
        "Take it over",
        "You answer for {ref} now.",
    )
)
clear_item = _step(
    Step(
        actions.clear_item,
        forms.ReasonForm,
        "Clear the item from quarantine",
        "It can then be copied and worked with like any other. What spoke against it stays on its page, and so do "
        "your words.",
        "Clear it",
        "{ref} is out of quarantine.",
    )
)
propose_unsealing = _step(
    Step(
        actions.propose_unsealing,
        forms.StepForm,
        "Ask to unseal the item",
        "Another person has to unseal it.",
        "Ask for it",
        "Another person has to unseal {ref}.",
    )
)
propose_release = _step(
    Step(
        actions.propose_release,
        forms.ReleaseForm,
        "Ask to release the item",
        "Another person releases it for good to somebody outside: a court, an authority, its owner. A copy stays in "
        "the vault.",
        "Ask for it",
        "Another person has to release {ref}.",
    )
)
propose_disposal = _step(
    Step(
        actions.propose_disposal,
        forms.StepForm,
        "Ask to dispose of the item",
        "When another person agrees, its file is removed from the vault for ever, unless another record is the same "
        "file. The record, its hashes and its chain of custody stay. A legal hold forbids it.",
        "Ask for it",
        "Another person has to dispose of {ref}.",
    )
)


def _answer(action: Callable[..., Any], done: str) -> Callable[..., HttpResponse]:
    @require_POST
    def view(request: HttpRequest, pk) -> HttpResponse:
        proposal = _find(request, pk)
        with explained(request):
            action(proposal, by=request.user)
            messages.success(request, done.format(ref=proposal.item.ref))
        return redirect("evidence:item", proposal.item.ref)

    return view


accept_item = _answer(actions.accept_item, "You answer for {ref} now. The file is what was collected.")
unseal = _answer(actions.unseal, "{ref} is unsealed.")
release = _answer(actions.release, "{ref} is released.")
withdraw = _answer(actions.withdraw, "Nothing is asked for {ref} any more.")


@require_http_methods(["GET", "HEAD", "POST"])
def refuse(request: HttpRequest, pk) -> HttpResponse:
    proposal = _find(request, pk)
    require(request, "evidence.view", "evidence.refuse", proposal)
    step = Step(
        actions.refuse,
        forms.ReasonForm,
        "Refuse what was asked",
        "The item stays as it is. Your reason stands in its record.",
        "Refuse it",
        "Refused.",
    )
    form = step.form(request.POST or None)
    if carried_out(request, form, step.action, proposal, done=step.done):
        return redirect("evidence:item", proposal.item.ref)
    return form_page(request, "evidence/step.html", form, item=proposal.item, step=step, proposal=proposal)


@require_http_methods(["GET", "HEAD", "POST"])
def dispose(request: HttpRequest, pk) -> HttpResponse:
    proposal = _find(request, pk)
    require(request, "evidence.view", "evidence.dispose", proposal)
    ref = proposal.item.ref
    step = Step(
        actions.dispose,
        TypedForm,
        "Dispose of the item",
        "Its file is removed from the vault for ever, unless another record is the same file. The record, its hashes "
        "and its chain of custody stay.",
        "Dispose of it",
        f"{ref} is disposed of. Its file is being removed; its record stays.",
    )
    form = TypedForm(request.POST or None, phrase=ref)
    if carried_out(request, form, step.action, proposal, done=step.done):
        return redirect("evidence:item", ref)
    return form_page(request, "evidence/step.html", form, item=proposal.item, step=step, proposal=proposal)


def _find(request: HttpRequest, pk) -> Proposal:
    return get_object_or_404(queries.visible_proposals(request.user), pk=pk)
