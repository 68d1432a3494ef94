"""The shape of a frozen snapshot of a case, from which every report of it is compiled.

Plain data: dates and times in ISO 8601, counts as whole numbers, likelihood ratios as their decimal logarithm, digests
in hex. `check` holds a dictionary to it, so that a report never meets a field that no policy speaks of.
"""

from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec


class SnapshotError(ValueError):
    """The snapshot does not have the shape; the message says where."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    name: str
    address: str
    contact: str


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    ref: str
    title: str
    state: str
    opened_on: date
    lead: str


@dataclass(frozen=True, kw_only=True)
class KeyFigure:
    """A number of the summary and where it comes from. `unit` is plural: accounts, exchanges."""

    key: str
    label: str
    value: int
    unit: str
    source: str


@dataclass(frozen=True, kw_only=True)
class DayOfActivity:
    day: date
    exchanges: int
    accounts: int


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A day that the activity is read against, such as the release of a model."""

    day: date
    label: str


@dataclass(frozen=True, kw_only=True)
class CountryCount:
    country: str
    accounts: int
    exchanges: int


@dataclass(frozen=True, kw_only=True)
class QuotedClause:
    """`lead_in` are the words that introduce the list it is an item of, "" where there is none."""

    document: str
    address: str
    lead_in: str = ""
    text: str
    version_date: date
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """An innocent explanation and what became of it."""

    text: str
    outcome: str


@dataclass(frozen=True, kw_only=True)
class FindingFacts:
    number: int
    text: str
    likelihood: str
    limits: str
    clauses: list[QuotedClause]
    exhibits: list[str]
    alternatives: list[Alternative]
    confirmed_on: date
    proposed_by: str
    confirmed_by: str


@dataclass(frozen=True, kw_only=True)
class ExhibitFacts:
    """`strength` and `cap` are log10 of likelihood ratios; None where an exhibit has no number. `run` is the test run
    that they come from."""

    ref: str
    title: str
    kind: str
    shows: str
    collected_on: date
    collected_by: str
    sha256: str
    file_name: str
    strength: float | None = None
    cap: float | None = None
    sentence: str = ""
    run: str | None = None


@dataclass(frozen=True, kw_only=True)
class LineOfEvidence:
    """Exhibits that depend on one another, and what they carry together."""

    group: str
    exhibits: str
    log10: float | None
    cap: float | None
    sentence: str


@dataclass(frozen=True, kw_only=True)
class StrengthFacts:
    """The evidence as a whole, in the words of one scale. `corrections` say what stands when all tests are counted."""

    scale: str
    log10: float | None
    sentence: str
    lines: list[LineOfEvidence]
    corrections: list[str]


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """A run of a fingerprint test on a suspect. `exhibit` is None where it did not become one."""

    ref: str
    suspect: str
    test: str
    run_on: date
    planned: bool
    outcome: str
    p: str
    why: str = ""  # it has no figures
    exhibit: str | None
    stands: str | None = None


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The queries that a part of the numbers was asked by."""

    what: str
    statements: list[str]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    ref: str
    holder: str | None
    organisation: str | None
    country: str | None
    plan: str
    created_on: date
    first_active: date | None
    last_active: date | None
    exchanges: int
    ring: str | None


@dataclass(frozen=True, kw_only=True)
class PartyFacts:
    name: str
    role: str
    country: str | None


@dataclass(frozen=True, kw_only=True)
class DecisionFacts:
    action: str
    scope: str
    decided_on: date
    accounts: int
    proposed_by: str
    approved_by: str


@dataclass(frozen=True, kw_only=True)
class Technique:
    """A technique of the MITRE ATLAS matrix."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    reference: str
    taken_at: datetime
    provider: Provider
    case: CaseFacts
    active_from: date | None
    active_until: date | None
    summary: list[str]
    method: list[str]
    limits: list[str]
    figures: list[KeyFigure]
    activity: list[DayOfActivity]
    marks: list[Mark]
    findings: list[FindingFacts]
    exhibits: list[ExhibitFacts]
    decisions: list[DecisionFacts]
    strength: StrengthFacts
    runs: list[RunFacts] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    countries: list[CountryCount] = field(default_factory=list)
    parties: list[PartyFacts] = field(default_factory=list)
    techniques: list[Technique] = field(default_factory=list)
    accounts: list[AccountFacts] = field(default_factory=list)


def check(snapshot: dict) -> Snapshot:
    """The snapshot, typed. Raises SnapshotError for a missing, unknown or wrongly typed field, or a report without
    method or limits: what was not looked at belongs in every report."""
    try:
        typed = msgspec.convert(snapshot, Snapshot)
    except msgspec.ValidationError as error:
        raise SnapshotError(f"the snapshot cannot be reported: {error}") from error
    if unknown := _unknown(snapshot, msgspec.to_builtins(typed)):
        raise SnapshotError(f"the snapshot has fields that no policy speaks of: {', '.join(unknown)}")
    for name in ("summary", "method", "limits"):
        if not getattr(typed, name):
            raise SnapshotError(f"a report needs its {name}; the snapshot has none")
    return typed


def _unknown(given, known, path: str = "") -> list[str]:
    if isinstance(given, dict) and isinstance(known, dict):
        extra = [f"{path}{name}" for name in given if name not in known]
        return extra + [hit for name in known for hit in _unknown(given.get(name), known[name], f"{path}{name}.")]
    if isinstance(given, list) and isinstance(known, list):
        pairs = zip(given, known, strict=True)
        return [hit for index, pair in enumerate(pairs) for hit in _unknown(*pair, f"{path}{index}.")]
    return []
