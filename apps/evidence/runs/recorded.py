"""A run as it is written down: computed here, held against its plan, and without figures where R1 withholds them."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import rfc8785
from django.core.exceptions import ValidationError

from apps.audit.ledger import canonical
from apps.evidence import fingerprints
from apps.evidence.runs import declared as declarations
from apps.evidence.runs.declared import Declared

log = logging.getLogger(__name__)

FORMAT = "casemgr.test-run/1"
SHOWN_ITEMS = 50  # of a list of inputs; longer ones are shown by their length and digest
UNPLANNED = "No plan was registered for it. Plan it before the next look at the suspect. (R2)"

# What a figure is read from. Without its declarations none of these is kept (R1).
REPORTED = ("p_value", "log10_p", "p_floor", "log10_lr", "log10_lr_cap", "log10_lr_reported")
SAID = ("p_text", "verbal", "lr_method", "lr_called")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a run is about, and where its inputs are from."""

    test_id: str
    suspect: Any = None
    protected: Any = None
    key: Any = None
    plan: Any = None
    trial: Any = None
    source: Any = None
    collected_from: datetime | None = None
    collected_until: datetime | None = None
    dependency_group: str = ""
    not_blind_because: str = ""

    def __post_init__(self) -> None:
        if self.test_id not in fingerprints.TESTS:
            known = ", ".join(sorted(fingerprints.TESTS))
            raise ValidationError({"test": f"There is no test “{self.test_id}”. There are: {known}."})

    @property
    def test(self) -> fingerprints.FingerprintTest:
        return fingerprints.TESTS[self.test_id]

    @property
    def group(self) -> str:
        """What it errs together with: its plan's group, or the first of its key, its log, its suspect's endpoint."""
        if self.dependency_group:
            return self.dependency_group
        if self.plan:
            return str(self.plan.dependency_group)
        return default_group(key=self.key, source=self.source, suspect=self.suspect)


def default_group(*, key: Any = None, source: Any = None, suspect: Any = None) -> str:
    """One key, one log, one set of accounts or one infrastructure misleads all that was made from it alike."""
    if key:
        return str(key.key_id)[:60]
    if source:
        return f"log {source.ref}"
    if suspect:
        return f"endpoint {suspect.endpoint or suspect.name}"[:60]
    return "accounts"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of computing: a result, or why there is none."""

    result: Any = None
    failure: str = ""

    @property
    def n(self) -> int | None:
        return self.result.n if self.result else None


def compute(test_id: str, inputs: Mapping[str, Any]) -> Outcome:
    """The attempt stays on record whatever it dies of, so that nobody can try until it works and show the last one."""
    try:
        result = fingerprints.recompute(test_id, inputs)
        json.dumps(msgspec.to_builtins(result), allow_nan=False)
        return Outcome(result=result)
    except fingerprints.InvalidInputs as error:
        return Outcome(failure=f"The test refused its inputs: {error}")
    except Exception as error:
        log.exception("the test %s could not be computed", test_id)
        return Outcome(failure=f"Computing broke off: {type(error).__name__}: {error}"[:1000])


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything about a run that follows from its setting, its inputs and what was declared."""

    setting: Setting
    inputs: dict[str, Any]
    declared: Declared
    outcome: Outcome
    submitted: dict[str, float] | None = None
    earlier: int = 0  # runs under the same plan
    held: dict[str, Any] | None = None  # custody of the key, where there is one
    summary: dict[str, Any] | None = None  # of a run over many accounts
    test_version: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "test_version", self.setting.test.version)

    # --- against the plan (R2)

    @property
    def test_id(self) -> str:
        return self.setting.test_id

    @property
    def subjects(self) -> dict[str, Any]:
        return {name: getattr(self.setting, name) for name in ("suspect", "protected", "key")}

    @property
    def n(self) -> int | None:
        return self.outcome.n

    @property
    def controls(self) -> list[str]:
        return [one.name for one in self.declared.controls]

    @property
    def is_blind(self) -> bool:
        return self.setting.trial is not None

    @property
    def dependency_group(self) -> str:
        return self.setting.group

    @property
    def deviations(self) -> list[str]:
        return list(self.inputs.get("deviations", ()))

    @property
    def collected_from(self) -> datetime | None:
        return self.setting.collected_from

    # --- what may be said

    @property
    def withheld(self) -> list[str]:
        if not self.outcome.result:
            return []
        result = self.outcome.result
        return declarations.missing(
            self.declared, version=self.test_version, n=result.n, assumptions=result.assumptions
        )

    @property
    def figures(self) -> dict[str, Any] | None:
        """The result as it is kept."""
        if not self.outcome.result:
            return None
        plain = msgspec.to_builtins(self.outcome.result)
        if self.withheld:
            return withholding(plain, self.withheld)
        return plain | {"accounts": self.summary} if self.summary else plain

    @property
    def discrepancies(self) -> list[str]:
        if not self.outcome.result or self.withheld:
            return []
        return fingerprints.discrepancies(self.submitted or {}, self.outcome.result)

    @property
    def direction(self) -> str:
        if not self.outcome.result:
            return "failed"
        return "withheld" if self.withheld else str(self.outcome.result.direction)

    @property
    def is_fit(self) -> bool:
        """Whether it may be put on an exhibit: computed, declared, and the key's custody on record (R1, R14)."""
        held = self.held is None or bool(self.held["holdings"])
        return bool(self.outcome.result) and not self.withheld and held


def withholding(result: dict[str, Any], reasons: list[str]) -> dict[str, Any]:
    """A result without p and likelihood ratio, and with the reasons as its sentence."""
    kept = result | dict.fromkeys(REPORTED) | dict.fromkeys(SAID, "")
    kept["figures"] = {n: v for n, v in result["figures"].items() if not n.startswith("log10") and not _is_p(n)}
    kept["sentence"] = f"Neither a p-value nor a likelihood ratio is reported. {' '.join(reasons)} (R1)"
    return kept


def _is_p(name: str) -> bool:
    return name == "p" or name.startswith("p_") or name.endswith("_p")


def shown(inputs: Any) -> Any:
    """Inputs as a row keeps them: what is long by its length and digest. The whole is in the run's file."""
    if isinstance(inputs, dict):
        return {name: shown(value) for name, value in inputs.items()}
    if isinstance(inputs, list) and len(inputs) > SHOWN_ITEMS:
        return {"items": len(inputs), "sha256": digest(inputs)}
    if isinstance(inputs, list):
        return [shown(value) for value in inputs]
    return inputs


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def checked(setting: Setting, inputs: dict, declared: Declared) -> dict:
    """The inputs, when they have the test's shape and fit what is said of them. Raises ValidationError by field."""
    try:
        rfc8785.dumps(inputs)  # neither NaN nor whole numbers that JSON cannot carry
        msgspec.convert(inputs, setting.test.inputs, strict=True)
    except (rfc8785.CanonicalizationError, msgspec.ValidationError) as error:
        raise ValidationError({"inputs": declarations.in_words(error, "inputs")}) from error
    if said := declarations.contradictions(declared.controls, inputs.get("validation")):
        raise ValidationError({"controls": f"{' '.join(said)} Correct one of the two."})
    named = inputs.get("key_id")
    if setting.key is not None and named not in (None, setting.key.key_id):
        raise ValidationError({"key": f"The inputs name the key “{named}”, and the run “{setting.key.key_id}”."})
    return inputs


def document(ref: str, run: Run, exploratory: list[str]) -> dict[str, Any]:
    """The run as a file: all that somebody else needs to compute it again."""
    setting = run.setting
    named = {name: str(row) if (row := getattr(setting, name)) else None for name in ("suspect", "protected", "key")}
    plan = setting.plan
    return {
        "format": FORMAT,
        "run": ref,
        "test": {"id": setting.test_id, "version": run.test_version, "code_sha256": fingerprints.code_sha256()},
        **named,
        "plan": plan and {"ref": plan.ref, "sha256": plan.sha256},
        "trial": setting.trial and {"ref": setting.trial.ref, "order_sha256": setting.trial.order_sha256},
        "source": setting.source and {"ref": setting.source.ref, "sha256": setting.source.sha256},
        "collected": [str(setting.collected_from or ""), str(setting.collected_until or "")],
        "inputs": run.inputs,
        "declared": msgspec.to_builtins(run.declared),
        "submitted": run.submitted,
        "result": run.figures,
        "failure": run.outcome.failure,
        "withheld": run.withheld,
        "exploratory": exploratory,
        "custody": run.held,
    }
