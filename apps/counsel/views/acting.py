"""Who acts in a case, on one page with what our own counsel pursues in it."""

from typing import Any

from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.cases.views.frame import VerbPage, find, panel
from apps.core.http import require
from apps.counsel import actions, forms, queries
from apps.counsel.models import Counsel

TAB = "counsel:counsel"


@require_safe
def counsel(request: HttpRequest, ref: str) -> HttpResponse:
    case = find(request, ref)
    require(request, "counsel.view")
    context: dict[str, Any] = {"sides": queries.sides(request.user, case, timezone.now().date())}
    if request.user.has_perm("counsel.view_privileged"):
        context["standings"] = queries.standings(request.user, case)
    return panel(request, case, "counsel/counsel", context)


class RecordCounsel(VerbPage):
    action = staticmethod(actions.record_counsel)
    form_class = forms.CounselForm
    title = "Enter counsel"
    button = "Enter them"
    icon = "user-plus"
    consequence = "Letters to a party that counsel acts for go through counsel from that day on."
    done = "They are in the file."
    tab = TAB

    def get_initial(self) -> dict[str, Any]:
        return {"acts_from": timezone.now().date(), "party": self.request.GET.get("party")}

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"case": self.case}


class OfCounsel(VerbPage):
    tab = TAB

    def find_subject(self) -> Counsel:
        return get_object_or_404(queries.visible_counsel(self.request.user), pk=self.kwargs["pk"])


class CorrectCounsel(OfCounsel):
    action = staticmethod(actions.correct_counsel)
    form_class = forms.CounselForm
    title = "Correct what is said of counsel"
    button = "Correct it"
    icon = "pencil"
    consequence = "Letters that went out stay as they are."
    done = "It is corrected."

    def get_initial(self) -> dict[str, Any]:
        return model_to_dict(self.subject, fields=list(forms.CounselForm.base_fields))

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"case": self.case}


class EndEngagement(OfCounsel):
    action = staticmethod(actions.end_engagement)
    form_class = forms.EndForm
    button = "They have stopped"
    icon = "user-off"
    done = "They do not act any more."

    def get_title(self) -> str:
        return f"{self.subject} does not act any more"

    def get_consequence(self) -> str:
        party = self.subject.party
        return f"{party} is written to directly again, unless others act for it." if party else "It stays on record."

    def get_initial(self) -> dict[str, Any]:
        return {"acts_until": timezone.now().date()}
