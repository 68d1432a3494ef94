"""A verb of the register that has a page of its own."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.generic import FormView

from apps.core.http import carried_out, require


class VerbPage(FormView):
    """404 for a stranger, 403 for whom the verb is not, the form, the action, and on to where its result is seen.

    What the form holds is what the action takes. `find_subject` says what the verb is done to, where there is such.
    """

    http_method_names = ["get", "head", "post"]
    template_name = "evidence/registry/form.html"
    action: Callable[..., Any]
    title = ""
    button = ""
    icon = "check"
    consequence = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        verb: str = self.action.verb  # type: ignore[attr-defined]  # every @action has one
        require(request, "evidence.view")
        self.subject = self.find_subject()
        require(request, "evidence.view", verb, self.subject)
        return super().dispatch(request, *args, **kwargs)

    def find_subject(self) -> Any:
        return None

    def get_title(self) -> str:
        return f"{self.title}: {self.subject}" if self.subject else self.title

    def done(self, result: Any) -> str:
        """What is said afterwards."""
        raise NotImplementedError

    def landing(self, result: Any) -> str:
        """Where the result is seen."""
        return (result or self.subject).get_absolute_url()

    def back(self) -> str:
        """Where one goes who does not want to, after all."""
        return self.subject.get_absolute_url()

    def form_valid(self, form: forms.BaseForm) -> HttpResponse:
        on = [self.subject] if self.subject else []
        if taken := carried_out(self.request, form, self.action, *on, done=self.done):
            return redirect(self.landing(taken.result))
        return self.form_invalid(form)

    def render_to_response(self, context: dict[str, Any], **options: Any) -> HttpResponse:
        form = context["form"]
        options["status"] = 422 if form.is_bound and form.errors else 200
        return super().render_to_response(context, **options)
