"""A test of many accounts in one run: a row each, adjusted over everything tested."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.core.exceptions import ValidationError

from apps.accounts import seen
from apps.audit import ledger
from apps.audit.action import action
from apps.core.ids import uuid7_texts
from apps.evidence import fingerprints, queries
from apps.evidence.actions.runs import Submission, write
from apps.evidence.models import AccountResult, TestRun
from apps.evidence.runs import declared as declarations
from apps.evidence.runs import many, recorded
from apps.evidence.runs.declared import Declared
from apps.evidence.runs.recorded import Outcome, Run, Setting


@action
def run_on_accounts(
    *,
    test_id: str,
    inputs: dict,
    rows: Sequence[dict[str, Any]],
    by,
    suspect: Any = None,
    protected: Any = None,
    key: Any = None,
    plan: Any = None,
    source: Any = None,
    declared: dict | Declared | None = None,
    submitted: dict | None = None,
    collected_from: datetime | None = None,
    collected_until: datetime | None = None,
    dependency_group: str = "",
    not_blind_because: str = "",
    submission: Submission | None = None,
) -> TestRun:
    """Test each account by its row and keep the run with all of them, whatever came out.

    `inputs` is what all rows share. Raises ValidationError naming the row and the field that do not fit.
    """
    if not rows:
        raise ValidationError({"accounts": "There are no rows: give one for each account that was tested."})
    setting = Setting(
        test_id=test_id,
        suspect=suspect,
        protected=protected,
        key=key or queries.key_named(inputs.get("key_id")),
        plan=plan,
        source=source,
        collected_from=collected_from,
        collected_until=collected_until,
        dependency_group=dependency_group.strip(),
        not_blind_because=not_blind_because.strip(),
    )
    stated = declarations.read(declared)
    shared = declarations.completed(inputs, stated)
    given = many.read(setting.test, rows, shared)
    recorded.checked(setting, many.first(given, shared), stated)
    tested, outcome = _computed(setting, given, shared, rows)
    run = Run(
        setting=setting,
        inputs=shared | {"accounts": list(rows)},
        declared=stated,
        outcome=outcome,
        submitted=submitted,
        earlier=0 if plan is None else plan.runs.count(),
        summary=tested.summary if tested else None,
        held=queries.custody_of_key(setting) if setting.test.watermark else None,
    )
    found = write(run, by=by, submission=submission, account_count=len(rows))
    if tested is not None:
        _keep(found, given.refs, tested)
    return found


def _computed(
    setting: Setting, given: many.Rows, shared: dict, rows: Sequence[dict]
) -> tuple[many.Tested | None, Outcome]:
    """Each account, and the run's result over all of them."""
    test = setting.test
    base = recorded.compute(test.id, many.first(given, shared))
    if base.result is None:
        return None, base
    try:
        tested = many.compute(test, given, base.result, shared, queries.tested_earlier(setting))
    except fingerprints.InvalidInputs as error:
        return None, Outcome(failure=f"The test refused its inputs: {error}")
    return tested, Outcome(result=_over_all(test, base.result, tested, shared, rows))


def _over_all(
    test: fingerprints.FingerprintTest, base: Any, tested: many.Tested, shared: dict, rows: Sequence[dict]
) -> Any:
    """The run has no p and no ratio of its own: each account has."""
    size, passes = len(rows), tested.summary["passes"]
    return msgspec.structs.replace(
        base,
        n=size,
        statistic=passes["holm"],
        statistic_name="accounts that pass Holm at 0.01",
        p_value=None,
        log10_p=None,
        p_floor=None,
        p_text="",
        effect=None,
        effect_interval=None,
        power=None,
        log10_lr=None,
        log10_lr_reported=None,
        verbal="",
        direction="supports" if passes["holm"] else "neutral",
        figures={f"passes_{name}": float(number) for name, number in passes.items()},
        inputs_sha256=recorded.digest([shared, recorded.digest(list(rows))]),
        sentence=many.sentence(tested.summary, test.question),
    )


def _keep(run: TestRun, refs: list[str], tested: many.Tested) -> None:
    """The rows, smallest p first, so that their ids are in this order, too."""
    known = seen.ids_of(refs)()
    with ledger.batch(run, accounts=len(refs)) as batch:
        known |= seen.record_accounts(batch, set(refs) - known.keys())
        batch.insert(AccountResult, _rows(run, [known[ref] for ref in refs], tested))


def _rows(run: TestRun, ids: list[str], tested: many.Tested) -> Iterator[dict[str, Any]]:
    """Where figures are withheld a row says that the account was tested, and no more (R1)."""
    columns = {
        "n": tested.n.tolist(),
        "k": tested.k.tolist(),
        "p_value": tested.p.tolist(),
        "p_holm": tested.holm.tolist(),
        "p_bh": tested.bh.tolist(),
        "p_by": tested.by.tolist(),
        "log10_lr": tested.log10_lr.tolist(),
        "outcome": many.outcomes(tested),
    }
    figures = {"score": None, "log10_lr_cap": tested.log10_lr_cap}
    if run.withheld:
        nothing = [None] * len(ids)
        columns |= dict.fromkeys(("p_value", "p_holm", "p_bh", "p_by", "log10_lr"), nothing)
        columns["outcome"] = ["withheld"] * len(ids)
        figures["log10_lr_cap"] = None
    order = sorted(range(len(ids)), key=lambda at: (columns["p_value"][at] or 0.0, ids[at]))
    for key, at in zip(uuid7_texts(), order, strict=False):
        row = {name: values[at] for name, values in columns.items()}
        yield {"id": key, "run_id": str(run.pk), "account_id": ids[at]} | row | figures
