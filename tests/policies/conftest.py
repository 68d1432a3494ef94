"""Histories to read: a small one that a test writes, and the real ones where they lie."""

import csv
import hashlib
from pathlib import Path

import pytest

from apps.policies.history import COLUMNS

REAL_TERMS = Path(__file__).resolve().parents[3] / "shared" / "data" / "terms"


@pytest.fixture(scope="session")
def real_terms() -> Path:
    if not (REAL_TERMS / "index.csv").is_file():
        pytest.skip(f"the recorded terms are not at {REAL_TERMS}")
    return REAL_TERMS


class HistoryWriter:
    """Writes index.csv and its files; `row` takes overrides so that a test can make one line wrong."""

    def __init__(self, root: Path):
        self.root = root
        self.rows: list[dict[str, str]] = []

    def add(self, text: str | bytes, recorded_at: str = "2026-01-01T00:00:00+00:00", **overrides: str) -> None:
        content = text if isinstance(text, bytes) else text.encode()
        name = overrides.get("file") or f"terms/{len(self.rows)}.md"
        file = self.root / name
        if name == f"terms/{len(self.rows)}.md":
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        self.rows.append(
            {
                "collection": "main",
                "service": "Harbour",
                "document": "Terms of Service",
                "recorded_at": recorded_at,
                "commit": f"{len(self.rows):040x}",
                "file": name,
                "bytes": str(len(content)),
                "sha256": hashlib.sha256(content).hexdigest(),
                "record_kind": "change" if self.rows else "first_record",
                "snapshot_commits": "",
            }
            | overrides
        )

    def write(self) -> Path:
        with (self.root / "index.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, [*COLUMNS, "snapshot_commits"])
            writer.writeheader()
            writer.writerows(self.rows)
        return self.root


@pytest.fixture
def history(tmp_path: Path) -> HistoryWriter:
    return HistoryWriter(tmp_path)
