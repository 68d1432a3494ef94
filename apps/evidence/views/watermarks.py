"""Watermark schemes, the keys of them by name, and canaries."""

import hashlib
from typing import Any

import rfc8785
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import Account
from apps.accounts.queries import visible_accounts
from apps.audit.reads.asking import asked
from apps.core.http import file_response, is_fragment, require
from apps.core.paging import page
from apps.evidence import actions
from apps.evidence.forms import register as forms
from apps.evidence.models import Canary, KeyDeployment, KeyIncident, WatermarkKey, WatermarkScheme
from apps.evidence.registry import register
from apps.evidence.views.frame import VerbPage
from apps.staff.queries import names_of


@require_safe
def watermarks(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    keys: list[Any] = list(register.keys_with_custody(request.user))
    context = {
        "keys": keys,
        "schemes": list(register.visible_schemes(request.user)),
        "exposed": [key for key in keys if key.exposures],
    }
    return render(request, "evidence/registry/watermarks.html", context)


@require_safe
def scheme(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_scheme(request, pk)
    file = rfc8785.dumps(register.descriptor(found))
    context = {
        "scheme": found,
        "keys": found.keys.all(),
        "sha256": hashlib.sha256(file).hexdigest(),
        "who": names_of([found.registered_by])[found.registered_by],
    }
    return render(request, "evidence/registry/scheme.html", context)


@require_safe
def descriptor(request: HttpRequest, pk: str) -> HttpResponseBase:
    """The scheme as a file for third parties, in canonical JSON (RFC 8785), so that its hash can be compared."""
    found = find_scheme(request, pk)
    file = rfc8785.dumps(register.descriptor(found))
    name = f"watermark-{found.name}-{found.version}.json"
    return file_response([file], filename=name, media_type="application/json", size=len(file))


@require_safe
def key(request: HttpRequest, key_id: str) -> HttpResponse:
    found = find_key(request, key_id)
    held = list(found.holdings.order_by("-held_from"))
    incidents = list(found.incidents.order_by("-happened_at"))
    names = names_of([found.registered_by, *(one.registered_by for one in (*held, *incidents))])
    runs = register.runs_naming(found, request.user)
    context = {
        "key": found,
        "registrar": names[found.registered_by],
        "held": [(one, names[one.registered_by]) for one in held],
        "begun": held[-1].held_from if held else None,
        "gaps": register.gaps(held),
        "incidents": [(one, names[one.registered_by]) for one in incidents],
        "exposed": [one for one in incidents if one.effect != KeyIncident.Effect.NONE],
        "deployments": found.deployments.select_related("version__model").order_by("-deployed_from"),
        "lines": [{"label": one.holder, "since": one.held_from, "until": one.held_until} for one in reversed(held)],
        "runs": page(runs, ("-run_at", "-id"), request.GET, size=25),
        "outcomes": register.outcomes(runs),
    }
    return render(request, "evidence/registry/key.html", context)


@require_safe
def canaries(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    found = page(register.visible_canaries(request.user), ("-planted_at", "-id"), request.GET)
    return render(request, "evidence/registry/canaries.html", {"page": found})


@require_safe
def canary(request: HttpRequest, ref: str) -> HttpResponse:
    """All about it but its words."""
    found = find_canary(request, ref)
    names = names_of(filter(None, (found.registered_by, found.retired_by)))
    context = {
        "canary": found,
        "who": names[found.registered_by],
        "retirer": names.get(found.retired_by or "", ""),
        "has_words": register.has_words(found),
    }
    return render(request, "evidence/registry/canary.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def open_canary(request: HttpRequest, ref: str) -> HttpResponse:
    """Its words, for whom they are, who say why and are on record."""
    found = find_canary(request, ref)
    require(request, "evidence.view", "evidence.open_canary", found)
    back = found.get_absolute_url()
    if answer := asked(request, actions.open_canary, found, back=back, title=f"The words of {found}"):
        return answer
    response = render(request, "evidence/registry/canary_words.html", {"canary": found})
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
def canaries_of_account(request: HttpRequest, pk: str) -> HttpResponse:
    account = find_account(request, pk)
    found = page(register.visible_canaries(request.user).filter(account=account), ("-planted_at", "-id"), request.GET)
    template = "evidence/registry/canaries_of_account.html" + ("#panel" if is_fragment(request) else "")
    return render(request, template, {"account": account, "page": found})


def find_scheme(request: HttpRequest, pk: str) -> WatermarkScheme:
    return get_object_or_404(register.visible_schemes(request.user), pk=pk)


def find_key(request: HttpRequest, key_id: str) -> WatermarkKey:
    return get_object_or_404(register.visible_keys(request.user), key_id=key_id)


def find_canary(request: HttpRequest, ref: str) -> Canary:
    return get_object_or_404(register.visible_canaries(request.user), ref=ref)


def find_account(request: HttpRequest, pk: str) -> Account:
    require(request, "evidence.view")
    return get_object_or_404(visible_accounts(request.user), pk=pk)


class RegisterScheme(VerbPage):
    action = staticmethod(actions.register_scheme)
    form_class = forms.SchemeForm
    title = "Register a watermark scheme"
    button = "Register it"
    consequence = "It stays as it is: others verify by it. It is written so that it can be given away, without a key."

    def done(self, result: Any) -> str:
        return f"{result} is registered."

    def back(self) -> str:
        return reverse("evidence:watermarks")


class _OfScheme(VerbPage):
    def find_subject(self) -> WatermarkScheme:
        return find_scheme(self.request, self.kwargs["pk"])


class RegisterKey(_OfScheme):
    action = staticmethod(actions.register_key)
    form_class = forms.KeyForm
    title = "Register a key"
    button = "Register it"
    icon = "key"
    consequence = "The name of the key and who holds it. What looks like the key itself is refused, and not kept."

    def done(self, result: Any) -> str:
        return f"{result} is registered, and its custody begins."


class _OfKey(VerbPage):
    subject: WatermarkKey

    def find_subject(self) -> WatermarkKey:
        return find_key(self.request, self.kwargs["key_id"])

    def landing(self, result: Any) -> str:
        return self.subject.get_absolute_url()


class HandOverKey(_OfKey):
    action = staticmethod(actions.hand_over_key)
    form_class = forms.HandOverKeyForm
    title = "Say who holds the key"
    button = "Enter it"
    icon = "key"
    consequence = "Whoever is on record as holding it now holds it until that moment. Nothing of the log is changed."

    def done(self, result: Any) -> str:
        return f"{result.holder} holds the key, on record."


class RecordIncident(_OfKey):
    action = staticmethod(actions.record_incident)
    form_class = forms.IncidentForm
    title = "Record an incident"
    button = "Record it"
    icon = "alert-triangle"
    consequence = "It stays, and stands beside every result that rests on this key. Another entry can add to it."

    def done(self, result: Any) -> str:
        return "The incident is on record."


class DeployKey(_OfKey):
    action = staticmethod(actions.deploy_key)
    form_class = forms.DeployForm
    title = "Say where the key is in use"
    button = "Enter it"
    consequence = "A result can only be about output that was marked: what was served outside these times was not."

    def get_form_kwargs(self) -> dict[str, Any]:
        versions = register.visible_versions(self.request.user).order_by("model__name", "-registered_at")
        return super().get_form_kwargs() | {"versions": versions}

    def done(self, result: Any) -> str:
        return f"{result.version} carries the watermark of {result.key}, on record."


class EndDeployment(VerbPage):
    action = staticmethod(actions.end_deployment)
    form_class = forms.EndForm
    title = "Say when it ended"
    button = "Enter the end"
    consequence = "From that moment on the version's output does not carry the watermark."
    subject: KeyDeployment

    def find_subject(self) -> KeyDeployment:
        return get_object_or_404(register.visible_deployments(self.request.user), pk=self.kwargs["pk"])

    def done(self, result: Any) -> str:
        return f"{self.subject} has ended, on record."

    def landing(self, result: Any) -> str:
        return self.subject.key.get_absolute_url()

    def back(self) -> str:
        return self.subject.key.get_absolute_url()


class PlantCanary(VerbPage):
    action = staticmethod(actions.plant_canary)
    form_class = forms.CanaryForm
    title = "Enter a canary"
    button = "Enter it"
    icon = "flag"
    consequence = (
        "Tests name it by its digest. Its words, if you give them, are shown to few people, each time with a reason, "
        "and are never part of a report or bundle."
    )

    def find_subject(self) -> Account:
        return find_account(self.request, self.kwargs["pk"])

    def done(self, result: Any) -> str:
        return f"{result} is entered."


class RetireCanary(VerbPage):
    action = staticmethod(actions.retire_canary)
    form_class = forms.EndForm
    title = "Retire"
    button = "Retire it"
    icon = "archive"
    consequence = "It stays in the register: what was served before can still be found by it."

    def find_subject(self) -> Canary:
        return find_canary(self.request, self.kwargs["ref"])

    def done(self, result: Any) -> str:
        return f"{self.subject} is retired."
