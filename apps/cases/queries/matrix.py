"""The matrix of a case: its exhibits, a page of them, against what is suspected and every other explanation raised.

What is counted over all exhibits is counted in the database: the page costs the same for two exhibits and two thousand.
"""

from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from apps.cases.findings.ach import Diagnosis, Standing, diagnose, ranked
from apps.cases.models import Assessment, Case, Exhibit, Explanation

SUSPECTED = "What is suspected"


@dataclass(frozen=True)
class Cell:
    """`explanation` None is what is suspected; `rating` "" where nobody rated it."""

    exhibit: Exhibit
    explanation: Explanation | None
    rating: str

    @property
    def key(self) -> str:
        return f"{self.exhibit.number}-{self.explanation.hypothesis if self.explanation else 'suspected'}"

    @property
    def column(self) -> str:
        return str(self.explanation) if self.explanation else SUSPECTED


@dataclass(frozen=True)
class Row:
    exhibit: Exhibit
    cells: list[Cell]
    diagnosis: Diagnosis


@dataclass(frozen=True)
class Matrix:
    """`columns` are the explanations, oldest first; what is suspected stands before them."""

    columns: list[Explanation]
    rows: list[Row]
    standings: list[Standing]  # in the order of the columns, what is suspected first
    exhibits: int

    @property
    def ranking(self) -> list[tuple[int, Standing]]:
        return ranked(self.standings)

    @property
    def refuted_by(self) -> list[int]:
        return [standing.against for standing in self.standings[1:]]

    @property
    def open(self) -> int:
        """Empty cells, of the whole matrix."""
        return sum(standing.open for standing in self.standings)


def matrix(case: Case, shown: list[Exhibit]) -> Matrix:
    """With the rows of the exhibits that are shown."""
    columns: list[Explanation] = list(explanations(case))
    rated = _ratings(case, shown)
    rows = [_row(exhibit, columns, rated) for exhibit in shown]
    standings, exhibits = _standings(case, columns)
    return Matrix(columns, rows, standings, exhibits)


def row(exhibit: Exhibit) -> Row:
    columns = list(explanations(exhibit.case))
    return _row(exhibit, columns, _ratings(exhibit.case, [exhibit]))


def _ratings(case: Case, shown: list[Exhibit]) -> dict:
    cells = Assessment.objects.filter(case=case, exhibit__in=[exhibit.pk for exhibit in shown])
    return {(x, e): rating for x, e, rating in cells.values_list("exhibit", "explanation", "rating")}


def explanations(case: Case) -> QuerySet[Explanation]:
    return case.explanations.select_related("case", "assessed_by").order_by("raised_at", "id")


def _row(exhibit: Exhibit, columns: list[Explanation], rated: dict) -> Row:
    cells = [
        Cell(exhibit, column, rated.get((exhibit.pk, column.pk if column else None), "")) for column in (None, *columns)
    ]
    return Row(exhibit, cells, diagnose((cell.rating for cell in cells if cell.rating), len(cells)))


def _standings(case: Case, columns: list[Explanation]) -> tuple[list[Standing], int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.explanation_id, count(*) FILTER (WHERE a.rating = 'I'),"
            " count(DISTINCT x.dependency_group) FILTER (WHERE a.rating = 'I'), count(*)"
            " FROM cases_assessment a JOIN cases_exhibit x ON x.id = a.exhibit_id WHERE a.case_id = %s GROUP BY 1",
            [case.pk],
        )
        counted = {key: counts for key, *counts in cursor.fetchall()}
    exhibits = case.exhibits.count()
    standings = []
    for column in (None, *columns):
        against, sources, rated = counted.get(column.pk if column else None, (0, 0, 0))
        key, name = (str(column.pk), str(column)) if column else ("", SUSPECTED)
        standings.append(Standing(key, name, against, sources, exhibits - rated))
    return standings, exhibits


def standings(case: Case) -> list[Standing]:
    """How the hypotheses stand over all exhibits, without the rows."""
    return _standings(case, list(explanations(case)))[0]
