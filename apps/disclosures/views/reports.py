from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.audit.anchors import waiting
from apps.cases.queries import visible_cases
from apps.core.forms import ReasonForm
from apps.core.http import carried_out, explained, form_page, is_fragment, pdf_response, require
from apps.core.paging import page
from apps.disclosures import actions, filters, forms, queries
from apps.disclosures.models import Report
from apps.disclosures.report import field_in_words
from apps.evidence import sending


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    require(request, "disclosures.view")
    found = filters.ReportFilter(request.GET, queries.visible_reports(request.user))
    context = {
        "filter": found,
        "page": page(found.qs, ("-compiled_at", "-id"), request.GET),
        "filtered": any(request.GET.values()),
    }
    return render(request, "disclosures/list.html", context)


@require_safe
def of_case(request: HttpRequest, ref: str) -> HttpResponse:
    """The panel of a case: its reports and bundles."""
    case = get_object_or_404(visible_cases(request.user), ref=ref)
    found = queries.visible_reports(request.user).filter(case=case).order_by("-compiled_at")[:50]
    bundles = queries.visible_bundles(request.user).filter(case=case).order_by("-compiled_at")[:50]
    template = "disclosures/of_case.html" if is_fragment(request) else "disclosures/of_case_page.html"
    return render(request, template, {"case": case, "reports": found, "bundles": bundles})


@require_http_methods(["GET", "POST"])
def compile_report(request: HttpRequest, ref: str) -> HttpResponse:
    case = get_object_or_404(visible_cases(request.user), ref=ref)
    require(request, "disclosures.view", "disclosures.compile_report")
    form = forms.CompileForm(request.POST or None, initial={"title": f"Incident report on {case.ref}"})
    if form.is_valid():
        with explained(form):
            report = actions.compile_report(case, by=request.user, **form.cleaned_data)
            return redirect("disclosures:report", report.pk)
    return form_page(request, "disclosures/compile.html", form, case=case)


@require_safe
def report(request: HttpRequest, pk) -> HttpResponse:
    found = _find(request, pk)
    actions.preview_report(found, by=request.user)
    return _report_page(request, found)


def _report_page(request: HttpRequest, found: Report, form: ReasonForm | None = None) -> HttpResponse:
    context = {
        "report": found,
        "withheld": [{**line, "field": field_in_words(line["path"])} for line in found.withheld],
        "reason": form or ReasonForm(),
        "damaged": [file["name"] for file in found.files if not sending.is_whole(file["sha256"])],
        "wait": waiting.of("disclosures.render", found.pk) if found.state == Report.State.RELEASING else None,
    }
    return render(request, "disclosures/report.html", context, status=422 if form and form.errors else 200)


@require_safe
def preview(request: HttpRequest, pk) -> HttpResponse:
    """The report on screen. A released one is shown from the vault, never made again."""
    found = _find(request, pk)
    actions.preview_report(found, by=request.user)
    if found.files:
        return pdf_response(lambda: sending.read_whole(found.files[0]["sha256"]), name=str(found.ref))
    return pdf_response(lambda: next(iter(actions.files_of(found).values())), name="draft")


@require_safe
def download(request: HttpRequest, pk, name: str) -> HttpResponseBase:
    found = _find(request, pk)
    file = next((file for file in found.files if file["name"] == name), None)
    if file is None:
        raise Http404
    actions.open_report(found, name=name, by=request.user)
    return sending.whole_file(request, file["sha256"], filename=name, media_type=file["media_type"], size=file["bytes"])


@require_POST
def release(request: HttpRequest, pk) -> HttpResponse:
    found = _find(request, pk)
    with explained(request):
        actions.release_report(found, by=request.user)
        messages.success(
            request, f"{found.ref} is being released: its files are made now and cannot change afterwards."
        )
    return redirect("disclosures:report", pk)


@require_POST
def give_back(request: HttpRequest, pk) -> HttpResponse:
    return _with_reason(request, pk, actions.return_report, "Its author is told what has to change.")


@require_POST
def discard(request: HttpRequest, pk) -> HttpResponse:
    return _with_reason(request, pk, actions.discard_report, "The draft was discarded; it stays on record.")


def _with_reason(request: HttpRequest, pk, action, done: str) -> HttpResponse:
    found = _find(request, pk)
    require(request, "disclosures.view", action.verb, found)
    form = ReasonForm(request.POST)
    if carried_out(request, form, action, found, done=done):
        return redirect("disclosures:report", pk)
    return _report_page(request, found, form)


def _find(request: HttpRequest, pk) -> Report:
    return get_object_or_404(queries.visible_reports(request.user), pk=pk)
