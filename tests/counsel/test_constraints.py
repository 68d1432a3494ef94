"""PostgreSQL itself refuses what the actions refuse: each named constraint is provoked by SQL, past all of Python."""

from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from apps.counsel import actions
from tests.cases.test_constraints import _copy, _update

# constraint: (table, "copy" or "update", columns set to values; "= column" takes another column's value)
REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "counsel_is_somebody": ("counsel", "update", {"name": "", "firm": ""}),
    "an_engagement_ends_after_it_begins": ("counsel", "update", {"acts_until": "2020-01-01"}),
    "a_theory_is_adopted_once": ("theory", "copy", {}),
    "a_withdrawn_theory_says_who_and_why": ("theory", "update", {"withdrawn_at": "2026-05-01T00:00:00Z"}),
    "an_element_of_a_theory_is_there_once": ("element", "copy", {}),
    "a_strength_has_its_note": ("element", "update", {"strength": "weak", "note": ""}),
    "what_exhibits_carry_is_not_missing": ("element", "update", {"strength": "missing", "supporting": [1]}),
    "an_exhibit_is_on_one_side_of_an_element": (
        "element",
        "update",
        {"strength": "weak", "note": "Both.", "supporting": [1], "opposing": [1]},
    ),
    "a_weighed_element_says_by_whom": ("element", "update", {"weighed_at": "2026-05-01T00:00:00Z"}),
    "a_note_on_a_theory_says_something": ("note", "update", {"body": ""}),
}
TRIGGERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "counsel_acts_for_a_party_of_the_case": ("counsel", "update", {"case_id": "another case"}),
    "an_element_rests_on_exhibits_of_its_case": (
        "element",
        "update",
        {"strength": "weak", "note": "There is none such.", "supporting": [99]},
    ),
    "a_withdrawn_theory_stays_so": ("theory", "withdrawn", {"jurisdiction": "Germany"}),
}


@pytest.fixture
def whole(theory, party, people):
    """A row in every table of the room."""
    actions.record_counsel(
        party.case, party=party, role="lead", name="Ruth Gray", acts_from=date(2026, 3, 1), by=people.counsel
    )
    actions.add_note(theory, body="Plead it second.", by=people.counsel)
    return theory


def test_every_constraint_of_the_room_is_provoked_here():
    named = {c.name for model in apps.get_app_config("counsel").get_models() for c in model._meta.constraints}
    assert named == set(REFUSED)


@pytest.mark.parametrize("name", [*REFUSED, *TRIGGERS])
def test_it_is_refused(name, whole, people):
    from apps.cases import actions as cases

    table, how, columns = (REFUSED | TRIGGERS)[name]
    if how == "withdrawn":
        actions.withdraw_theory(whole, why="There is no loss.", by=people.counsel)
    if columns.get("case_id"):
        columns = {"case_id": cases.open_case(title="Another", severity=3, by=people.analyst).pk}
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        (_copy if how == "copy" else _update)(cursor, f"counsel_{table}", columns)
    assert refused.value.__cause__.diag.constraint_name == name
