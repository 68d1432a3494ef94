"""What a detector signs its messages with."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.alerts import actions, queries
from apps.alerts.forms.signatures import EndKeyForm, RequireForm, SigningKeyForm
from apps.alerts.views.detectors import details
from apps.alerts.views.frame import find_detector, require_intake, sent
from apps.core.http import carried_out, explained, form_page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add_signing_key(request: HttpRequest, pk: str) -> HttpResponse:
    """The answer that makes a secret is the only place where it is shown."""
    found = find_detector(request, pk)
    require_intake(request, "alerts.add_signing_key", found)
    keys = queries.signing_keys_in_force(found)
    form = SigningKeyForm(sent(request), has_key=bool(keys))
    if form.is_valid():
        with explained(form):
            secret = actions.add_signing_key(found, by=request.user, **form.cleaned_data)
            if not secret:
                messages.success(request, "The key is set: messages signed with it are taken from now on.")
                return redirect(found)
            return render(request, "alerts/detector.html", details(request, found) | {"new_signing_secret": secret})
    return form_page(request, "alerts/signing_key.html", form, detector=found, keys=keys)


@require_http_methods(["GET", "HEAD", "POST"])
def end_signing_key(request: HttpRequest, pk: str, key: str) -> HttpResponse:
    found = find_detector(request, pk)
    ended = get_object_or_404(queries.signing_keys_in_force(found), pk=key)
    require_intake(request, "alerts.end_signing_key", found)
    form = EndKeyForm(sent(request))
    if form.is_valid():
        with explained(form):
            actions.end_signing_key(found, key=ended, by=request.user, **form.cleaned_data)
            messages.success(request, f"The key {ended} has ended.")
            return redirect(found)
    return form_page(request, "alerts/end_signing_key.html", form, detector=found, key=ended)


@require_http_methods(["GET", "HEAD", "POST"])
def require_signatures(request: HttpRequest, pk: str) -> HttpResponse:
    """Whether a detector has to sign: the form offers what is not so now, and the page says when it last signed."""
    found = find_detector(request, pk)
    require_intake(request, "alerts.require_signatures", found)
    form = RequireForm(sent(request), initial={"required": not found.requires_signature})
    done = f"What is asked of {found.name} is changed."
    if carried_out(request, form, actions.require_signatures, found, done=done):
        return redirect(found)
    return form_page(request, "alerts/require_signatures.html", form, detector=found, **queries.signing(found))
