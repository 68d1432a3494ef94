"""The pages of the wordings: reading and comparing versions, writing one with its letter beside it, approving it.

What is typed here is text with a few fixed marks (`letter.reader`); it is never run, fetched or taken for markup.
"""

import hashlib
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.forms import ReasonForm
from apps.core.http import carried_out, explained, form_page, is_fragment, pdf_response, require
from apps.notices import actions, forms, letter, proofreading, queries, readability, writing
from apps.notices.examples import example
from apps.notices.models import NoticeTemplate
from apps.policies.comparison import diff_words

MINUTES = 30  # that a tried wording can be looked at; every try keeps it for as long again
BUILT_IN = "built-in"


@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    require(request, "notices.view")
    versions, today = list(queries.visible_templates(request.user)), timezone.now().date()
    rows = [
        _row(kind, language, [v for v in versions if (v.kind, v.language) == (kind, language)], today)
        for kind in NoticeTemplate.Kind
        for language in NoticeTemplate.Language
    ]
    return render(request, "notices/templates.html", {"rows": rows})


def _row(kind, language, versions: list[NoticeTemplate], today) -> dict[str, Any]:
    approved = [v for v in versions if v.state == NoticeTemplate.State.APPROVED]
    begun = [v for v in approved if v.effective_from <= today]
    return {
        "kind": kind,
        "language": language,
        "versions": versions,
        "in_effect": max(begun, key=lambda v: (v.effective_from, v.version), default=None),
    }


@require_safe
def template(request: HttpRequest, pk) -> HttpResponse:
    return _version_page(request, _find(request, pk))


def _version_page(request: HttpRequest, found: NoticeTemplate, reason: ReasonForm | None = None) -> HttpResponse:
    before = queries.wording_before(found)
    context = _read_context(found.kind, found.language, found.content) | {
        "template": found,
        "reason": reason or ReasonForm(),
        "before": before,
        "segments": diff_words(
            before.content if before else letter.built_in(found.kind, found.language), found.content
        ),
        "token": _keep(request, found.kind, found.language, found.content, {}),
    }
    return render(request, "notices/wording.html", context, status=422 if reason and reason.errors else 200)


@require_safe
def wording(request: HttpRequest, kind: str, language: str = "en") -> HttpResponse:
    """The wording that the next letter takes: the approved one in effect, or the built-in one."""
    require(request, "notices.view")
    kind, language = _known(kind, language)
    found = queries.template_in_effect(kind, language, timezone.now().date())
    if found:
        return _version_page(request, found)
    content = letter.built_in(kind, language)
    context = _read_context(kind, language, content) | {"token": _keep(request, kind, language, content, {})}
    return render(request, "notices/wording.html", context)


def _read_context(kind: str, language: str, content: str) -> dict[str, Any]:
    named = {slot.name for slot in letter.read(content, kind).slots()}
    return {
        "kind": NoticeTemplate.Kind(kind),
        "language": NoticeTemplate.Language(language),
        "content": content,
        "placeholders": [item for name, item in letter.PLACEHOLDERS.items() if name in named],
        "required": letter.REQUIRED[kind],
    }


@require_safe
def compare(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    """Any two versions, their words marked."""
    require(request, "notices.view")
    kind, language = _known(kind, language)
    versions = list(queries.visible_templates(request.user).filter(kind=kind, language=language))
    texts = {str(v.pk): v.content for v in versions} | {BUILT_IN: letter.built_in(kind, language)}
    choices = [(str(v.pk), f"Version {v.version}, {v.get_state_display().lower()}") for v in versions]
    form = forms.CompareForm(request.GET or None, versions=[*choices, (BUILT_IN, "The one that came with casemgr")])
    context: dict[str, Any] = {"kind": NoticeTemplate.Kind(kind), "language": NoticeTemplate.Language(language)}
    if form.is_valid():
        context["segments"] = diff_words(texts[form.cleaned_data["old"]], texts[form.cleaned_data["new"]])
    return form_page(request, "notices/compare.html", form, **context)


# --- writing one -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    require(request, "notices.view", "notices.propose_template")
    kind, language = _known(kind, language)
    content = queries.wording_in_effect(kind, language, timezone.now().date())
    form = forms.WordingForm(request.POST or None, initial={"content": content})
    if form.is_valid():
        with explained(form):
            proposed = actions.propose_template(kind=kind, language=language, by=request.user, **form.cleaned_data)
            messages.success(request, f"{proposed} is proposed. Letters take it once another person has approved it.")
            return redirect("notices:template", proposed.pk)
    return _editor(request, kind, language, form, form.data.get("content", content))


@require_POST
def tried(request: HttpRequest, kind: str, language: str) -> HttpResponse:
    """A text as it stands in the editor: what is wrong with it, and as a letter with invented facts. It keeps nothing
    but that text, for the person who typed it, for half an hour."""
    require(request, "notices.view", "notices.propose_template")
    kind, language = _known(kind, language)
    content = request.POST.get("content", "")
    if is_fragment(request):
        return render(request, "notices/_tried.html", _tried(request, kind, language, content))
    return _editor(request, kind, language, forms.WordingForm(initial=request.POST.dict()), content)


def _editor(request: HttpRequest, kind: str, language: str, form: forms.WordingForm, content: str) -> HttpResponse:
    context = _tried(request, kind, language, content) | {
        "placeholders": letter.PLACEHOLDERS.values(),
        "required": letter.REQUIRED[kind],
        "sections": letter.SECTIONS,
        "shown": forms.ShownForm(initial=request.POST.dict()),
    }
    return form_page(request, "notices/propose.html", form, **context)


def _tried(request: HttpRequest, kind: str, language: str, content: str) -> dict[str, Any]:
    content = proofreading.written(content)
    shown = forms.ShownForm(request.POST)
    facts = shown.cleaned_data if shown.is_valid() else {}
    problems = proofreading.problems(content, kind, language)
    context: dict[str, Any] = {
        "kind": NoticeTemplate.Kind(kind),
        "language": NoticeTemplate.Language(language),
        "problems": _with_lines(problems, content),
    }
    try:
        letter.read(content, kind)
    except letter.TextError:
        return context
    return context | {
        "advice": _with_lines(proofreading.advice(content, kind, language), content),
        "ease": proofreading.ease_of(content, kind, language),
        "least": readability.FORMULAS[language].least,
        "token": _keep(request, kind, language, content, facts),
    }


def _with_lines(remarks: list[proofreading.Remark], content: str) -> list[dict[str, Any]]:
    """Each remark with the words of its line."""
    lines = ["", *content.splitlines()]
    return [
        {"line": remark.line, "message": remark.message, "words": lines[min(remark.line, len(lines) - 1)]}
        for remark in remarks
    ]


def _keep(request: HttpRequest, kind: str, language: str, content: str, facts: dict[str, Any]) -> str:
    """Keep a text for its writer's preview. Equal texts have equal names, so that looking twice costs one row."""
    kept = [kind, language, content, facts.get("profile") or "eu", bool(facts.get("sparse"))]
    token = hashlib.sha256(repr(kept).encode()).hexdigest()
    cache.set(_key(request, token), kept, MINUTES * 60)
    return token


def _key(request: HttpRequest, token: str) -> str:
    return f"wording:{request.user.pk}:{token}"


@require_safe
def trial(request: HttpRequest, token: str) -> HttpResponse:
    """The PDF of a text that the same person tried."""
    require(request, "notices.view")
    kept = cache.get(_key(request, token))
    if kept is None:
        raise Http404
    kind, language, content, profile, sparse = kept
    facts = example(kind, language, profile, sparse=sparse)
    return pdf_response(lambda: writing.example_pdf(content, facts, kind), name="example")


# --- deciding on one -------------------------------------------------------------------------------------------------


@require_POST
def approve(request: HttpRequest, pk) -> HttpResponse:
    with explained(request):
        actions.approve_template(_find(request, pk), by=request.user)
        messages.success(request, "Approved: drafts take it from its day on. Issued letters never change.")
    return redirect("notices:template", pk)


@require_POST
def decline(request: HttpRequest, pk) -> HttpResponse:
    found = _find(request, pk)
    require(request, "notices.view", "notices.decline_template", found)
    form = ReasonForm(request.POST)
    if carried_out(request, form, actions.decline_template, found, done="Declined; it stays on record."):
        return redirect("notices:template", pk)
    return _version_page(request, found, form)


def _known(kind: str, language: str) -> tuple[str, str]:
    if kind not in NoticeTemplate.Kind.values or language not in NoticeTemplate.Language.values:
        raise Http404
    return kind, language


def _find(request: HttpRequest, pk) -> NoticeTemplate:
    return get_object_or_404(queries.visible_templates(request.user), pk=pk)
