"""What the room's pages share."""

from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict

from apps.core.http import form_page


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with; nothing was sent where the form is only shown."""
    return request.POST if request.method == "POST" else None


def ask(request: HttpRequest, form: BaseForm, title: str, said: str, button: str, back: Any) -> HttpResponse:
    """A form with the sentence that says what sending it does."""
    return form_page(request, "records/ask.html", form, title=title, said=said, button=button, back=back)
