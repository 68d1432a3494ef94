"""The native alert, `casemgr.alert/1`, as types: what an alert may hold, with ranges and units."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

SCHEMA = "casemgr.alert/1"
MAX_ACCOUNTS = 1000  # inline; more are named by `accounts_ref`

Kind = Literal[
    "volume", "synchrony", "template", "distribution", "linkage", "watermark",
    "fingerprint", "canary", "payment", "kyc", "region", "external_report",
]  # fmt: skip
Text64 = Annotated[str, Meta(min_length=1, max_length=64)]
Text200 = Annotated[str, Meta(min_length=1, max_length=200)]
Text500 = Annotated[str, Meta(min_length=1, max_length=500)]
Text2000 = Annotated[str, Meta(max_length=2000)]
AccountRef = Annotated[str, Meta(min_length=1, max_length=128)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Members = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Moment = Annotated[datetime, Meta(tz=True)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Plain(Struct, gc=False):
    """Data that never refers to itself: the collector of garbage need not walk it, and there are ten of it an alert."""


class Calibration(Plain):
    """How often the detector was wrong on cases known to be innocent."""

    set_id: Text200
    n: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    false_positives: Members
    as_of: Day


class Detector(Plain):
    """The detector as it was when it spoke. `known_false_positives` is demanded: somebody thought about it."""

    version: Text64
    known_false_positives: Annotated[list[Text200], Meta(max_length=50)]
    model_digest: Text200 | None = None
    threshold: float | None = None
    calibration: Calibration | None = None


class Window(Plain):
    start: Moment
    end: Moment


class AccountsRef(Plain):
    """A file with the accounts, one reference a line, when they are more than fit into the alert."""

    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    sha256: Sha256
    rows: Members


class Subject(Plain):
    type: Literal["account", "cluster", "organisation", "model", "endpoint"]
    n_accounts: Members | None = None
    accounts: Annotated[list[AccountRef], Meta(max_length=MAX_ACCOUNTS)] = []
    accounts_ref: AccountsRef | None = None
    campaign_ref: Text200 | None = None
    cluster_ref: Text200 | None = None
    organisation_ref: Text200 | None = None
    model_ref: Text200 | None = None
    endpoint_ref: Text200 | None = None


class Target(Plain):
    """The provider's model that was asked."""

    model: Text200 | None = None
    version: Text200 | None = None
    surface: Text200 | None = None


class Measure(Plain):
    """What was measured over the window. Counts are integers, shares 0 to 1, entropy in bits."""

    queries: Count | None = None
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    distinct_templates: Count | None = None
    topic_entropy_bits: Annotated[float, Meta(ge=0)] | None = None
    active_hours: Count | None = None
    new_model_share_24h: Share | None = None


class Effect(Plain):
    name: Text200
    value: float
    ci95: tuple[float, float] | None = None


class Score(Plain):
    """How sure the detector is, and on what scale."""

    value: float
    type: Literal["probability_calibrated", "raw", "z", "p_value", "log10_lr", "distance"]
    p: Share | None = None
    p_floor: Annotated[float, Meta(gt=0, le=1)] | None = None
    n_tested: Annotated[int, Meta(ge=1, le=2**53)] | None = None
    log10_lr: float | None = None
    effect: Effect | None = None


class Baseline(Plain):
    population: Text200
    period_days: Annotated[float, Meta(gt=0)] | None = None
    percentile: Annotated[float, Meta(ge=0, le=100)] | None = None


class Indicator(Plain):
    type: Text64
    value: Text500
    key_id: Text64 | None = None


class Evidence(Plain):
    """A file that the detector keeps, named by its hash."""

    uri: Annotated[str, Meta(min_length=1, max_length=2000)]
    sha256: Sha256
    bytes: Count | None = None
    media_type: Text200 | None = None
    retention_until: Day | None = None


class Alternative(Plain):
    """An innocent explanation, and whether the detector tested it."""

    h: Text200
    status: Literal["tested", "not_tested", "excluded", "supported"]
    note: Text2000 | None = None


class Handling(Plain):
    tlp: Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"] = "AMBER"
    contains_personal_data: bool | None = None
    contains_prompts: bool | None = None


class Alert(Plain, forbid_unknown_fields=True):
    """One alert. Unknown fields at this level are refused; what has no place here goes into `ext`."""

    schema: Literal["casemgr.alert/1"]
    source: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[-a-zA-Z0-9_]+$")]
    source_ref: Text200
    detector: Detector
    title: Annotated[str, Meta(min_length=1, max_length=250)]
    kind: Kind
    severity: Annotated[int, Meta(ge=0, le=4)]
    detected_at: Moment
    subject: Subject
    action: Literal["create", "update", "close"] = "create"
    technique: Annotated[list[Text64], Meta(max_length=20)] | None = None
    stage: Literal["query_generation", "harvesting", "training", "refinement", "resale", "unknown"] = "unknown"
    window: Window | None = None
    target: Target | None = None
    measure: Measure | None = None
    score: Score | None = None
    baseline: Baseline | None = None
    indicators: Annotated[list[Indicator], Meta(max_length=1000)] = []
    evidence: Annotated[list[Evidence], Meta(max_length=200)] = []
    alternatives: Annotated[list[Alternative], Meta(max_length=50)] = []
    handling: Handling = msgspec.field(default_factory=Handling)
    drill: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    ext: dict[str, Any] | UnsetType | None = UNSET

    @property
    def n_accounts(self) -> int:
        """How many accounts it is about: those it names, or the number it states when it names only some."""
        stated = self.subject.n_accounts or (self.subject.accounts_ref.rows if self.subject.accounts_ref else 0)
        return max(len(self.subject.accounts), stated)

    def indicator(self, kind: str) -> str:
        return next((i.value for i in self.indicators if i.type == kind), "")
