"""The register of models, ours and others: one place, a page each."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.core.http import require
from apps.core.paging import page
from apps.core.ui.formats import counted
from apps.evidence import actions, queries
from apps.evidence.forms import register as forms
from apps.evidence.models import ModelVersion, ProtectedModel, SignatureCheck, SuspectModel
from apps.evidence.registry import register
from apps.evidence.views.frame import VerbPage
from apps.staff.queries import names_of

SHOWN = 12  # releases in the calendar


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    context = {
        "models": list(register.models_with_versions(request.user)),
        "calendar": list(register.calendar(request.user)[:SHOWN]),
        "today": timezone.localdate(),
    }
    return render(request, "evidence/registry/models.html", context)


@require_safe
def model(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_model(request, pk)
    versions = list(register.versions_of(found))
    today = timezone.localdate()
    context = {
        "model": found,
        "versions": versions,
        "lines": [
            {
                "label": f"{deployment.key} on {version.version}",
                "since": deployment.deployed_from,
                "until": deployment.deployed_until,
            }
            for version in versions
            for deployment in version.deployments.all()
        ],
        "attestations": [(one, register.standing(one, today)) for one in register.attestations_of(found)],
        "who": names_of([found.registered_by])[found.registered_by],
        **_runs(request, found),
    }
    return render(request, "evidence/registry/model.html", context)


@require_safe
def suspects(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    found = page(register.suspects_with_runs(request.user), ("-registered_at", "-id"), request.GET)
    return render(request, "evidence/registry/suspects.html", {"page": found})


@require_safe
def suspect(request: HttpRequest, pk: str) -> HttpResponse:
    found = find_suspect(request, pk)
    who = names_of([found.registered_by])[found.registered_by]
    return render(request, "evidence/registry/suspect.html", {"suspect": found, "who": who, **_runs(request, found)})


def _runs(request: HttpRequest, thing: Any) -> dict[str, Any]:
    """Every run that names it, whatever came out."""
    runs = register.runs_naming(thing, request.user)
    return {"runs": page(runs, ("-run_at", "-id"), request.GET, size=25), "outcomes": register.outcomes(runs)}


def find_model(request: HttpRequest, pk: str) -> ProtectedModel:
    return get_object_or_404(register.visible_models(request.user), pk=pk)


def find_version(request: HttpRequest, pk: str) -> ModelVersion:
    return get_object_or_404(register.visible_versions(request.user), pk=pk)


def find_suspect(request: HttpRequest, pk: str) -> SuspectModel:
    return get_object_or_404(register.visible_suspects(request.user), pk=pk)


class RegisterModel(VerbPage):
    action = staticmethod(actions.register_model)
    form_class = forms.ModelForm
    title = "Register a model of ours"
    button = "Register it"
    consequence = "Its name stays in the register for good. Versions, with their digests, are entered below it."

    def done(self, result: Any) -> str:
        return f"{result} is registered. Enter its versions."

    def back(self) -> str:
        return reverse("evidence:models")


class DescribeModel(VerbPage):
    action = staticmethod(actions.describe_model)
    form_class = forms.DescribeModelForm
    title = "Describe"
    button = "Keep it"
    consequence = "What it said before stays in the trail."

    def find_subject(self) -> ProtectedModel:
        return find_model(self.request, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return {"owner": self.subject.owner, "family": self.subject.family, "notes": self.subject.notes}

    def done(self, result: Any) -> str:
        return "The register says it so now."


class RegisterVersion(VerbPage):
    action = staticmethod(actions.register_version)
    form_class = forms.VersionForm
    title = "Register a version"
    button = "Register it"
    consequence = "A digest that is entered stays: other files are another version. What is not known yet comes later."

    def find_subject(self) -> ProtectedModel:
        return find_model(self.request, self.kwargs["pk"])

    def done(self, result: Any) -> str:
        return f"{result} is registered, with {counted(len(result.weights), 'file')}."


class DescribeVersion(VerbPage):
    action = staticmethod(actions.describe_version)
    form_class = forms.DescribeVersionForm
    title = "Describe"
    button = "Keep it"
    consequence = "Days may change. A digest that is recorded stays, and one that is missing can be added."

    def find_subject(self) -> ModelVersion:
        return find_version(self.request, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        return forms.DescribeVersionForm.said(self.subject)

    def done(self, result: Any) -> str:
        return "The register says it so now."


class RecordAttestation(VerbPage):
    action = staticmethod(actions.record_attestation)
    form_class = forms.AttestationForm
    title = "Record an attestation"
    button = "Record it"
    icon = "certificate"
    consequence = "It says who stands for something, and until when. It is not evidence of what it states."

    def find_subject(self) -> ProtectedModel:
        return find_model(self.request, self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        items = queries.visible_items(self.request.user)
        return super().get_form_kwargs() | {"model": self.subject, "items": items}

    def done(self, result: Any) -> str:
        return f"Recorded: {result}."

    def landing(self, result: Any) -> str:
        return self.subject.get_absolute_url()


class _CheckOfVersion(VerbPage):
    button = "Check it"
    icon = "signature"

    def find_subject(self) -> ModelVersion:
        return find_version(self.request, self.kwargs["pk"])

    def done(self, result: SignatureCheck) -> str:
        if result.verdict == SignatureCheck.Verdict.VERIFIED:
            return f"It holds. The report is {result.item.ref}."
        return f"It does not hold. The report is {result.item.ref}, and stays."

    def landing(self, result: Any) -> str:
        return self.subject.get_absolute_url()


class CheckSignature(_CheckOfVersion):
    action = staticmethod(actions.check_signature)
    form_class = forms.SignatureForm
    title = "Check the signature"
    consequence = (
        "The signature is held against the digests that are recorded of this version, here and offline. The report "
        "becomes an item of evidence, also when it says that the signature does not hold."
    )


class CheckStatement(_CheckOfVersion):
    action = staticmethod(actions.check_statement)
    form_class = forms.StatementForm
    title = "Check a signed attestation"
    consequence = (
        "The statement is held against the key, and against every digest that is recorded of this version, here and "
        "offline. The report becomes an item of evidence, also when it says that the statement does not hold."
    )


class RegisterSuspect(VerbPage):
    action = staticmethod(actions.register_suspect)
    form_class = forms.SuspectForm
    title = "Register a suspect model"
    button = "Register it"
    consequence = "Test runs name it from then on, and its page lists all of them. It accuses nobody of anything."

    def done(self, result: Any) -> str:
        return f"{result} is registered."

    def back(self) -> str:
        return reverse("evidence:suspects")


class DescribeSuspect(VerbPage):
    action = staticmethod(actions.describe_suspect)
    form_class = forms.DescribeSuspectForm
    title = "Describe"
    button = "Keep it"
    consequence = "What it said before stays in the trail."

    def find_subject(self) -> SuspectModel:
        return find_suspect(self.request, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        suspect = self.subject
        said = {field: getattr(suspect, field) for field in ("endpoint", "first_seen_at", "notes")}
        return said | {"aliases": "\n".join(suspect.aliases)}

    def done(self, result: Any) -> str:
        return "The register says it so now."
