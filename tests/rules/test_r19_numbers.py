"""R19: numbers in a disclosure are bound to the query that produced them, and asked again before it is released."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.cases import actions as cases
from apps.core import vault
from apps.disclosures import actions
from tests.cases.conftest import END, make_activity
from tests.disclosures.conftest import compiled, draft  # noqa: F401 - fixtures
from tests.notices.conftest import decide, quick_paper, suspended  # noqa: F401 - fixtures
from tests.rules.conftest import told


def test_every_number_says_by_which_query_it_was_asked(draft):  # noqa: F811
    frozen = json.loads(vault.read(draft.snapshot_sha256))
    asked = {row["what"]: row for row in frozen["measurements"]}
    assert set(asked) == {"figures", "evidence", "activity", "runs", "countries", "accounts"}
    assert any("accounts_activity" in statement for statement in asked["figures"]["statements"])
    assert all(len(row["sha256"]) == 64 for row in asked.values())
    assert draft.content["measurements"][0]["sha256"] == frozen["measurements"][0]["sha256"]
    html = next(iter(actions.files_of(draft).values()))
    assert html


def test_what_holds_is_released(draft, people):  # noqa: F811
    actions.release_report(draft, by=people.approver)
    assert draft.state == "releasing"


def out_of_the_case(draft, people, add_exhibit):  # noqa: F811
    cases.exclude_accounts(draft.case, query={"refs": ["acct_00000"]}, why="A customer.", by=people.analyst)


def another_exhibit(draft, people, add_exhibit):  # noqa: F811
    add_exhibit(draft.case, group="third", lr=-1.0)


def other_activity(draft, people, add_exhibit):  # noqa: F811
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_activity SET queries = queries + 1 WHERE day = %s", [END])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (out_of_the_case, "Figures, Accounts concerned: the figure was 5 and is 4 by the same query."),
        (another_exhibit, "Strength of the evidence: log10 of the ratio was 3 and is"),
        (other_activity, "was 35 000 and is 35 005 by the same query"),
    ],
)
def test_a_number_that_changed_is_named_and_nothing_is_released(change, named, draft, people, add_exhibit, sign_in):  # noqa: F811
    change(draft, people, add_exhibit)
    with pytest.raises(ValidationError) as refused:
        actions.release_report(draft, by=people.approver)
    said = told(refused).replace("\u00a0", " ")
    assert named in said
    assert "discard it and compile it anew. (R19)" in said
    page = sign_in(people.approver).post(f"/disclosures/{draft.pk}/release/", follow=True)
    assert named in told(page).replace("\u00a0", " ")
    draft.refresh_from_db()
    assert draft.state == "draft"


@pytest.mark.parametrize(
    ("path", "said"),
    [("{figures,0,value}", "figures 1 value"), ("{exhibits,0,strength}", "exhibits 1 strength"), ("{runs}", "runs")],
)
def test_a_number_that_was_changed_in_the_report_itself_is_named(path, said, draft, people):  # noqa: F811
    """By SQL, past every action: the report no longer says what was compiled."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE disclosures_report SET content = jsonb_set(content, %s, '777')", [path])
    draft.refresh_from_db()
    with pytest.raises(ValidationError) as refused:
        actions.release_report(draft, by=people.approver)
    assert f"What the report says of {said} is not what was compiled" in told(refused)


def test_days_after_the_last_one_that_was_counted_change_nothing(draft, people):  # noqa: F811
    from datetime import timedelta

    make_activity(days=3, first=END + timedelta(days=1))
    actions.release_report(draft, by=people.approver)
    assert draft.state == "releasing"


def test_no_program_releases_a_report(draft, api):  # noqa: F811
    assert api().post(f"/api/v1/reports/{draft.pk}/release", {}).status_code in (404, 405)
