import msgspec
import rfc8785
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.core.ids import next_reference
from apps.evidence import fingerprints
from apps.evidence.actions.items import collect
from apps.evidence.models import Item, TestRun


@action
def run_test(
    *,
    test_id: str,
    suspect: str,
    inputs: dict,
    by,
    submitted: dict | None = None,
    dependency_group: str = "",
    is_exploratory: bool = True,
) -> TestRun:
    """Compute a fingerprint test from its inputs and keep the run, whatever came out.

    `submitted` are figures that came with the inputs; where they differ from ours the run says so. Raises
    ValidationError naming the input that does not fit.
    """
    try:
        result = fingerprints.recompute(test_id, inputs)
    except (fingerprints.InvalidInputs, fingerprints.UnknownTest) as error:
        raise ValidationError(str(error.args[0])) from error
    now, ref = timezone.now(), next_reference("T", timezone.now().year)
    figures = msgspec.to_builtins(result)
    differences = fingerprints.discrepancies(submitted or {}, result)
    item = collect(
        kind=Item.Kind.TEST_RUN,
        title=f"{fingerprints.TESTS[test_id].title}: {suspect}",
        origin="Computed by casemgr from submitted counts",
        filename=f"{ref}.json",
        chunks=rfc8785.dumps(
            {"run": ref, "suspect": suspect, "inputs": inputs, "submitted": submitted, "result": figures}
        ),
        by=by,
    )
    return ledger.create(
        TestRun,
        ref=ref,
        test_id=test_id,
        test_version=result.test_version,
        suspect=suspect,
        inputs=inputs,
        inputs_sha256=result.inputs_sha256,
        result=figures,
        submitted=submitted,
        discrepancies=differences,
        p_value=result.p_value,
        log10_lr=result.log10_lr,
        log10_lr_cap=result.log10_lr_cap,
        outcome=result.direction,
        key_id=inputs.get("key_id", ""),
        dependency_group=dependency_group or inputs.get("key_id", "") or test_id,
        is_exploratory=is_exploratory,
        item=item,
        run_at=now,
        run_by=by.actor,
    )
