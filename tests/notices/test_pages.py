"""Notices in the browser: what each person sees, may press, and is told."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import vault
from apps.notices import actions, letter
from apps.notices.models import Notice, NoticeTemplate
from tests.notices.conftest import work_off

VERBS = ["redraft_notice", "approve_notice", "return_notice", "discard_notice", "issue_notice"]


def page(notice) -> str:
    return reverse("notices:notice", args=[notice.pk])


def verb(name: str, notice) -> str:
    return reverse(f"notices:{name}", args=[notice.pk])


def shown(response) -> str:
    return response.content.decode()


# --- the way of a letter ---------------------------------------------------------------------------------------------


def test_from_the_decision_to_the_file(suspended, account, people, sign_in, quick_paper):
    counsel, approver = sign_in(people.counsel), sign_in(people.approver)
    form = counsel.get(reverse("notices:draft_notice", args=[suspended.ref]), {"account": account.ref})
    assert f'value="{account.ref}"' in shown(form)
    drafted = counsel.post(
        reverse("notices:draft_notice", args=[suspended.ref]), {"kind": "suspension", "account": account.ref}
    )
    notice = Notice.objects.get()
    assert drafted.url == page(notice)
    assert "Approve the letter" not in shown(counsel.get(page(notice)))
    assert "Approve the letter" in shown(approver.get(page(notice)))
    assert "Issue the notice" not in shown(approver.get(page(notice)))
    assert approver.post(verb("approve_notice", notice)).status_code == 302
    told = counsel.post(verb("issue_notice", notice), follow=True)
    assert "is being issued" in shown(told)
    assert "The file is being made" in shown(told)
    assert counsel.get(reverse("notices:pdf", args=[notice.pk])).status_code == 404
    work_off()
    notice.refresh_from_db()
    assert "Take the file" in shown(counsel.get(page(notice)))
    taken = counsel.get(reverse("notices:pdf", args=[notice.pk]))
    assert b"".join(taken.streaming_content) == vault.read(notice.pdf_sha256)
    assert taken["Content-Disposition"] == f'attachment; filename="{notice.ref}.pdf"'


def test_a_demand_is_drafted_to_a_party_from_the_page(decide, party, people, sign_in):
    decision = decide(action="cease_and_desist")
    counsel = sign_in(people.counsel)
    url = reverse("notices:draft_notice", args=[decision.ref])
    assert party.name in shown(counsel.get(url))
    assert counsel.post(url, {"kind": "cease_and_desist", "party": party.pk}).status_code == 302


def test_what_is_wrong_stands_beside_its_field(suspended, people, sign_in):
    counsel, url = sign_in(people.counsel), reverse("notices:draft_notice", args=[suspended.ref])
    unknown = counsel.post(url, {"kind": "suspension", "account": "nobody"})
    assert unknown.status_code == 422
    assert unknown.context["form"].errors["account"] == ["There is no account “nobody”."]
    from tests.cases.conftest import make_accounts

    make_accounts(1, prefix="other")
    outside = counsel.post(url, {"kind": "suspension", "account": "other_00000"})
    assert outside.status_code == 422
    assert "the finding is about" in outside.context["form"].errors["account"][0]


def test_the_page_says_where_every_statement_comes_from(draft, people, sign_in):
    html = shown(sign_in(people.approver).get(page(draft)))
    statements = set(re.findall(r'id="statement-([\d-]+)"', html))
    assert len(statements) > 15
    assert statements == set(re.findall(r'id="source-([\d-]+)"', html))
    assert all(f'href="#source-{key}"' in html and f'href="#statement-{key}"' in html for key in statements)
    exhibit = draft.case.exhibits.first()
    assert reverse("evidence:item", args=[exhibit.item.ref]) in html
    assert reverse("accounts:account", args=[draft.account.pk]) in html


def test_a_demand_page_has_its_sources_too(demand, people, sign_in):
    html = shown(sign_in(people.approver).get(page(demand)))
    assert "Parties of the case" in html
    assert "Standing sentence" in html


def test_a_stop_disables_the_button_and_says_what_to_do(draft, people, sign_in):
    from apps.cases import actions as cases

    cases.exclude_accounts(
        draft.case, query={"refs": [draft.account.ref]}, why="A customer, known by name.", by=people.analyst
    )
    approver = sign_in(people.approver)
    html = shown(approver.get(page(draft)))
    assert "discard this letter" in html
    assert re.search(r"<button[^>]+disabled[^>]*>\s*<svg.*?Approve the letter", html, re.DOTALL)
    assert "discard this letter" in shown(approver.post(verb("approve_notice", draft), follow=True))


def test_returning_needs_a_reason_and_shows_it_to_the_drafter(draft, people, sign_in):
    approver = sign_in(people.approver)
    refused = approver.post(verb("return_notice", draft), {"reason": " "})
    assert refused.status_code == 422
    assert refused.context["reason"].errors["reason"]
    assert '<details class="card" open>' in shown(refused)
    approver.post(verb("return_notice", draft), {"reason": "The address is old."})
    assert "The address is old." in shown(sign_in(people.counsel).get(page(draft)))


def test_drafting_again_and_discarding(draft, people, sign_in):
    counsel = sign_in(people.counsel)
    counsel.post(verb("redraft_notice", draft), {"recipient": "Ms New Name"})
    draft.refresh_from_db()
    assert draft.recipient == "Ms New Name"
    counsel.post(verb("discard_notice", draft), {"reason": "The customer left."})
    html = shown(counsel.get(page(draft)))
    assert "The customer left." in html
    assert "Draft it again" not in html


def test_somebody_who_was_quicker_is_explained(draft, people, sign_in):
    actions.discard_notice(draft, reason="No longer needed.", by=people.counsel)
    assert sign_in(people.approver).post(verb("approve_notice", draft)).status_code == 403


# --- the letter in a frame -------------------------------------------------------------------------------------------


def test_the_preview_may_be_framed_by_our_own_pages_and_nothing_else(draft, people, sign_in, quick_paper):
    preview = sign_in(people.analyst).get(reverse("notices:preview", args=[draft.pk]))
    assert preview["Content-Type"] == "application/pdf"
    assert "frame-ancestors 'self'" in preview["Content-Security-Policy"]
    assert "default-src 'none'" in preview["Content-Security-Policy"]
    assert preview["X-Frame-Options"] == "SAMEORIGIN"
    assert preview["Cache-Control"] == "private, no-store"
    page_ = sign_in(people.analyst).get(page(draft))
    assert "frame-src 'self'" in page_["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page_["Content-Security-Policy"]


def test_an_issued_letter_is_shown_from_the_vault(issued, people, sign_in, quick_paper):
    made = len(quick_paper)
    preview = sign_in(people.analyst).get(reverse("notices:preview", args=[issued.pk]))
    assert preview.content == vault.read(issued.pdf_sha256)
    assert len(quick_paper) == made


def test_a_renderer_that_fails_is_said_in_words(draft, people, sign_in, monkeypatch):
    from apps.core import pdf
    from apps.notices import writing

    def broken(*args, **options):
        raise pdf.PdfError("The renderer is not there.")

    monkeypatch.setattr(writing.paper, "to_pdfs", broken)
    preview = sign_in(people.analyst).get(reverse("notices:preview", args=[draft.pk]))
    assert (preview.status_code, preview.content) == (503, b"The renderer is not there.")


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_a_stranger_finds_nothing(issued, people, sign_in):
    stranger = sign_in(people.admin)
    addresses = [
        reverse("notices:list"),
        reverse("notices:templates"),
        reverse("notices:wording", args=["suspension"]),
        reverse("notices:template", args=[issued.template.pk]),
        reverse("notices:propose_template", args=["suspension", "en"]),
        reverse("notices:draft_notice", args=[issued.decision.ref]),
        reverse("notices:of_case", args=[issued.case.ref]),
        page(issued),
        reverse("notices:preview", args=[issued.pk]),
        reverse("notices:pdf", args=[issued.pk]),
    ]
    assert {url: stranger.get(url).status_code for url in addresses} == dict.fromkeys(addresses, 404)
    assert {name: stranger.post(verb(name, issued)).status_code for name in VERBS} == dict.fromkeys(VERBS, 404)


@pytest.mark.parametrize("name", VERBS)
def test_a_reader_sees_no_button_and_may_not_post(draft, people, sign_in, name):
    reader = sign_in(people.analyst)
    assert verb(name, draft) not in shown(reader.get(page(draft)))
    assert reader.post(verb(name, draft), {"reason": "No.", "recipient": ""}).status_code == 403
    draft.refresh_from_db()
    assert draft.state == "draft"


@pytest.mark.parametrize(
    ("person", "stage", "names"),
    [
        ("counsel", "draft", {"redraft_notice", "discard_notice"}),
        ("approver", "draft", {"approve_notice", "return_notice"}),
        ("counsel", "approved", {"issue_notice", "discard_notice"}),
        ("approver", "approved", {"issue_notice", "return_notice"}),
        ("counsel", "issued", set()),
        ("approver", "issued", set()),
        ("auditor", "approved", set()),
    ],
)
def test_each_sees_the_buttons_of_their_role_and_of_the_state(person, stage, names, request, people, sign_in):
    notice = request.getfixturevalue(stage)
    html = shown(sign_in(getattr(people, person)).get(page(notice)))
    assert {name for name in VERBS if verb(name, notice) in html} == names


def test_a_reader_may_not_draft_or_adopt(suspended, people, sign_in):
    reader = sign_in(people.analyst)
    for url in (
        reverse("notices:draft_notice", args=[suspended.ref]),
        reverse("notices:propose_template", args=["suspension", "en"]),
    ):
        assert reader.get(url).status_code == 403
        assert reader.post(url, {"kind": "suspension", "account": "x", "content": "x"}).status_code == 403
    assert "New version" not in shown(reader.get(reverse("notices:templates")))
    assert "Draft a letter" not in shown(reader.get(reverse("notices:of_case", args=[suspended.case.ref])))


# --- lists -----------------------------------------------------------------------------------------------------------


def test_the_list_is_filtered_by_its_address(issued, demand, people, sign_in):
    def refs(**query) -> set:
        return {notice.pk for notice in sign_in(people.analyst).get(reverse("notices:list"), query).context["page"]}

    assert refs() == {issued.pk, demand.pk}
    assert refs(state="issued") == refs(kind="suspension") == refs(q=issued.ref) == {issued.pk}
    assert refs(state="draft") == refs(kind="cease_and_desist") == {demand.pk}
    assert refs(q=issued.account.ref) == {issued.pk}
    assert refs(q=issued.case.ref) == {issued.pk, demand.pk}
    assert refs(q="N-1999-000001") == set()


@pytest.mark.parametrize("name", ["notices:list", "notices:of_case"])
def test_a_list_costs_the_same_however_long_it_is(suspended, people, sign_in, name):
    client = sign_in(people.counsel)
    url = reverse(name, args=[suspended.case.ref] if name == "notices:of_case" else [])

    def cost() -> int:
        client.get(url)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    rows = list(suspended.finding.accounts.select_related("account"))
    actions.draft_notice(suspended, kind="suspension", account=rows[0].account, by=people.counsel)
    one = cost()
    for row in rows[1:]:
        actions.draft_notice(suspended, kind="suspension", account=row.account, by=people.counsel)
    assert cost() == one


def test_the_panel_of_a_case_is_a_page_without_scripts(draft, people, sign_in):
    url = reverse("notices:of_case", args=[draft.case.ref])
    client = sign_in(people.counsel)
    whole, part = shown(client.get(url)), shown(client.get(url, headers={"hx-request": "true"}))
    assert "<html" in whole
    assert "<html" not in part
    assert page(draft) in whole
    assert page(draft) in part
    assert reverse("notices:draft_notice", args=[draft.decision.ref]) in part


# --- wordings --------------------------------------------------------------------------------------------------------


def test_wordings_can_be_read_with_what_they_name(people, sign_in):
    reader = sign_in(people.analyst)
    assert "not used yet" in shown(reader.get(reverse("notices:templates")))
    html = shown(reader.get(reverse("notices:wording", args=["suspension"])))
    assert "Dear account holder," in html
    assert "Last day for an appeal" in html
    assert "Art. 17(3)(a) DSA" in html
    assert reader.get("/notices/wordings/poem/").status_code == 404


def test_a_new_wording_is_proposed_approved_and_a_wrong_one_explained(people, sign_in):
    counsel, url = sign_in(people.counsel), reverse("notices:propose_template", args=["suspension", "en"])
    wording = letter.built_in("suspension")
    wrong = counsel.post(url, {"content": wording.replace("{facts}", "{fact}")})
    assert wrong.status_code == 422
    assert "there is no placeholder {fact}" in wrong.context["form"].errors["content"][0]
    assert "line 2" in wrong.context["form"].errors["content"][0]
    proposed = counsel.post(url, {"content": wording.replace("Dear account holder,", "Good day,")})
    template = NoticeTemplate.objects.get()
    assert proposed.url == reverse("notices:template", args=[template.pk])
    approve = reverse("notices:approve_template", args=[template.pk])
    assert approve not in shown(counsel.get(proposed.url))
    assert counsel.post(approve).status_code == 403
    approver = sign_in(people.approver)
    assert approve in shown(approver.get(proposed.url))
    approver.post(approve)
    assert "Good day," in shown(counsel.get(proposed.url))
    assert "version 1 in effect" in shown(counsel.get(reverse("notices:templates")))


def test_a_declined_wording_says_why_and_stays(people, sign_in):
    content = letter.built_in("suspension").replace("Dear account holder,", "Good day,")
    template = actions.propose_template(kind="suspension", content=content, by=people.counsel)
    approver, url = sign_in(people.approver), reverse("notices:decline_template", args=[template.pk])
    assert approver.post(url, {"reason": ""}).status_code == 422
    approver.post(url, {"reason": "Too familiar."})
    assert "Declined: Too familiar." in shown(approver.get(reverse("notices:template", args=[template.pk])))
    assert NoticeTemplate.objects.get().state == "declined"
