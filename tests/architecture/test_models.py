"""Every table is written through the ledger, or says here why it is not."""

import importlib
import pkgutil

import pytest
from django.apps import apps
from django.db import models

from apps.audit.models import AuditedModel, AuditedQuerySet

OURS = [model for model in apps.get_models(include_auto_created=True) if model.__module__.startswith("apps.")]

FREE = {
    "core.CacheEntry": "forgotten within minutes: refused sign-ins and used codes, for all processes",
    "core.Counter": "numbers given out; the row that takes one is audited",
    "core.Job": "the queue of work; what the work does is audited",
    "alerts.Allowance": "what an API key may still send at this moment",
    "alerts.AlertAccount": "the accounts of an alert the other way round; Alert.account_ids is audited",
    "alerts.Attempt": "what became of one try to deliver; what was to be told is audited",
    "alerts.Delivery": "the queue of messages to webhooks; the verdicts that they tell are audited",
    "alerts.SignatureRefusals": "how many messages were refused, and the last; a row a detector, whoever sends them",
    "alerts.VerdictAlert": "the alerts of a verdict, numbered for the feed; verdict and alerts are audited",
    "alerts.GroupAccount": "follows from the alerts of a group",
    "alerts.GroupKey": "which group the next alert of a key joins; follows from alerts and groups",
    "accounts.CommonValue": "which values are common; found again from audited tables every night",
    "cases.CampaignFigures": "what the campaign page shows; computed again from audited tables at any time",
    "enforcement.Message": "the queue of messages to the receiver; what was ordered, and what became of it, is audited",
    "enforcement.Attempt": "what became of one try to deliver; what was to be carried out is audited",
    "evidence.StoredFile": "what the last measurement of a file found; the measurements themselves are audited",
    "audit.Event": "the trail itself",
    "audit.Manifest": "the trail itself",
    "audit.CaseCounter": "numbers of a case's events; a hole would show",
    "audit.SubjectKey": "keys that are erased on purpose",
    "audit.PrivateValue": "values that are erased on purpose, behind commitments in the trail",
    "audit.Leaf": "the log, written by the sequencer",
    "audit.Tile": "the log, written by the sequencer",
    "audit.Checkpoint": "the log, signed",
    "audit.Anchor": "what outside parties said about the log",
    "audit.AnchorParty": "when an outside party last answered, and when it is asked again",
    "audit.Verification": "how far a verification is, under a seal; its verdict and the answer to it are events",
    "audit.LogState": "how far the sequencer is",
}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_a_model_is_audited_or_says_why_not(model):
    assert issubclass(model, AuditedModel) != (model._meta.label in FREE)


def test_no_reason_outlives_its_model():
    assert set(FREE) <= {model._meta.label for model in OURS}


AUDITED = [model for model in OURS if issubclass(model, AuditedModel)]


@pytest.mark.parametrize("model", AUDITED, ids=lambda model: model._meta.label)
def test_an_audited_model_keeps_its_fence(model):
    names = {trigger.name for trigger in model._meta.triggers}
    assert {"needs_event_insert", "needs_event_update", "needs_event_delete", "no_truncate"} <= names
    assert isinstance(model._base_manager.all(), AuditedQuerySet)
    assert isinstance(model._default_manager.all(), AuditedQuerySet)
    assert model._meta.pk.name == "id"
    assert isinstance(model._meta.pk, models.UUIDField)


@pytest.mark.parametrize("model", AUDITED, ids=lambda model: model._meta.label)
def test_history_outlives_what_it_points_at(model):
    for field in model._meta.fields:
        if field.is_relation:
            assert field.remote_field.on_delete is models.PROTECT, field.name


@pytest.mark.parametrize("model", AUDITED, ids=lambda model: model._meta.label)
def test_an_audited_column_survives_the_way_through_json(model):
    """A digest is over `to_jsonb`: what loses digits there has no place in an audited table."""
    kinds = {type(field) for field in model._meta.concrete_fields}
    assert not kinds & {models.DecimalField, models.DurationField, models.FileField, models.ImageField}


def test_nothing_is_linked_by_a_table_that_nobody_writes():
    assert [model._meta.label for model in OURS if model._meta.auto_created] == []
    assert [f for model in OURS for f in model._meta.local_many_to_many] == []


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_a_constraint_is_named_as_a_sentence(model):
    for constraint in model._meta.constraints:
        assert not constraint.name.startswith(model._meta.db_table), constraint.name
        assert constraint.name.replace("_", "").isalnum()


def test_every_row_can_be_called_by_a_name():
    for model in OURS:
        assert model.__str__ is not models.Model.__str__, model._meta.label


def test_no_extension_of_postgresql_is_needed():
    """One that a hosted database does not offer would keep casemgr out of it."""
    for config in apps.get_app_configs():
        if not config.name.startswith("apps."):
            continue
        package = importlib.import_module(f"{config.name}.migrations")
        for module in pkgutil.iter_modules(package.__path__):
            for operation in importlib.import_module(f"{package.__name__}.{module.name}").Migration.operations:
                assert "Extension" not in type(operation).__name__
                assert "CREATE EXTENSION" not in str(getattr(operation, "sql", "")).upper()


def test_each_room_has_one_migration_before_the_first_release():
    """`core` and `audit` have two: first the functions in SQL that the triggers of every room call, then tables."""
    for config in apps.get_app_configs():
        if config.name.startswith("apps.") and list(config.get_models()):
            package = importlib.import_module(f"{config.name}.migrations")
            with_functions = config.label in ("core", "audit")
            expected = ["0001_functions", "0002_tables"] if with_functions else ["0001_initial"]
            assert [module.name for module in pkgutil.iter_modules(package.__path__)] == expected, config.name
