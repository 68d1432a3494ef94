"""How a view reads: it records the look, or answers with the question why."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.audit.models import AuditedModel
from apps.audit.reads.look import ReasonNeeded
from apps.audit.reads.table import READS
from apps.core.http import form_page


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why do you look?", max_length=300, strip=True)


def asked(
    request: HttpRequest, act: Callable[..., Any], row: AuditedModel, *, back: str = "", title: str = "", **details: Any
) -> HttpResponse | None:
    """Record that the person looks at it. Answers only where something has to come first: the question why, and,
    when it was answered, the way back to the page itself, which can then be loaded again like any other.

    if answer := asked(request, actions.open_identifiers, account):
        return answer
    """
    form = ReasonForm(request.POST if request.method == "POST" else None)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        act(row, by=request.user, reason=reason, **details)
    except ReasonNeeded as needed:
        read = READS[needed.verb]
        return form_page(request, "audit/why.html", form, title=title or row, read=read, back=back or "/")
    return redirect(request.get_full_path()) if request.method == "POST" else None
