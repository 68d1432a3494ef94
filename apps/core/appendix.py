"""Long lists on paper, by one rule that the document states itself.

Up to TABLE_ROWS rows are a table. More are lines of a fixed width, a block to a page: a table costs several times the
time and ten times the memory, gigabytes for 24,000 accounts. The whole list is always attached as CSV as well, which is
what screen readers and programs take. It is one document either way, so that it stays PDF/A-3a and PDF/UA-1: merged
from parts it would lose its structure.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Self

from django.template.loader import render_to_string

from apps.core.pdf import SECONDS, Attachment
from apps.core.spreadsheets import inert

TABLE_ROWS = 500
ROWS_TO_A_PAGE = 62
WIDEST = 96  # characters of a line
APART = "  "


def seconds_for(rows: int) -> float:
    """How long a document with so many rows may take, on a machine that has other things to do."""
    return SECONDS + rows / 100


@dataclass(frozen=True)
class Appendix:
    """A list with its columns; every row has a text for each. `file` is the name of its CSV. On a draft, which is set
    while somebody waits for it, lines end after the first page."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    file: str
    is_draft: bool = False

    @classmethod
    def of_csv(cls, title: str, file: str, text: str) -> Self:
        """The list that was written to a CSV."""
        columns, *rows = csv.reader(StringIO(text, newline=""))
        return cls(title, tuple(columns), rows, file)

    @property
    def is_table(self) -> bool:
        return len(self.rows) <= TABLE_ROWS

    def to_html(self) -> str:
        context = {
            "appendix": self,
            "pages": [] if self.is_table else self._pages(),
            "table_rows": TABLE_ROWS,
            "rows_to_a_page": ROWS_TO_A_PAGE,
        }
        return render_to_string("pdf/appendix.html", context)

    def to_csv(self) -> bytes:
        text = StringIO()
        csv.writer(text).writerows([[inert(cell) for cell in row] for row in (self.columns, *self.rows)])
        return text.getvalue().encode()

    def attachment(self) -> Attachment:
        return Attachment(self.file, "text/csv", self.to_csv(), f"{self.title} (CSV)")

    def _pages(self) -> list[tuple[str, str]]:
        """The heading of each page, and its lines. What does not fit is cut off, and stands in the CSV."""
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]

        def line(row: Sequence[str]) -> str:
            padded = (text.ljust(width) for text, width in zip(row, widths, strict=True))
            return APART.join(padded).rstrip()[:WIDEST]

        firsts = range(0, ROWS_TO_A_PAGE if self.is_draft else len(self.rows), ROWS_TO_A_PAGE)
        return [(line(self.columns), "\n".join(map(line, self.rows[n : n + ROWS_TO_A_PAGE]))) for n in firsts]
