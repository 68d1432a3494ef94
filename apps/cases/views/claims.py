"""Who says what, graded, with what contradicts it beside it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from apps.cases import actions
from apps.cases.claims import grading
from apps.cases.forms import claims as forms
from apps.cases.models import Claim, ClaimLink
from apps.cases.queries import claims as queries
from apps.cases.views.frame import VerbPage, find, panel
from apps.evidence.fingerprints import scales
from apps.evidence.models import Item
from apps.evidence.queries import visible_items, visible_runs


@require_safe
def claims(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    context = {
        "matters": queries.matters(case),
        "contradictions": queries.contradictions(case),
        "withdrawn": queries.withdrawn(case),
        "numbers": list(queries.quantities(case)),
        "scales": [scales.scale(name) for name in (grading.SOURCE, grading.INFORMATION)],
    }
    return panel(request, case, "claims", context)


class RecordClaim(VerbPage):
    action = staticmethod(actions.record_claim)
    form_class = forms.ClaimForm
    title = "Record a claim"
    button = "Record it"
    icon = "notes"
    consequence = "It is kept apart from the evidence: it proves that this was said, and nothing else."
    done = "The claim is recorded. Grade it, and link it with what says the same or contradicts it."
    tab = "cases:claims"

    def get_form_kwargs(self) -> dict[str, Any]:
        known = list(self.case.claims.filter(withdrawn_at=None).values_list("topic", "origin"))
        return super().get_form_kwargs() | {
            "topics": sorted({topic for topic, _ in known}),
            "origins": sorted({origin for _, origin in known}),
            "items": visible_items(self.request.user).filter(kind=Item.Kind.CAPTURE),
        }


class RecordQuantity(VerbPage):
    action = staticmethod(actions.record_quantity)
    form_class = forms.QuantityForm
    title = "Write down a number"
    button = "Keep it"
    icon = "hash"
    consequence = "It is printed with the word in front of it everywhere, and never rounded."
    done = "The number is kept."
    tab = "cases:claims"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {
            "claims": self.case.claims.filter(withdrawn_at=None),
            "runs": visible_runs(self.request.user),
        }


class _OfClaim(VerbPage):
    tab = "cases:claims"
    subject: Claim

    def find_subject(self) -> Claim:
        return get_object_or_404(queries.visible_claims(self.request.user), pk=self.kwargs["pk"])

    def get_title(self) -> str:
        return f"{self.title} {self.subject.label}, {self.subject.speaker}: “{self.subject.text[:120]}”"


class GradeClaim(_OfClaim):
    action = staticmethod(actions.grade_claim)
    form_class = forms.GradeForm
    title = "Grade"
    button = "Keep the grades"
    icon = "scale"
    consequence = "Grades before this one stay in the trail."
    done = "The claim is graded."

    def get_initial(self) -> dict[str, Any]:
        claim = self.subject
        return {
            "source_grade": claim.source_grade,
            "information": claim.information,
            "grading_basis": claim.grading,
        }


class LinkClaims(_OfClaim):
    action = staticmethod(actions.link_claims)
    form_class = forms.LinkForm
    title = "Link"
    button = "Link them"
    icon = "link"
    consequence = "Saying the same corroborates only where the origins differ."
    done = "The claims are linked."

    def get_form_kwargs(self) -> dict[str, Any]:
        others = self.case.claims.filter(withdrawn_at=None).exclude(pk=self.subject.pk)
        return super().get_form_kwargs() | {"others": others}


class WithdrawClaim(_OfClaim):
    action = staticmethod(actions.withdraw_claim)
    form_class = forms.WithdrawForm
    title = "Withdraw"
    button = "Withdraw it"
    icon = "arrow-back-up"
    consequence = "It stays on record, marked as recorded wrongly. Nobody's words are changed."
    done = "The claim is withdrawn."


class UnlinkClaims(VerbPage):
    action = staticmethod(actions.unlink_claims)
    form_class = forms.WithdrawForm
    title = "Withdraw the link"
    button = "Withdraw it"
    icon = "link-off"
    consequence = "The claims stay as they are."
    done = "The link is withdrawn."
    tab = "cases:claims"
    subject: ClaimLink

    def find_subject(self) -> ClaimLink:
        return get_object_or_404(queries.visible_links(self.request.user), pk=self.kwargs["pk"])

    def get_title(self) -> str:
        return f"{self.title}: {self.subject}"
