"""PostgreSQL itself refuses what the actions refuse: each named constraint of the register, provoked by SQL."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.evidence import actions
from apps.evidence.models import registry
from tests.evidence.registry.conftest import JULY, JUNE

COPY = (
    "INSERT INTO evidence_{0} SELECT (jsonb_populate_record(t, jsonb_build_object('id', core_uuid7()) || '{1}')).*"
    " FROM evidence_{0} t LIMIT 1"
)


def copy(table: str, change: str = "{}") -> str:
    return COPY.format(table, change)


NONSENSE = {
    "one_protected_model_per_name": copy("protectedmodel"),
    "one_version_of_a_model_per_name": copy("modelversion"),
    "a_version_retires_after_its_release": "UPDATE evidence_modelversion SET retired_on = '2020-01-01'",
    "a_digest_names_its_algorithm": "UPDATE evidence_modelversion SET tokenizer = 'abc'",
    "a_digest_of_a_manifest_says_where_it_lies": "UPDATE evidence_modelversion SET training_digest = 'sha256:'"
    " || repeat('a', 64)",
    "an_attestation_expires_after_its_issue": copy("attestation", '{"expires_on": "2020-01-01"}'),
    "an_attestation_states_something": copy("attestation", '{"statement": ""}'),
    "a_failed_check_says_why": copy("signaturecheck", '{"verdict": "failed"}'),
    "a_checked_digest_names_its_algorithm": copy("signaturecheck", '{"subject_digest": "abc"}'),
    "one_suspect_per_name_and_publisher": copy("suspectmodel"),
    "a_suspect_has_a_name": "UPDATE evidence_suspectmodel SET name = ''",
    "one_scheme_per_name_and_version": copy("watermarkscheme"),
    "one_key_per_name": copy("watermarkkey"),
    "a_key_is_called_by_a_plain_name": copy("watermarkkey", '{"key_id": "0123 abc"}'),
    "a_holding_ends_after_it_began": "UPDATE evidence_keyholding SET held_until = held_from",
    "an_incident_is_told": copy("keyincident", '{"account": ""}'),
    "a_deployment_ends_after_it_began": "UPDATE evidence_keydeployment SET deployed_until = deployed_from",
    "an_ended_deployment_says_by_whom": "UPDATE evidence_keydeployment SET ended_at = now(), deployed_until = now()",
    "an_ended_deployment_has_its_end": "UPDATE evidence_keydeployment SET ended_at = now(), ended_by = 'user:x'",
    "one_canary_per_reference": copy("canary", '{"text_sha256": "%s"}' % ("a" * 64)),
    "a_canary_is_planted_once": copy("canary", '{"ref": "CAN-9999-0001"}'),
    "a_canary_has_its_digest": copy("canary", '{"ref": "CAN-9999-0001", "text_sha256": "x"}'),
    "a_canary_is_drawn_from_several": copy("canary", '{"ref": "C", "text_sha256": "%s", "candidates": 1}' % ("a" * 64)),
    "a_retired_canary_says_who_and_why": "UPDATE evidence_canary SET retired_at = now()",
    "a_canary_is_retired_after_it_was_planted": "UPDATE evidence_canary SET retired_at = '2020-01-01',"
    " retired_by = 'user:x', retired_why = 'x'",
}
# What triggers refuse.
BROKEN = {
    "a_recorded_digest_stays": "UPDATE evidence_modelversion SET weights = '[]'",
    "an_attestation_is_of_a_version_of_its_model": "INSERT INTO evidence_attestation SELECT (jsonb_populate_record(t,"
    " jsonb_build_object('id', core_uuid7(), 'version_id', (SELECT id FROM evidence_modelversion WHERE model_id <>"
    " t.model_id)))).* FROM evidence_attestation t",
    "a_key_has_one_holder_at_a_time": copy("keyholding", '{"held_from": "2026-06-20T00:00:00Z"}'),
    "a_key_is_deployed_on_a_version_once_at_a_time": copy("keydeployment", '{"deployed_from": "2026-06-20T00:00:00Z"}'),
}
TABLES = [model._meta.db_table for model in (getattr(registry, name) for name in registry.__all__)]


@pytest.fixture
def whole(register, collect, people) -> Any:
    """A row in every table of the register."""
    actions.record_attestation(
        register.model, kind="audit", issuer="A", statement="S", issued_on=JUNE.date(), by=people.lead
    )
    actions.record_incident(register.key, happened_at=JULY, effect="none", account="Nothing.", by=people.lead)
    actions.deploy_key(register.key, version=register.version, deployed_from=JUNE, by=people.lead)
    actions.plant_canary(register.account, placed="Once", planted_at=JULY, text="Seven herrings.", by=people.analyst)
    other = actions.register_model(name="Quay", owner="Model desk", by=people.lead)
    actions.register_version(other, version="1", by=people.lead)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return collect()


@pytest.fixture
def checked(whole, version, people) -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    from tests.evidence.registry.test_signatures import envelope, pem, statement

    key = ed25519.Ed25519PrivateKey.generate()
    good = envelope(key, statement(version.weights[0]["digest"]))
    actions.check_statement(version, envelope=good, key=pem(key.public_key()), by=people.analyst)


def refusal(statement: str) -> str:
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return refused.value.__cause__.diag.constraint_name


def test_the_database_refuses_each_by_name(checked):
    told = NONSENSE | BROKEN
    assert {name: refusal(told[name]) for name in told} == {name: name for name in told}


def test_nothing_of_the_register_is_deleted_by_sql(checked):
    assert {refusal(f"DELETE FROM {table}") for table in TABLES} == {"evidence_is_written_once"}


def test_every_constraint_of_the_register_is_provoked():
    named = {c.name for name in registry.__all__ for c in getattr(registry, name)._meta.constraints}
    assert named == set(NONSENSE)
