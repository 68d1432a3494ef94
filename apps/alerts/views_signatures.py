"""Pages about what a detector signs its messages with."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.alerts import actions, queries
from apps.alerts.forms_signatures import EndKeyForm, RequireForm, SigningKeyForm
from apps.alerts.models import Detector
from apps.alerts.views import _detector, _require_intake, _sent
from apps.core.http import carried_out, explained


def _find(request: HttpRequest, pk: str) -> Detector:
    return get_object_or_404(queries.visible_detectors(request.user), pk=pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add_signing_key(request: HttpRequest, pk: str) -> HttpResponse:
    """The answer that makes a secret is the only place where it is shown."""
    found = _find(request, pk)
    _require_intake(request, "alerts.add_signing_key", found)
    keys = queries.signing_keys_in_force(found)
    form = SigningKeyForm(_sent(request), has_key=bool(keys))
    if form.is_valid():
        with explained(form):
            secret = actions.add_signing_key(found, by=request.user, **form.cleaned_data)
            if not secret:
                messages.success(request, "The key is set: messages signed with it are taken from now on.")
                return redirect(found)
            shown = {"new_signing_secret": secret}
            return render(request, "alerts/detector.html", _detector(request, found) | shown)
    context = {"detector": found, "form": form, "keys": keys}
    return render(request, "alerts/signing_key.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def end_signing_key(request: HttpRequest, pk: str, key: str) -> HttpResponse:
    found = _find(request, pk)
    ended = get_object_or_404(queries.signing_keys_in_force(found), pk=key)
    _require_intake(request, "alerts.end_signing_key", found)
    form = EndKeyForm(_sent(request))
    if form.is_valid():
        with explained(form):
            actions.end_signing_key(found, key=ended, by=request.user, **form.cleaned_data)
            messages.success(request, f"The key {ended} has ended.")
            return redirect(found)
    context = {"detector": found, "form": form, "key": ended}
    return render(request, "alerts/end_signing_key.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def require_signatures(request: HttpRequest, pk: str) -> HttpResponse:
    """Whether a detector has to sign: the form offers what is not so now, and the page says when it last signed."""
    found = _find(request, pk)
    _require_intake(request, "alerts.require_signatures", found)
    form = RequireForm(_sent(request), initial={"required": not found.requires_signature})
    done = f"What is asked of {found.name} is changed."
    if carried_out(request, form, actions.require_signatures, found, done=done):
        return redirect(found)
    context = {"detector": found, "form": form} | queries.signing(found)
    return render(request, "alerts/require_signatures.html", context, status=422 if form.errors else 200)
