"""However a case grew, what belongs to it is held, and what does not is not: both ways of asking agree."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audit.models import audited_models
from apps.cases import actions as cases
from apps.records import holds, reach
from tests.audit.tampering import sql
from tests.records.conftest import hold

GROWTH = ("add_accounts", "add_exhibit", "add_group", "add_party", "add_task")


def grow(world, case, step: str) -> None:
    if step == "add_accounts":
        if not case.members.exists():
            cases.add_accounts(case, query={"country": "DE"}, by=world.people.analyst)
    elif step == "add_exhibit":
        world.exhibit(case)
    elif step == "add_group":
        cases.add_group(case, group=world.group(), reason="Seen by hand", by=world.people.analyst)
    elif step == "add_party":
        cases.add_party(case, name="X Ltd", role="reseller", basis="Paid", by=world.people.analyst)
    else:
        cases.add_task(case, title="Ask", assignee=None, due_on=None, by=world.people.analyst)


def rows_of(table: str) -> set[str]:
    return {str(pk) for (pk,) in sql(f"SELECT id FROM {table}")}


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(st.sampled_from(GROWTH), max_size=3), after=st.lists(st.sampled_from(GROWTH), max_size=3))
def test_both_ways_agree_and_another_case_is_free(world, before, after):
    case, other = world.case(), world.case("investigation")
    cases.add_party(other, name="Y Ltd", role="reseller", basis="Paid", by=world.people.analyst)
    for step in before:
        grow(world, case, step)
    found = hold(world, case)
    for step in after:
        grow(world, case, step)
    covered: dict[str, set[str]] = {}
    for table, pk in sql("SELECT table_name, row_id::text FROM records_held() WHERE hold_id = %s", found.pk):
        covered.setdefault(table, set()).add(pk)
    for model in audited_models():
        table = model._meta.db_table
        if table in reach.tables():
            held = {pk for pk in rows_of(table) if found in holds.holding(table, pk)}
            assert held == covered.get(table, set()), table
    own = {str(party.pk) for party in case.parties.all()} | {str(case.pk)}
    assert own <= covered.get("cases_party", set()) | covered["cases_case"]
    assert covered["cases_case"] == {str(case.pk)}
    assert not covered.get("cases_party", set()) & {str(party.pk) for party in other.parties.all()}
    members = {str(member.account_id) for member in case.members.all()}
    assert members <= covered.get("accounts_account", set())
    exhibits = {str(exhibit.item_id) for exhibit in case.exhibits.all()}
    assert exhibits <= covered.get("evidence_item", set())
