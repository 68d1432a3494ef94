"""Who has not the role sees no button, and is refused when they post the form all the same."""

import pytest
from playwright.sync_api import Page, expect

from apps.alerts.models import AlertGroup
from apps.audit.models import Event
from apps.cases import queries
from apps.cases.actions import propose_finding
from apps.cases.models import Case, Decision, Finding
from fixtures.story import STAGES, reasoning

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

REVIEWER = "tomo.fairlock"  # reads casework, and reviews what others decided; decides nothing
ADMINISTRATOR = "emre.larkhill"  # looks after people and keys; sees no casework


def post(page: Page, path: str, **fields: str) -> int:
    """Post a form as the page itself would, with the person's own session and token; returns the status."""
    form = fields | {
        "csrfmiddlewaretoken": page.evaluate("JSON.parse(document.body.getAttribute('hx-headers'))['X-CSRFToken']")
    }
    reply = page.context.request.post(path, form=form, headers={"Referer": page.url}, max_redirects=0)
    return reply.status


def sees_no(page: Page, *names: str) -> None:
    for name in names:
        expect(page.get_by_role("button", name=name, exact=False)).to_have_count(0)
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)


def continue_until(story, title: str) -> None:
    titles = [stage.title for stage in STAGES]
    for stage in STAGES[titles.index("Alerts") + 1 : titles.index(title) + 1]:
        stage.play(story)


def test_a_group_of_the_queue(window, story):
    group = AlertGroup.objects.order_by("-priority").first()
    page = window(REVIEWER)
    page.goto(f"/queue/{group.pk}/")
    expect(page.get_by_role("heading", level=1)).to_have_text(group.title)
    sees_no(page, "Claim", "Dismiss", "Open case", "Release")
    before = Event.objects.count()
    assert post(page, f"/queue/{group.pk}/claim/") == 403
    assert post(page, f"/queue/{group.pk}/dismiss/", dismissal="benign") == 403
    assert post(page, f"/queue/{group.pk}/case/", title="Mine") == 403
    assert Event.objects.count() == before
    assert not Case.objects.exists()


def test_a_case_with_its_finding_and_decision(window, story, worker):
    continue_until(story, "Decisions")
    case, finding = Case.objects.get(), Finding.objects.get()
    decision = Decision.objects.first()
    page = window(REVIEWER)
    page.goto(f"/cases/{case.ref}/")
    expect(page.get_by_role("heading", level=1)).to_have_text(case.title)
    sees_no(page, "Add an exhibit", "Close the case", "Describe")
    page.goto(f"/cases/{case.ref}/decisions/")
    sees_no(page, "Propose a decision", "Approve the decision", "Draft a letter", "Compile a report")
    for path, fields in {
        f"/findings/{finding.ref}/confirm/": {},
        f"/findings/{finding.ref}/decide/": {"action": "terminate", "scope": "All", "reasoning": "So."},
        f"/decisions/{decision.ref}/approve/": {},
        f"/cases/{case.ref}/close/": {"closure": "acted", "note": "Done."},
        f"/notices/draft/{decision.ref}/": {"kind": "suspension"},
        f"/cases/{case.ref}/reports/compile/": {
            "audience": "public",
            "title": "T",
            "recipient": "R",
            "legal_basis": "L",
        },
    }.items():
        assert post(page, path, **fields) == 403, path
    assert Decision.objects.count() == 2
    assert Case.objects.get().state == Case.State.NOTICE


def test_nobody_confirms_what_they_proposed(window, story, worker):
    """The lead may confirm findings, but not her own: neither button nor form lets her."""
    continue_until(story, "Explanations")
    case = Case.objects.get()
    figures = queries.figures(case)
    finding = propose_finding(
        case,
        conduct="The accounts were operated together and systematically collected output",
        conduct_from=figures.first_day,
        conduct_to=figures.last_day,
        confidence="likely",
        limits="It does not show who operates them.",
        clauses=[
            c
            for product in queries.products(case)
            for c in reasoning._clauses(story, product, figures.first_day, figures.last_day)
        ],
        exhibits=list(case.exhibits.all()),
        explanations=list(case.explanations.all()),
        by=story.noor,
    )
    page = window("noor.ashmoor")
    page.goto(f"/cases/{case.ref}/findings/")
    expect(page.get_by_text(finding.ref).first).to_be_visible()
    sees_no(page, "Confirm the finding")
    assert post(page, f"/findings/{finding.ref}/confirm/") == 403
    assert Finding.objects.get().state == Finding.State.PROPOSED


def test_a_stranger_to_casework_finds_nothing_there(window, story):
    group = AlertGroup.objects.order_by("-priority").first()
    page = window(ADMINISTRATOR)
    expect(page.get_by_role("navigation", name="Rooms").get_by_role("link", name="Queue")).to_have_count(0)
    assert post(page, f"/queue/{group.pk}/claim/") == 404
    assert page.context.request.get(f"/queue/{group.pk}/").status == 404
