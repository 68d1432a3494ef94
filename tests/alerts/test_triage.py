"""States, permissions and constraints of groups and detectors."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from apps.alerts import actions, deliveries, intake, verdicts
from apps.alerts.models import (
    Alert,
    AlertGroup,
    Batch,
    Calibration,
    Delivery,
    Detector,
    Merge,
    Rejection,
    Replay,
    SigningKey,
    Suppression,
    Verdict,
    VerdictAlert,
    Webhook,
)
from apps.audit import ledger
from apps.audit.models import Event
from tests.alerts.conftest import alert

State = AlertGroup.State


@pytest.fixture
def group(receive):
    receive(alert())
    return AlertGroup.objects.get()


TRANSITIONS = [
    ([], "claim", State.CLAIMED),
    ([], "dismiss", State.DISMISSED),
    ([], "escalate", State.ESCALATED),
    (["claim"], "release", State.OPEN),
    (["claim"], "dismiss", State.DISMISSED),
    (["claim"], "escalate", State.ESCALATED),
    (["dismiss"], "reopen", State.OPEN),
]
REFUSED = [
    ([], "release"),
    ([], "reopen"),
    (["claim"], "claim"),
    (["claim"], "reopen"),
    (["dismiss"], "claim"),
    (["dismiss"], "release"),
    (["dismiss"], "dismiss"),
    (["dismiss"], "escalate"),
    *((["escalate"], verb) for verb in ("claim", "release", "dismiss", "reopen", "escalate")),
]


def do(verb: str, group: AlertGroup, person) -> None:
    reasons = {"reopen": {"reason": "again"}, "escalate": {"reason": "Seen by hand"}}
    extra = (reasons | {"dismiss": {"dismissal": "benign"}}).get(verb, {})
    getattr(actions, verb)(group, by=person, **extra)


@pytest.mark.parametrize(("before", "verb", "state"), TRANSITIONS)
def test_from_state_to_state(group, people, before, verb, state):
    for earlier in before:
        do(earlier, group, people.analyst)
    do(verb, group, people.analyst)
    group.refresh_from_db()
    assert group.state == state
    assert Event.objects.filter(object_id=group.pk).latest("id").action == f"alerts.{verb}"


@pytest.mark.parametrize(("before", "verb"), REFUSED)
def test_no_other_way(group, people, before, verb):
    for earlier in before:
        do(earlier, group, people.analyst)
    state = AlertGroup.objects.get().state
    with pytest.raises(PermissionDenied):
        do(verb, group, people.analyst)
    assert AlertGroup.objects.get().state == state


@pytest.mark.parametrize("name", ["counsel", "approver", "reviewer", "auditor", "admin"])
@pytest.mark.parametrize("verb", ["claim", "dismiss", "escalate"])
def test_only_the_desk_triages(group, people, name, verb):
    with pytest.raises(PermissionDenied):
        do(verb, group, getattr(people, name))
    with pytest.raises(PermissionDenied):
        actions.take_next(by=getattr(people, name))


def test_a_dismissal_has_a_reason_from_the_list(group, people):
    with pytest.raises(ValidationError, match="Choose why"):
        actions.dismiss(group, dismissal="because", by=people.analyst)


def test_only_the_detector_itself_receives(detector, register, people):
    other = register("knotwork").service_account
    for by in (other, people.admin, people.analyst):
        with pytest.raises(PermissionDenied):
            intake.take(detector, [b"[]"], by=by)


def test_only_administrators_register_and_change_detectors(detector, people):
    for name in ("analyst", "lead", "counsel", "auditor"):
        person = getattr(people, name)
        with pytest.raises(PermissionDenied):
            actions.register_detector(slug="x", name="X", kind="volume", owner="o", by=person)
        with pytest.raises(PermissionDenied):
            actions.change_detector(detector, name="Y", by=person)
    with pytest.raises(TypeError, match="slug"):
        actions.change_detector(detector, slug="other", by=people.admin)


def test_a_detector_has_its_own_name_and_a_whole_calibration(detector, people):
    with pytest.raises(ValidationError):
        actions.register_detector(slug="tidegauge", name="T", kind="volume", owner="o", by=people.admin)
    for wrong in ({"calibration_n": 5}, {"calibration_n": 5, "calibration_false_positives": 6}):
        with pytest.raises(ValidationError):
            actions.change_detector(detector, by=people.admin, **wrong)
    detector.refresh_from_db()
    assert detector.calibration_n is None


COPY = "INSERT INTO {0} SELECT (jsonb_populate_record(t, jsonb_build_object('id', core_uuid7()))).* FROM {0} t LIMIT 1"
VERDICT_TWICE = """
    INSERT INTO alerts_verdictalert (verdict_id, detector_id, alert_id)
    SELECT verdict_id, detector_id, alert_id FROM alerts_verdictalert"""
MERGE = (
    "INSERT INTO alerts_merge (id, group_id, into_id, alert_ids, keys, merged_at, merged_by_id, undone_at,"
    " undone_by_id) SELECT core_uuid7(), id, {1}, '{{}}', '{{}}', now(), core_uuid7(), {0} FROM alerts_alertgroup"
)
RULE = (
    "INSERT INTO alerts_suppression (id, scope, key, kind, account_ref, identifier_type, reason, made_at, made_by_id,"
    " expires_at, ended_at) VALUES (core_uuid7(), 'key', {0}, '', '', {1}, now(), core_uuid7(),"
    " now() + interval '{2} days', {3})"
)
SIGNING_KEY = (
    "INSERT INTO alerts_signingkey (id, detector_id, method, since, public_key, sealed_secret, fingerprint, ends_at)"
    " VALUES (core_uuid7(), (SELECT id FROM alerts_detector WHERE slug = 'tidegauge'), 'ed25519', now(), {})"
)
# What the database itself refuses, by the name under which it does.
NONSENSE = {
    "one_detector_per_slug": (Detector, "UPDATE alerts_detector SET slug = 'same'"),
    "a_calibration_is_whole": (Detector, "UPDATE alerts_detector SET calibration_n = 3"),
    "no_more_false_positives_than_cases": (
        Detector,
        "UPDATE alerts_detector SET calibration_n = 3, calibration_false_positives = 4, calibrated_on = '2026-01-01'",
    ),
    "a_declared_rate_is_a_share": (Detector, "UPDATE alerts_detector SET declared_rate = 1.5"),
    "a_demotion_says_why": (Detector, "UPDATE alerts_detector SET demoted_at = now()"),
    "a_calibration_has_cases_enough": (Calibration, "UPDATE alerts_calibration SET n = 0"),
    "a_dismissal_alone_has_its_reason": (Verdict, "UPDATE alerts_verdict SET outcome = 'reopened'"),
    "one_line_per_verdict_and_alert": (VerdictAlert, VERDICT_TWICE),
    "a_webhook_is_told_once_of_a_verdict": (Delivery, COPY.format("alerts_delivery")),
    "a_secret_before_has_its_end": (Webhook, "UPDATE alerts_webhook SET previous_until = now()"),
    "a_finished_delivery_has_its_time": (Delivery, "UPDATE alerts_delivery SET state = 'dead'"),
    "every_item_has_a_verdict": (Batch, "UPDATE alerts_batch SET items = items + 1"),
    "an_idempotency_key_is_used_once": (
        Batch,
        COPY.format("alerts_batch"),
    ),
    "one_undecided_group_per_key": (
        AlertGroup,
        COPY.format("alerts_alertgroup"),
    ),
    "a_claim_has_its_time": (AlertGroup, "UPDATE alerts_alertgroup SET claimed_at = now()"),
    "a_claimed_group_has_its_holder": (AlertGroup, "UPDATE alerts_alertgroup SET state = 'claimed'"),
    "a_dismissal_has_its_reason": (AlertGroup, "UPDATE alerts_alertgroup SET state = 'dismissed'"),
    "a_merged_group_says_where_it_went": (AlertGroup, "UPDATE alerts_alertgroup SET state = 'merged'"),
    "a_snooze_is_whole": (AlertGroup, "UPDATE alerts_alertgroup SET snoozed_until = now()"),
    "a_group_is_merged_into_another": (Merge, MERGE.format("NULL, NULL", "id")),
    "an_undone_merge_has_its_person": (Merge, MERGE.format("now(), NULL", "core_uuid7()")),
    "a_group_is_merged_into_one": (
        Merge,
        f"{MERGE.format('NULL, NULL', 'core_uuid7()')}; {MERGE.format('NULL, NULL', 'core_uuid7()')}",
    ),
    "a_rule_names_what_it_hides": (Suppression, RULE.format("'', ''", "'noise'", "80", "NULL")),
    "a_rule_expires_within_90_days": (Suppression, RULE.format("'k', ''", "'noise'", "91", "NULL")),
    "a_rule_has_its_reason": (Suppression, RULE.format("'k', ''", "''", "80", "NULL")),
    "an_end_of_a_rule_has_its_person": (Suppression, RULE.format("'k', ''", "'noise'", "80", "now()")),
    "a_replay_has_something_to_send": (
        Replay,
        "INSERT INTO alerts_replay (id, asked_by, asked_at, about, total) VALUES (core_uuid7(), 'x', now(), 'x', 0)",
    ),
    "a_signing_key_is_of_its_method": (SigningKey, SIGNING_KEY.format("'whpk_x', 'sealed', 'f', NULL")),
    "a_signing_key_ends_after_it_began": (
        SigningKey,
        SIGNING_KEY.format("'whpk_x', '', 'f', now() - interval '1 day'"),
    ),
    "a_detector_has_one_signing_key_without_end": (
        SigningKey,
        ";".join(map(SIGNING_KEY.format, ["'whpk_x', '', 'f', NULL", "'whpk_x', '', 'g', NULL"])),
    ),
    "a_signing_key_is_given_once": (
        SigningKey,
        ";".join(map(SIGNING_KEY.format, ["'whpk_x', '', 'f', NULL", "'whpk_x', '', 'f', now()"])),
    ),
    "what_was_sent_again_became_something": (Rejection, "UPDATE alerts_rejection SET sent_again_at = now()"),
    "priority_is_at_most_100": (AlertGroup, "UPDATE alerts_alertgroup SET priority = 101"),
    "one_alert_per_source_reference": (
        Alert,
        COPY.format("alerts_alert"),
    ),
    "a_window_ends_after_it_starts": (Alert, "UPDATE alerts_alert SET window_end = window_start - interval '1 day'"),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_the_database_refuses_nonsense_by_name(receive, register, name, people, settings):
    register("another", calibration_n=3, calibration_false_positives=1, calibrated_on="2026-01-01")
    receive([alert(), {"title": "not an alert"}], idempotency_key="k")
    if NONSENSE[name][0] in (Verdict, VerdictAlert, Webhook, Delivery):
        settings.WEBHOOK_HOSTS = ["hooks.example.org"]
        group = AlertGroup.objects.get()
        actions.set_webhook(Detector.objects.get(slug="tidegauge"), url="https://hooks.example.org", by=people.admin)
        actions.dismiss(group, dismissal="benign", by=people.analyst)
        deliveries.ask_for(verdicts.publish())
    model, statement = NONSENSE[name]
    assert name in {constraint.name for constraint in model._meta.constraints}
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert refused.value.__cause__.diag.constraint_name == name


NOWHERE = {  # references that are checked once for a statement
    "an_alert_has_its_detector": "UPDATE alerts_alert SET detector_id = core_uuid7()",
    "an_alert_has_its_batch": "UPDATE alerts_alert SET batch_id = core_uuid7()",
    "an_identifier_has_its_account": "INSERT INTO accounts_identifier"
    " (id, account_id, kind, value_hmac, key_id, masked) VALUES (core_uuid7(), core_uuid7(), 'device', 'h', 'k', 'm')",
    "activity_has_its_account": "INSERT INTO accounts_activity (id, account_id, day, model, queries, input_tokens,"
    " output_tokens) VALUES (core_uuid7(), core_uuid7(), '2026-01-01', 'm', 1, 0, 0)",
}


@pytest.mark.parametrize("name", NOWHERE)
def test_the_database_refuses_a_reference_to_nothing_by_name(receive, name):
    receive([alert()])
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NOWHERE[name])
    assert refused.value.__cause__.diag.constraint_name == name


def test_every_constraint_is_provoked():
    from django.apps import apps

    named = {c.name for model in apps.get_app_config("alerts").get_models() for c in model._meta.constraints}
    assert named == set(NONSENSE)


def test_ledger_explains_a_constraint_in_words(group, people):
    with pytest.raises(ValidationError, match="Say why it is dismissed"), ledger_of(people.analyst):
        ledger.change(group, state=State.DISMISSED)


def ledger_of(person):
    return ledger.act("alerts.dismiss", person)
