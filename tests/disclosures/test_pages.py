"""Reports in the browser: what each person sees, may press, and is told."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import vault
from apps.disclosures.models import Report
from tests.notices.conftest import work_off

VERBS = ["release_report", "return_report", "discard_report"]
FORM = {
    "audience": "partner",
    "title": "Collection of output",
    "recipient": "A partner",
    "legal_basis": "Agreement of 2026",
}


def page(report) -> str:
    return reverse("disclosures:report", args=[report.pk])


def verb(name: str, report) -> str:
    return reverse(f"disclosures:{name}", args=[report.pk])


def shown(response) -> str:
    return response.content.decode()


def test_from_the_case_to_the_files(suspended, people, sign_in, quick_paper):
    counsel, approver = sign_in(people.counsel), sign_in(people.approver)
    url = reverse("disclosures:compile_report", args=[suspended.case.ref])
    assert suspended.case.ref in shown(counsel.get(url))
    compiled = counsel.post(url, FORM)
    report = Report.objects.get()
    assert compiled.url == page(report)
    assert "names of our staff" in shown(counsel.get(page(report)))
    assert "is being released" in shown(approver.post(verb("release_report", report), follow=True))
    work_off()
    report.refresh_from_db()
    html = shown(approver.get(page(report)))
    for entry in report.files:
        address = reverse("disclosures:file", args=[report.pk, entry["name"]])
        assert address in html
        taken = approver.get(address)
        assert b"".join(taken.streaming_content) == vault.read(entry["sha256"])
        assert taken["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in taken["Content-Security-Policy"]
    assert approver.get(reverse("disclosures:file", args=[report.pk, "other.csv"])).status_code == 404


def test_what_is_wrong_stands_beside_its_field(suspended, people, sign_in):
    url = reverse("disclosures:compile_report", args=[suspended.case.ref])
    refused = sign_in(people.counsel).post(url, FORM | {"title": "How they stole it", "legal_basis": "Law"})
    assert refused.status_code == 422
    assert "stole" in refused.context["form"].errors["title"][0]


def test_a_case_without_a_finding_is_explained(case, people, sign_in):
    refused = sign_in(people.counsel).post(reverse("disclosures:compile_report", args=[case.ref]), FORM)
    assert "an allegation is not disclosed" in shown(refused)


def test_returning_and_discarding(draft, people, sign_in):
    approver, counsel = sign_in(people.approver), sign_in(people.counsel)
    assert approver.post(verb("return_report", draft), {"reason": ""}).status_code == 422
    approver.post(verb("return_report", draft), {"reason": "Name the basis."})
    assert "Name the basis." in shown(counsel.get(page(draft)))
    counsel.post(verb("discard_report", draft), {"reason": "Compiled anew."})
    assert "Compiled anew." in shown(counsel.get(page(draft)))


def test_the_preview_may_be_framed_by_our_own_pages_and_nothing_else(draft, people, sign_in, quick_paper):
    preview = sign_in(people.analyst).get(reverse("disclosures:preview", args=[draft.pk]))
    assert "frame-ancestors 'self'" in preview["Content-Security-Policy"]
    assert preview["X-Frame-Options"] == "SAMEORIGIN"
    assert preview["Content-Type"] == "application/pdf"


def test_a_released_report_is_shown_from_the_vault(released, people, sign_in, quick_paper):
    made = len(quick_paper)
    preview = sign_in(people.analyst).get(reverse("disclosures:preview", args=[released.pk]))
    assert preview.content == vault.read(released.files[0]["sha256"])
    assert len(quick_paper) == made


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_a_stranger_finds_nothing(released, people, sign_in):
    stranger = sign_in(people.admin)
    addresses = [
        reverse("disclosures:list"),
        page(released),
        reverse("disclosures:preview", args=[released.pk]),
        reverse("disclosures:file", args=[released.pk, "report.json"]),
        reverse("disclosures:of_case", args=[released.case.ref]),
        reverse("disclosures:compile_report", args=[released.case.ref]),
    ]
    assert {url: stranger.get(url).status_code for url in addresses} == dict.fromkeys(addresses, 404)
    assert {name: stranger.post(verb(name, released)).status_code for name in VERBS} == dict.fromkeys(VERBS, 404)


@pytest.mark.parametrize("name", VERBS)
def test_a_reader_sees_no_button_and_may_not_post(draft, people, sign_in, name):
    reader = sign_in(people.analyst)
    assert verb(name, draft) not in shown(reader.get(page(draft)))
    assert reader.post(verb(name, draft), {"reason": "No."}).status_code == 403
    draft.refresh_from_db()
    assert draft.state == "draft"


@pytest.mark.parametrize(
    ("person", "names"),
    [("counsel", {"discard_report"}), ("approver", {"release_report", "return_report"}), ("auditor", set())],
)
def test_each_sees_the_buttons_of_their_role(draft, people, sign_in, person, names):
    html = shown(sign_in(getattr(people, person)).get(page(draft)))
    assert {name for name in VERBS if verb(name, draft) in html} == names


def test_a_reader_may_neither_compile_nor_take_a_file(released, people, sign_in):
    reader, file = sign_in(people.analyst), reverse("disclosures:file", args=[released.pk, "report.json"])
    assert reader.get(reverse("disclosures:compile_report", args=[released.case.ref])).status_code == 403
    assert reader.get(file).status_code == 403
    assert file not in shown(reader.get(page(released)))
    assert "Compile a report" not in shown(reader.get(reverse("disclosures:of_case", args=[released.case.ref])))


# --- lists -----------------------------------------------------------------------------------------------------------


def test_the_list_is_filtered_by_its_address(released, compiled, people, sign_in):
    partner = compiled(audience="partner")

    def found(**query) -> set:
        return {report.pk for report in sign_in(people.analyst).get(reverse("disclosures:list"), query).context["page"]}

    assert found() == {released.pk, partner.pk}
    assert found(state="released") == found(audience="regulator") == found(q=released.ref) == {released.pk}
    assert found(q=released.case.ref) == {released.pk, partner.pk}
    assert found(q="R-1999-0001") == set()


@pytest.mark.parametrize("name", ["disclosures:list", "disclosures:of_case"])
def test_a_list_costs_the_same_however_long_it_is(compiled, people, sign_in, name):
    client, report = sign_in(people.counsel), compiled()
    url = reverse(name, args=[report.case.ref] if name == "disclosures:of_case" else [])

    def cost() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    one = cost()
    for _ in range(4):
        compiled(audience="partner")
    assert cost() == one


def test_the_panel_of_a_case_is_a_page_without_scripts(draft, people, sign_in):
    url, client = reverse("disclosures:of_case", args=[draft.case.ref]), sign_in(people.counsel)
    whole, part = shown(client.get(url)), shown(client.get(url, headers={"hx-request": "true"}))
    assert "<html" in whole
    assert "<html" not in part
    assert page(draft) in whole
    assert page(draft) in part
