"""What the database itself refuses of holds, erasures and runs, by the name under which it does."""

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from tests.audit.tampering import sql

COPY = "INSERT INTO {0} SELECT (jsonb_populate_record(t, jsonb_build_object('id', core_uuid7()))).* FROM {0} t LIMIT 1"
HOLD, ERASURE, RUN = (f"UPDATE records_{table} SET " for table in ("legalhold", "erasure", "retentionrun"))
ASKED = (
    "state = 'release_requested', release_asked_by_id = issued_by_id, release_asked_at = now(), release_reason = 'x'"
)
RELEASED = ASKED.replace("release_requested", "released")
RELEASED += ", released_by_id = issued_by_id, released_at = now(), release_note = 'x'"

NONSENSE = {
    "one_hold_per_reference": COPY.format("records_legalhold"),
    "a_hold_says_what_it_is_for": f"{HOLD} matter = ''",
    "who_asks_for_a_release_says_why": f"{HOLD} {ASKED}".replace("'x'", "''"),
    "a_release_is_asked_for_first": f"{HOLD} state = 'release_requested'",
    "a_released_hold_says_by_whom_and_why": f"{HOLD} {ASKED}".replace("release_requested", "released"),
    "a_hold_is_released_by_another_person": f"{HOLD} {RELEASED}",
    "a_hold_names_a_thing_once": COPY.format("records_holdscope"),
    "a_custodian_is_told_once": COPY.format("records_custodian"),
    "nobody_acknowledges_before_being_told": "UPDATE records_custodian SET acknowledged_at = told_at - interval '1s'",
    "one_erasure_per_reference": COPY.format("records_erasure"),
    "one_request_at_a_time_for_a_subject": "INSERT INTO records_erasure SELECT (jsonb_populate_record(t,"
    " jsonb_build_object('id', core_uuid7(), 'ref', 'ER-1'))).* FROM records_erasure t LIMIT 1",
    "an_erasure_gives_its_reason": f"{ERASURE} reason = ''",
    "a_decided_erasure_says_by_whom": f"{ERASURE} decided_at = now()",
    "an_erasure_is_carried_out_by_another_person": f"{ERASURE} state = 'carried_out', result = '{{}}',"
    " decided_at = now(), decided_by_id = requested_by_id",
    "a_refused_erasure_says_why": f"{ERASURE} state = 'refused', decided_at = now(), decided_by_id = requested_by_id",
    "a_carried_out_erasure_says_what_went": f"{ERASURE} result = '{{}}'",
    "a_rule_is_confirmed_once": COPY.format("records_confirmation"),
    "a_rule_keeps_for_some_time": "UPDATE records_confirmation SET days = 0",
    "a_rule_runs_once_at_a_time": COPY.format("records_retentionrun"),
    "a_run_that_is_over_has_its_end": f"{RUN} state = 'done'",
    "a_stopped_run_says_by_whom_and_why": f"{RUN} state = 'stopped', ended_at = now()",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_the_database_refuses_nonsense_by_name(world, name):
    world.hold()
    world.erasure()
    world.retention_run()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        sql(NONSENSE[name])
    assert refused.value.__cause__.diag.constraint_name == name


def test_every_constraint_is_provoked():
    named = {c.name for model in apps.get_app_config("records").get_models() for c in model._meta.constraints}
    assert named == set(NONSENSE)
