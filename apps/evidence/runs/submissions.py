"""A run as programs send it and people upload it: names looked up, and what is sent twice taken once."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from django.core.exceptions import ValidationError
from msgspec import Meta

from apps.evidence import actions
from apps.evidence.models import Item, ModelVersion, SuspectModel, TestPlan, TestRun, WatermarkKey
from apps.evidence.runs import declared as declarations

Moment = Annotated[datetime, Meta(tz=True)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Submission(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One run of a test: what was measured, and what its submitter stands for."""

    test: Annotated[str, Meta(description="id of a test of the catalogue, GET /api/v1/tests")]
    inputs: Annotated[dict[str, Any], Meta(description="as the test's schema has them")]
    suspect: Annotated[Name | None, Meta(description="the suspect model by its registered name")] = None
    protected: Annotated[Name | None, Meta(description="our model by its registered name and version")] = None
    key: Annotated[Name | None, Meta(description="the watermark key by its name; else that of the inputs")] = None
    plan: Annotated[str | None, Meta(description="reference of a registered plan, such as TP-2026-0001")] = None
    source: Annotated[str | None, Meta(description="reference of the item that the inputs are made from")] = None
    test_version: Annotated[str, Meta(max_length=20, description="that the inputs were made for")] = ""
    n: Annotated[declarations.Count | None, Meta(description="how many were scored")] = None
    controls: Annotated[
        list[declarations.Control],
        Meta(max_length=declarations.MOST_CONTROLS, description="models that are no copies, tested in the same way"),
    ] = []
    assumptions: Annotated[
        dict[str, declarations.Stated], Meta(description="what is known of each assumption of the test, by its name")
    ] = {}
    figures: Annotated[
        dict[str, float], Meta(description="figures that the submitter computed; casemgr says where its own differ")
    ] = {}
    collected_from: Annotated[Moment | None, Meta(description="when collecting from the suspect began")] = None
    collected_until: Moment | None = None
    dependency_group: Annotated[str, Meta(max_length=60)] = ""
    not_blind_because: Annotated[
        str, Meta(max_length=300, description="why who scored knew which model is the suspect; needed for a suspect")
    ] = ""
    accounts: Annotated[
        list[dict[str, Any]],
        Meta(
            max_length=200_000,
            description="for a test of accounts, a row each: `account` and the columns that the test takes",
        ),
    ] = []


def read(given: dict[str, Any]) -> Submission:
    """Raises ValidationError naming the field."""
    try:
        return msgspec.convert(given, Submission, strict=False)
    except msgspec.ValidationError as error:
        path = str(error).partition(" - at `$")[2].rstrip("`").lstrip(".")
        field = path.partition("[")[0].partition(".")[0]
        raise ValidationError({field or "test": declarations.in_words(error, "").replace("`.", "`", 1)}) from error


def keywords(sent: Submission) -> dict[str, Any]:
    """The keywords of `run_test`, with each name looked up. Raises ValidationError naming the one that is not there."""
    return {
        "test_id": sent.test,
        "inputs": sent.inputs,
        "suspect": _suspect(sent.suspect),
        "protected": _version(sent.protected),
        "key": _found(WatermarkKey, "key", "key_id", sent.key, "registered watermark key"),
        "plan": _found(TestPlan, "plan", "ref", sent.plan, "plan"),
        "source": _found(Item, "source", "ref", sent.source, "item of evidence"),
        "declared": declarations.Declared(
            test_version=sent.test_version, n=sent.n, controls=sent.controls, assumptions=sent.assumptions
        ),
        "submitted": sent.figures or None,
        "collected_from": sent.collected_from,
        "collected_until": sent.collected_until,
        "dependency_group": sent.dependency_group,
        "not_blind_because": sent.not_blind_because,
    }


def _found(model: Any, field: str, column: str, name: str | None, words: str) -> Any:
    if name is None:
        return None
    row = model.objects.filter(**{column: name}).first()
    if row is None:
        raise ValidationError({field: f"There is no {words} “{name}”: register it first, or correct the name."})
    return row


def _suspect(name: str | None) -> SuspectModel | None:
    """By its name, with its publisher in brackets where several have it."""
    if name is None:
        return None
    rows = [row for row in SuspectModel.objects.filter(name=name.partition(" (")[0]) if name in (row.name, str(row))]
    rows = rows or list(SuspectModel.objects.filter(name=name))
    if len(rows) != 1:
        what = "no registered suspect model" if not rows else f"{len(rows)} registered suspect models"
        hint = "register it first" if not rows else "add the publisher in brackets"
        raise ValidationError({"suspect": f"There is {what} “{name}”: {hint}, or correct the name."})
    return rows[0]


def _version(name: str | None) -> ModelVersion | None:
    if name is None:
        return None
    model, _, version = name.rpartition(" ")
    row = ModelVersion.objects.filter(model__name=model, version=version).select_related("model").first()
    if row is None:
        raise ValidationError({"protected": f"There is no version “{name}” of a registered model of ours."})
    return row


def taken(by: Any, key: str) -> TestRun | None:
    """The run that came of it, where the same submitter sent it before."""
    return TestRun.objects.filter(run_by=by.actor, submission=key).select_related("item").first()


def submit(sent: Submission, *, by: Any, key: str | None = None, sha256: str = "") -> TestRun:
    """Run it: of one suspect, or of many accounts."""
    known_by = actions.Submission(key, sha256) if key else None
    if sent.accounts:
        return actions.run_on_accounts(rows=sent.accounts, submission=known_by, by=by, **keywords(sent))
    return actions.run_test(submission=known_by, by=by, **keywords(sent))
