"""What a verification found, in sentences."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

KEPT = 1000  # findings kept in words; all are counted


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `sentence` says it whole; the rest is for programs."""

    sentence: str
    table: str = ""
    row: str = ""
    column: str = ""
    event: str = ""


@dataclass
class Verdict:
    """The answer to one question, with what was looked at to give it."""

    name: str
    question: str
    checked: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    wrong: int = 0
    remark: str = ""
    is_proven: bool = True

    @property
    def holds(self) -> bool:
        return not self.wrong

    def found(self, sentence: str, **where: Any) -> None:
        self.wrong += 1
        if len(self.findings) < KEPT:
            self.findings.append(Finding(sentence, **{key: str(value) for key, value in where.items()}))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Verdict":
        findings = [Finding(**finding) for finding in data["findings"]]
        return cls(**{f.name: data[f.name] for f in fields(cls)} | {"findings": findings})

    def count(self, what: str, number: int = 1) -> None:
        self.checked[what] = self.checked.get(what, 0) + number


@dataclass
class Report:
    """All verdicts of one verification."""

    started_at: datetime
    seconds: float = 0.0
    size: int = 0  # entries in the log
    key: str = ""  # whose signatures were checked
    verdicts: list[Verdict] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # what was not looked at
    remark: str = ""

    @property
    def holds(self) -> bool:
        return all(verdict.holds for verdict in self.verdicts)

    @property
    def findings(self) -> list[Finding]:
        return [finding for verdict in self.verdicts for finding in verdict.findings]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        verdicts = [asdict(verdict) | {"holds": verdict.holds} for verdict in self.verdicts]
        return asdict(self) | {"started_at": self.started_at.isoformat(), "holds": self.holds, "verdicts": verdicts}
