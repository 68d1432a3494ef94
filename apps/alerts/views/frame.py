"""What the pages of alerts share: forms as pages or dialogs, the way back to the queue, and whom they are for."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from apps.alerts.models import AlertGroup
from apps.core.http import require


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with; nothing was sent where the form is only shown."""
    return request.POST if request.method == "POST" else None


def is_fragment(request: HttpRequest) -> bool:
    """Asked for by htmx, into a page that is there already."""
    return "HX-Request" in request.headers


def dialog(request: HttpRequest, template: str, context: dict[str, Any], form) -> HttpResponse:
    """A form as a page, or as what a dialog holds."""
    name = f"{template}#dialog" if is_fragment(request) else template
    return render(request, name, context, status=422 if form.errors else 200)


def ask(request: HttpRequest, form: Any, title: str, said: str, button: str, back: Any) -> HttpResponse:
    """A question with its consequence, as a page or in the dialog."""
    context = {"form": form, "title": title, "said": said, "button": button, "back": back}
    context["query"] = request.POST.get("back") or request.GET.get("back", "")
    return dialog(request, "alerts/ask.html", context, form)


def done(request: HttpRequest, answer: HttpResponseRedirect) -> HttpResponse:
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


def url_of_room(name: str, *args: Any) -> str:
    """The address of a page below this room, or "" where there is none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def require_intake(request: HttpRequest, to_do: str = "", obj: object = None) -> None:
    """Casework sees what came in; so do those who look after detectors."""
    seen = "alerts.view_detectors" if request.user.has_perm("alerts.view_detectors") else "alerts.view"
    require(request, seen, to_do, obj)
