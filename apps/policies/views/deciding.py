"""Where people decide what terms mean: dates of effect, kinds of conduct, and which clauses are the same."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.core.http import explained, form_page, require
from apps.core.paging import page
from apps.policies import actions, queries
from apps.policies.forms import EffectiveForm, ReasonForm, TagFilter, TagForm
from apps.policies.models import Clause, Document, Tagging
from apps.policies.views.reading import find_document, find_version


@require_safe
def tags(request: HttpRequest) -> HttpResponse:
    require(request, "policies.view")
    found = TagFilter(
        request.GET or {"state": Tagging.State.PROPOSED},
        queries.visible_taggings(request.user),
        services=queries.services(request.user),
    )
    rows = page(found.qs, ("id",), request.GET, size=20)
    for tagging in rows:
        tagging.parts = queries.marked(tagging)
    return render(request, "policies/tags.html", {"filter": found, "page": rows})


@require_safe
def tagging(request: HttpRequest, pk: str) -> HttpResponse:
    found = _tagging(request, pk)
    found.parts = queries.marked(found)  # type: ignore[attr-defined] # for the template
    context = {"tagging": found, "intervals": queries.versions_saying(found)}
    return render(request, "policies/tagging.html", context)


@require_POST
def confirm_tag(request: HttpRequest, pk: str) -> HttpResponse:
    found = _tagging(request, pk)
    with explained(request):
        actions.confirm_tag(found, by=request.user)
        messages.success(request, f"Confirmed: “{found.clause.label}” {found.polarity} {_kind(found)}.")
    return redirect(request.POST.get("next") or found)


@require_http_methods(["GET", "HEAD", "POST"])
def reject_tag(request: HttpRequest, pk: str) -> HttpResponse:
    found = _tagging(request, pk)
    return _decide(
        request,
        ReasonForm(request.POST or None),
        actions.reject_tag,
        found,
        title=f"Reject “{found}”",
        says=f"“{found.clause.label}” will not count as a clause about {_kind(found)}, in any version that says this.",
        button="Reject the tag",
        done="Rejected.",
        back=found.get_absolute_url(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def tag_clause(request: HttpRequest, slug: str, pk: str, address: str) -> HttpResponse:
    version = find_version(request, slug, pk)
    clause = get_object_or_404(Clause, text=version.text_id, address=address)
    require(request, "policies.view", "policies.tag_clause")
    form = TagForm(request.POST or None)
    if form.is_valid():
        with explained(form):
            made = actions.tag_clause(version.document, clause=clause, **form.cleaned_data, by=request.user)
            messages.success(request, f"Tagged: {made}.")
            return redirect("policies:clause", slug, pk, address)
    return form_page(
        request,
        "policies/decide.html",
        form,
        document=version.document,
        title=f"Tag “{clause.label}”",
        says="The tag holds for every version of this document that says exactly this.",
        button="Tag it",
        clause=clause,
        back=version.get_absolute_url(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_effective_date(request: HttpRequest, slug: str, pk: str) -> HttpResponse:
    version = find_version(request, slug, pk)
    stated = version.effective_words or "The text states no day on which it takes effect."
    return _decide(
        request,
        EffectiveForm(request.POST or None, initial={"effective_from": version.effective_from}),
        actions.confirm_effective_date,
        version,
        document=version.document,
        title="Confirm the day of effect",
        says=f"The text says: “{stated}”" if version.effective_words else stated,
        button="Confirm it",
        done="The day of effect is confirmed.",
        back=version.get_absolute_url(),
    )


@require_POST
def confirm_succession(request: HttpRequest, slug: str, earlier: str, later: str) -> HttpResponse:
    document, first, second = _two_clauses(request, slug, earlier, later)
    with explained(request):
        actions.confirm_succession(document, earlier=first, later=second, by=request.user)
        messages.success(request, "Confirmed: it is the same clause.")
    return redirect(_clause_page(document, second))


@require_http_methods(["GET", "HEAD", "POST"])
def reject_succession(request: HttpRequest, slug: str, earlier: str, later: str) -> HttpResponse:
    document, first, second = _two_clauses(request, slug, earlier, later)
    return _decide(
        request,
        ReasonForm(request.POST or None),
        actions.reject_succession,
        document,
        given={"earlier": first, "later": second},
        document=document,
        title="These are different clauses",
        says=f"The history of “{first.label}” ends where “{second.label}” begins.",
        button="They are different",
        done="Recorded: they are different clauses.",
        back=_clause_page(document, second),
    )


def _decide(
    request: HttpRequest,
    form: forms.Form,
    action: Callable[..., Any],
    on: Any,
    *,
    done: str,
    back: str,
    given: dict[str, Any] | None = None,
    **context: Any,
) -> HttpResponse:
    require(request, "policies.view", f"policies.{action.__name__}", on)
    if form.is_valid():
        with explained(form):
            action(on, **(given or {}), **form.cleaned_data, by=request.user)
            messages.success(request, done)
            return redirect(back)
    return form_page(request, "policies/decide.html", form, back=back, **context)


def _tagging(request: HttpRequest, pk: str) -> Tagging:
    return get_object_or_404(queries.visible_taggings(request.user), pk=pk)


def _kind(tagging: Tagging) -> str:
    return tagging.get_conduct_display().lower()


def _two_clauses(request: HttpRequest, slug: str, earlier: str, later: str) -> tuple[Document, Clause, Clause]:
    document = find_document(request, slug)
    of_it = Clause.objects.filter(text__versions__document=document).distinct()
    return document, get_object_or_404(of_it, pk=earlier), get_object_or_404(of_it, pk=later)


def _clause_page(document: Document, clause: Clause) -> str:
    version = queries.versions(document).filter(text=clause.text_id).first()
    return clause.address_in(version) if version else document.get_absolute_url()
