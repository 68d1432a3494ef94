"""By hand, in a real browser, what the demo does: from a claimed group to a notice, a report, a verified trail."""

import re

import pytest
from playwright.sync_api import Page, expect

from apps.alerts.models import AlertGroup
from apps.cases.models import Case
from apps.core import vault
from apps.disclosures.models import Report
from apps.evidence.fingerprints import TESTS
from apps.evidence.models import Item, TestRun
from apps.notices.models import Notice
from apps.staff.models import User
from tests.evidence.conftest import key_named, suspect_named
from tests.paper import validate

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

EXPLANATIONS = ("heavy_user", "reseller")


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def link(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()


def told(page: Page, words: str) -> None:
    """What the page says after something was done."""
    expect(page.locator(".messages")).to_contain_text(words)


def test_the_whole_job_by_hand(window, story, worker):
    mira, noor = window("mira.thornmere"), window("noor.ashmoor")
    leif, vera = window("leif.barrowin"), window("vera.coldmere")
    ref = _claim_and_open(mira)
    _investigate(mira, ref)
    _collect(mira, ref, story)
    _run_a_test(mira, ref)
    _weigh(mira, ref)
    _propose(mira, ref)
    _confirm(noor, ref)
    _decide(leif, ref)
    _approve(vera, ref)
    _write_and_issue(leif, vera, ref)
    _report(leif, vera, ref)
    _verify(window("iris.quarryholm"))


def _claim_and_open(page: Page) -> str:
    group = AlertGroup.objects.order_by("-account_count").first()
    page.goto("/queue/")
    link(page, group.title)
    expect(page.locator("#preview h2")).to_have_text(group.title)
    button(page, "Claim")
    expect(page.get_by_role("button", name="Release").first).to_be_visible()
    button(page, "Open case")
    page.wait_for_url(re.compile(r"/cases/CASE-"))
    case = Case.objects.get()
    expect(page.get_by_role("heading", level=1)).to_have_text(group.title)
    assert case.members.count() == group.account_count
    return case.ref


def _investigate(page: Page, ref: str) -> None:
    page.goto(f"/cases/{ref}/describe/")
    page.get_by_label("Summary").fill("Accounts that work in the same hours; traces of our output in another model.")
    button(page, "Save")
    told(page, "Saved")
    link(page, "Begin the investigation")
    button(page, "Begin")
    told(page, "The investigation has begun")


def _collect(page: Page, ref: str, story) -> None:
    page.goto("/evidence/collect/")
    page.get_by_label("File").set_input_files(story.campaign / "evidence" / "canaries.json")
    page.get_by_label("Kind").select_option("behavioural_similarity")
    page.get_by_label("Title").fill("Canaries that the model completes")
    page.get_by_label("Where it comes from").fill("Fingerprint laboratory")
    button(page, "Collect it")
    page.wait_for_url(re.compile(r"/evidence/EV-"))
    item = Item.objects.get(title="Canaries that the model completes")
    assert vault.measure(item.sha256) == item.sha256
    _exhibit(page, ref, item, "A tenth of the markers is completed, each given to one account.", "canaries")


def _exhibit(page: Page, ref: str, item: Item, shows: str, depends_on: str) -> None:
    page.goto(f"/cases/{ref}/evidence/add/")
    page.get_by_label("Item").select_option(item.ref)
    page.get_by_label("What it shows").fill(shows)
    page.get_by_label("Which element it carries").select_option("training")
    if depends_on:
        page.get_by_label("Depends on").fill(depends_on)
    button(page, "Add it")
    told(page, "The exhibit is in the file")


def _run_a_test(page: Page, ref: str) -> None:
    """Of a registered model and key: an exhibit names both, and says what its figures rest on."""
    mira, noor = (User.objects.get(email__startswith=name) for name in ("mira.thornmere", "noor.ashmoor"))
    suspect_named("meridian-7b", mira)
    key_named("wm-2026-03", noor)
    page.goto("/evidence/runs/")
    link(page, "Run")
    link(page, "Do the suspect's outputs carry our watermark more often than chance allows?")
    page.get_by_label("Suspect model").select_option(label="meridian-7b")
    for label, value in {"Scored": "120000", "Green": "31497", "Gamma": "0.25", "Key id": "wm-2026-03"}.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Distinct", exact=True).check()
    page.get_by_label("Scored, n").fill("120000")
    page.get_by_label("Controls").fill("\n".join(f"control-{n:02d}; {30_000 + n}; no" for n in range(1, 21)))
    for sentence in TESTS["green-list"].assumptions.values():
        page.get_by_label(sentence).select_option("unverified")
    page.get_by_label("Why it was not scored blind").fill("One endpoint, asked by the laboratory itself.")
    button(page, "Compute")
    page.wait_for_url(re.compile(r"/evidence/runs/T-"))
    run = TestRun.objects.get()
    assert run.p_value < 1e-9
    assert run.is_fit
    _exhibit(page, ref, run.item, "More tokens are on our green list than chance gives.", "")


def _weigh(page: Page, ref: str) -> None:
    page.goto(f"/cases/{ref}/explanations/")
    for hypothesis in EXPLANATIONS:
        page.get_by_label("Explanation", exact=True).select_option(hypothesis)
        button(page, "Raise it")
        page.wait_for_load_state()
    case = Case.objects.get()
    for explanation in case.explanations.all():
        card = page.locator(f"#explanation-{explanation.pk}")
        card.get_by_label("Result").select_option("refuted")
        card.get_by_label("Conclusion").fill("Looked at the records of all members: it does not go with them.")
        card.get_by_role("button", name="Assess it").click()
        page.wait_for_load_state()
        expect(page.locator(f"#explanation-{explanation.pk}")).to_contain_text("does not fit")
    page.get_by_role("group", name=re.compile("^E1, ")).first.get_by_role("button", name="I").click()
    page.wait_for_load_state()
    expect(page.locator("[aria-pressed=true]")).to_have_count(1)


def _propose(page: Page, ref: str) -> None:
    page.goto(f"/cases/{ref}/")
    link(page, "Propose a finding")
    page.get_by_label("What the accounts did").fill(
        "The accounts were operated together and systematically collected output of our models"
    )
    clauses = page.get_by_role("group", name="Under which clauses in force")
    clauses.get_by_label("4.2 carry out Extraction").check()
    page.get_by_label("How likely").select_option("likely")
    page.get_by_label("What the evidence does not show").fill("It does not show who operates the accounts.")
    button(page, "Propose the finding")
    told(page, "is proposed")


def _confirm(page: Page, ref: str) -> None:
    page.goto(f"/cases/{ref}/")
    link(page, "Review the finding")
    button(page, "Confirm the finding")
    told(page, "is confirmed")


def _decide(page: Page, ref: str) -> None:
    page.goto(f"/cases/{ref}/findings/")
    link(page, "Propose a decision")
    page.get_by_label("Measure").select_option("suspend")
    page.get_by_label("Scope").fill("All use of the service")
    page.get_by_label("From").fill("2026-12-01")
    page.get_by_label("Reasons").fill("A warning would not end what is spread over many accounts; this can be undone.")
    button(page, "Propose it")
    told(page, "The decision is proposed")


def _approve(page: Page, ref: str) -> None:
    page.goto(f"/cases/{ref}/decisions/")
    button(page, "Approve the decision")
    told(page, "is approved")


def _write_and_issue(counsel: Page, approver: Page, ref: str) -> None:
    counsel.goto(f"/cases/{ref}/decisions/")
    link(counsel, "Draft a letter for D-")
    account = Case.objects.get().findings.get().accounts.filter(queries__gt=0).first().account
    counsel.get_by_label("Account").fill(account.ref)
    button(counsel, "Draft it")
    counsel.wait_for_url(re.compile(r"/notices/[0-9a-f-]{36}/"))
    expect(counsel.get_by_role("button", name="Approve the letter")).to_have_count(0)
    approver.goto(counsel.url)
    button(approver, "Approve the letter")
    counsel.reload()
    button(counsel, "Issue the notice")
    expect(counsel.get_by_role("link", name="Take the file")).to_be_visible(timeout=60_000)
    with counsel.expect_download() as taken:
        link(counsel, "Take the file")
    notice = Notice.objects.get()
    letter = taken.value.path().read_bytes()
    assert letter == vault.read(notice.pdf_sha256)
    assert validate(letter) == []


def _report(counsel: Page, approver: Page, ref: str) -> None:
    counsel.goto(f"/cases/{ref}/reports/compile/")
    counsel.get_by_label("Audience").select_option("regulator")
    counsel.get_by_label("Title").fill("Incident report")
    counsel.get_by_label("Recipient").fill("Office for Digital Services")
    counsel.get_by_label("Legal basis").fill("Voluntary report")
    button(counsel, "Compile it")
    counsel.wait_for_url(re.compile(r"/disclosures/[0-9a-f-]{36}/"))
    expect(counsel.get_by_role("button", name="Release the report")).to_have_count(0)
    approver.goto(counsel.url)
    button(approver, "Release the report")
    expect(approver.get_by_role("heading", name="Files")).to_be_visible(timeout=60_000)
    assert Report.objects.get().state == Report.State.RELEASED


def _verify(page: Page) -> None:
    page.goto("/trail/verification/")
    button(page, "Verify the trail")
    told(page, "The trail is being verified")
    verdict = page.get_by_text("All of it holds")
    for _ in range(60):
        page.reload()
        if verdict.count():
            break
        page.wait_for_timeout(500)
    expect(verdict).to_be_visible()
