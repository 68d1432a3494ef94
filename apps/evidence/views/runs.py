import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.audit.reads.asking import asked
from apps.core.http import explained, form_page, require
from apps.core.paging import page
from apps.evidence import actions, fingerprints, queries
from apps.evidence import filters as run_filters
from apps.evidence.fingerprints import FingerprintTest
from apps.evidence.forms import runs as run_forms
from apps.evidence.forms import schema as schema_fields
from apps.evidence.runs import many, submissions
from apps.staff.queries import names_of


@require_safe
def tests(request: HttpRequest) -> HttpResponse:
    """The catalogue, by family."""
    require(request, "evidence.view")
    counted = queries.runs_by_test(request.user)
    families: dict[str, list[tuple[FingerprintTest, int]]] = {}
    for method in fingerprints.TESTS.values():
        families.setdefault(method.family, []).append((method, counted.get(method.id, 0)))
    return render(request, "evidence/tests.html", {"families": families})


@require_safe
def test(request: HttpRequest, test_id: str) -> HttpResponse:
    require(request, "evidence.view")
    found = _test(test_id)
    latest = queries.visible_runs(request.user).filter(test_id=test_id).order_by("-run_at", "-id")[:10]
    example = json.dumps(found.example, indent=1)
    return render(request, "evidence/test.html", {"test": found, "runs": latest, "example": example})


def _test(test_id: str) -> FingerprintTest:
    if test_id not in fingerprints.TESTS:
        raise Http404
    return fingerprints.TESTS[test_id]


@require_http_methods(["GET", "HEAD", "POST"])
def run_test(request: HttpRequest) -> HttpResponse:
    """The form of the test that the address names; without one, a choice of tests and a file to upload."""
    require(request, "evidence.view", "evidence.run_test")
    if "test" not in request.GET:
        return _uploaded(request)
    method = _test(request.GET["test"])
    form = run_forms.RunForm(method, request.POST or None, initial=_initial(request))
    if form.is_valid():
        with explained(form):
            return redirect(actions.run_test(**form.values(), by=request.user))
    return form_page(request, "evidence/run_form.html", form, test=method)


@require_http_methods(["GET", "HEAD", "POST"])
def run_on_accounts(request: HttpRequest) -> HttpResponse:
    """The same for many accounts at once, with the rows as a file."""
    require(request, "evidence.view", "evidence.run_on_accounts")
    method = _test(request.GET.get("test", "green-list"))
    if not method.columns:
        raise Http404
    form = run_forms.AccountsForm(method, request.POST or None, request.FILES or None, initial=_initial(request))
    if form.is_valid():
        with explained(form):
            return redirect(actions.run_on_accounts(**form.values(), by=request.user))
    return form_page(request, "evidence/accounts_form.html", form, test=method)


def _initial(request: HttpRequest) -> dict[str, Any]:
    """What a link from a plan or a suspect fills in."""
    return {name: request.GET[name] for name in ("suspect", "plan", "protected") if name in request.GET}


def _uploaded(request: HttpRequest) -> HttpResponse:
    form = run_forms.UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        with explained(form):
            sent = submissions.read(form.cleaned_data["file"])
            return redirect(submissions.submit(sent, by=request.user))
    return form_page(request, "evidence/run_choice.html", form, tests=fingerprints.TESTS.values())


@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    require(request, "evidence.view")
    narrowed = run_filters.Runs(request.GET, queryset=queries.visible_runs(request.user))
    found = page(narrowed.qs, ("-run_at", "-id"), request.GET)
    return render(request, "evidence/runs.html", {"page": found, "filter": narrowed})


@require_http_methods(["GET", "HEAD", "POST"])
def run(request: HttpRequest, ref: str) -> HttpResponse:
    """What the run's file says, so looking at it is looking at the item."""
    found = get_object_or_404(queries.visible_runs(request.user), ref=ref)
    if answer := asked(request, actions.open_item, found.item, back=reverse("evidence:runs")):
        return answer
    bar = {"label": found.ref, "value": found.log10_lr_reported, "cap": found.log10_lr_cap, "note": ""}
    result = found.result or {}
    stated = found.declared["assumptions"]
    context = {
        "run": found,
        "assumptions": [(one, stated.get(one["name"], {}).get("basis", "")) for one in result.get("assumptions", ())],
        "inputs": [(name, schema_fields.as_text(value)) for name, value in found.inputs.items()],
        "bins": [f"{at / many.BINS:.2f} to {(at + 1) / many.BINS:.2f}" for at in range(many.BINS)],
        "flat": (found.account_count or 0) / many.BINS,
        "test": fingerprints.TESTS.get(found.test_id),
        "runner": names_of([found.run_by])[found.run_by],
        "strength": [bar],
        "tested": queries.tested_on(found),
    }
    return render(request, "evidence/run.html", context)


@require_safe
def account_results(request: HttpRequest, ref: str) -> HttpResponse:
    """Each account of a run over many, smallest p first."""
    found = get_object_or_404(queries.visible_runs(request.user), ref=ref, account_count__isnull=False)
    narrowed = run_filters.Results(request.GET, queryset=queries.results(found))
    rows = page(narrowed.qs, ("id",), request.GET)
    return render(request, "evidence/account_results.html", {"run": found, "page": rows, "filter": narrowed})
