"""Where anybody asks whether a letter was issued: by the reference that is printed on it, and by its file.

A stranger learns that a letter was issued, on which day, and that our copy is unaltered. What it says, to whom and
about what, stays with those who have it. A file that somebody brings is compared and not kept.
"""

import re
from hashlib import sha256

from allauth.core.internal import ratelimit
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from apps.core.public import for_everybody
from apps.evidence import sending
from apps.notices.models import Notice

MEGABYTES = 32  # of a file: a letter with a long list of accounts has some ten

public = for_everybody(most=(MEGABYTES + 1) * 1024**2, too_large="letters/verify_too_large.html", megabytes=MEGABYTES)


class ReferenceForm(forms.Form):
    reference = forms.CharField(
        max_length=40,
        label=_("Reference of the letter"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
        help_text=_("Ten letters and digits at the foot of each page, such as K7M2X-9QRTB."),
    )


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("The file that you have"),
        allow_empty_file=True,
        help_text=_("Choose it or drop it here. It is compared and not kept."),
    )


@public
@require_safe
def ask(request: HttpRequest) -> HttpResponseBase:
    """The way in without a QR code: the reference is typed."""
    form = ReferenceForm(request.GET or None)
    if form.is_valid():
        return redirect("notices:verify_letter", normal(form.cleaned_data["reference"]) or "unknown")
    return render(request, "letters/verify.html", {"form": form}, status=422 if form.errors else 200)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, reference: str) -> HttpResponseBase:
    """What a reference, and the file that somebody brings, tell."""
    # A code is scanned, so that questions come by GET, which only this counts.
    if not ratelimit.consume(request, app="allauth.account", action="verify_letter", limit_get=True):
        return render(request, "letters/verify_too_often.html", status=429)
    letter = issued_as(reference)
    if letter is None:
        context = {"form": ReferenceForm(initial={"reference": reference[:40]}), "unknown": reference[:40]}
        return render(request, "letters/verify.html", context, status=404)
    form = FileForm(request.POST or None, request.FILES or None)
    known = {
        "reference": letter.verification_ref,
        "issued_at": letter.issued_at,
        "is_whole": sending.is_whole(letter.pdf_sha256),
        "form": form,
    }
    if form.is_valid():
        known["is_same"] = digest(form.cleaned_data["file"]) == letter.pdf_sha256
    return render(request, "letters/verified.html", known, status=422 if form.errors else 200)


def issued_as(reference: str) -> Notice | None:
    """The letter on which a reference is printed, once it was issued."""
    return Notice.objects.filter(verification_ref=normal(reference), state=Notice.State.ISSUED).first()


def normal(reference: str) -> str:
    """As it is printed, however it was typed."""
    text = re.sub(r"[^0-9A-Z]", "", reference.upper())
    return f"{text[:5]}-{text[5:]}" if text else ""


def digest(file: UploadedFile) -> str:
    found = sha256()
    for chunk in file.chunks():
        found.update(chunk)
    return found.hexdigest()
