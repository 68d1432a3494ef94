"""What the database refuses of runs, rings, members, edges and what people said of them, each by its sentence."""

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import CommonValue, Link, LinkageRun, Ring, RingMember, Tie
from tests.accounts.ringed import linked, populate

MODELS = (LinkageRun, Ring, RingMember, Link, Tie, CommonValue)
RUN, RING, MEMBER, LINK, TIE, COMMON = (model._meta.db_table for model in MODELS)


def copies(table: str, changes: str = "'id', core_uuid7()", count: int = 1) -> str:
    """So many more rows like the first one."""
    fresh = f"jsonb_populate_record(NULL::{table}, to_jsonb(t) || jsonb_build_object({changes}))"
    first = f"(SELECT * FROM {table} LIMIT 1) t, generate_series(7, {6 + count}) n"
    return f"INSERT INTO {table} SELECT ({fresh}).* FROM {first}"


def ties(changes: str = "'why', 'Robbed'", count: int = 1) -> str:
    return f"""INSERT INTO {TIE} SELECT (jsonb_populate_record(NULL::{TIE}, jsonb_build_object('id', core_uuid7(),
        'account_id', m.account_id, 'kind', 'device', 'value_hmac', repeat('a', 64), 'masked', 'x', 'verdict', 'cut',
        'why', 'Robbed', 'judged_by_id', u.id, 'judged_at', now()) || jsonb_build_object({changes}))).*
        FROM (SELECT account_id FROM {MEMBER} LIMIT 1) m, (SELECT id FROM staff_user LIMIT 1) u,
        generate_series(1, {count})"""


FRESH = "'id', core_uuid7(), 'number', n"
NONSENSE = {
    "one_linkage_run_per_number": copies(RUN),
    "one_linkage_run_at_a_time": copies(RUN, f"{FRESH}, 'state', 'running', 'ended_at', NULL", 2),
    "a_linkage_run_that_is_over_has_its_end": f"UPDATE {RUN} SET ended_at = NULL",
    "a_stopped_linkage_run_says_why": f"UPDATE {RUN} SET state = 'stopped'",
    "one_ring_per_reference": copies(RING),
    "a_judgement_has_its_time": f"UPDATE {RING} SET judged_at = now()",
    "a_judged_ring_says_by_whom_and_why": f"UPDATE {RING} SET state = 'suspected'",
    "only_a_dissolved_ring_went_into_another": f"UPDATE {RING} SET went_into_id = id",
    "an_account_is_in_one_ring": copies(MEMBER),
    "a_probability_is_from_0_to_1": f"UPDATE {MEMBER} SET probability = 1.5",
    "an_edge_is_there_once": copies(LINK),
    "an_edge_is_judged_once": ties(count=2),
    "a_tie_says_why": ties("'why', ''"),
    "an_undoing_has_its_time": ties("'undone_at', now()"),
    "a_value_is_common_once": f"INSERT INTO {COMMON} (kind, prefix) SELECT 'asn', 'a' FROM generate_series(1, 2)",
    "a_tie_names_what_it_is_about": ties("'account_id', NULL, 'value_hmac', ''"),
}
NOWHERE = {  # references that are checked once for a statement
    "a_member_is_an_account": f"UPDATE {MEMBER} SET account_id = core_uuid7()",
    "a_member_has_its_ring": f"UPDATE {MEMBER} SET ring_id = core_uuid7()",
    "a_member_has_its_run": copies(
        MEMBER, "'id', core_uuid7(), 'since_run_id', core_uuid7(), 'until_run_id', since_run_id"
    ),
    "a_member_left_in_a_run": f"UPDATE {MEMBER} SET until_run_id = core_uuid7()",
    "an_edge_has_its_account": f"UPDATE {LINK} SET account_id = core_uuid7()",
    "an_edge_has_its_ring": f"UPDATE {LINK} SET ring_id = core_uuid7()",
    "an_edge_has_its_run": copies(
        LINK, "'id', core_uuid7(), 'since_run_id', core_uuid7(), 'until_run_id', since_run_id"
    ),
    "an_edge_ended_in_a_run": f"UPDATE {LINK} SET until_run_id = core_uuid7()",
}


def test_the_database_refuses_nonsense_by_name(people):
    populate(people)
    linked(people)
    for name, statement in (NONSENSE | NOWHERE).items():
        with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert refused.value.__cause__.diag.constraint_name == name


def test_every_constraint_is_provoked():
    assert {c.name for model in MODELS for c in model._meta.constraints} == set(NONSENSE)
