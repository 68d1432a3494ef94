"""What the pages of alerts share: forms as pages or dialogs, the way back to the queue, and whom they are for."""

from typing import Any
from uuid import UUID

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.alerts import queries
from apps.alerts.models import AlertGroup, Detector
from apps.core.http import form_page, is_fragment, require


def find_group(request: HttpRequest, pk: object) -> AlertGroup:
    return get_object_or_404(queries.visible_groups(request.user), pk=pk)


def find_detector(request: HttpRequest, pk: object) -> Detector:
    return get_object_or_404(queries.visible_detectors(request.user), pk=pk)


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with; nothing was sent where the form is only shown."""
    return request.POST if request.method == "POST" else None


def dialog(request: HttpRequest, template: str, form: BaseForm, /, **context: Any) -> HttpResponse:
    """A form as a page, or as what a dialog holds."""
    return form_page(request, f"{template}#dialog" if is_fragment(request) else template, form, **context)


def ask(request: HttpRequest, form: BaseForm, title: str, said: str, button: str, back: Any) -> HttpResponse:
    """A question with its consequence, as a page or in the dialog."""
    query = request.POST.get("back") or request.GET.get("back", "")
    return dialog(request, "alerts/ask.html", form, title=title, said=said, button=button, back=back, query=query)


def leave_dialog(request: HttpRequest, answer: HttpResponseRedirect) -> HttpResponse:
    """To another page, whether the form was one or stood in a dialog."""
    return HttpResponse(status=204, headers={"HX-Redirect": answer.url}) if is_fragment(request) else answer


def back_to_queue(request: HttpRequest, group: AlertGroup | None = None) -> HttpResponseRedirect:
    """To where the person was: the same view and filters of the queue, or the group's own page."""
    if request.POST.get("from") == "group" and group is not None:
        return HttpResponseRedirect(reverse("alerts:group", args=[group.pk]), status=303)
    query = QueryDict(request.POST.get("back", ""), mutable=True)
    query.pop("selected", None)
    if group is not None:
        query["selected"] = str(group.pk)
    address = reverse("alerts:queue")
    return HttpResponseRedirect(f"{address}?{query.urlencode()}" if query else address, status=303)


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def require_intake(request: HttpRequest, to_do: str = "", obj: object = None) -> None:
    """Casework sees what came in; so do those who look after detectors."""
    seen = "alerts.view_detectors" if request.user.has_perm("alerts.view_detectors") else "alerts.view"
    require(request, seen, to_do, obj)
