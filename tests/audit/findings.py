"""What a verification found, picked out of its report."""

from typing import Any

from apps.audit.verify import Report


def sentences(report: Report) -> list[str]:
    return [finding.sentence for finding in report.findings]


def found(report: Report, table: str, row: Any = None, column: str = "") -> list[str]:
    return [
        finding.sentence
        for finding in report.findings
        if finding.table == table and (row is None or finding.row == str(row)) and column in ("", finding.column)
    ]
