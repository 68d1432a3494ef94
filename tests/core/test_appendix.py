"""Long lists on paper: a table or lines by the number of rows, and the same list as CSV either way."""

import csv
from datetime import UTC, datetime
from io import StringIO

import pytest

from apps.core import appendix, paper
from apps.core.appendix import Appendix
from tests import paper as on

COLUMNS = ("Account", "First active", "Requests")


def listed(count: int) -> Appendix:
    rows = [(f"acct_{n:06}", "2026-03-19", f"{n:,}") for n in range(count)]
    return Appendix("The accounts", COLUMNS, rows, "accounts.csv")


def printed(found: Appendix) -> bytes:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A list</title></head>'
        f'<body class="letter"><h1>A list</h1>{found.to_html()}</body></html>'
    )
    created = datetime(2026, 3, 19, tzinfo=UTC)
    return paper.to_pdf(
        html, sheet="letter", title="A list", created=created, attachments=[found.attachment()], signature_field=True
    )


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appendix, "TABLE_ROWS", 40)
    monkeypatch.setattr(appendix, "ROWS_TO_A_PAGE", 30)


@pytest.mark.parametrize(("count", "is_table"), [(1, True), (40, True), (41, False), (100, False)])
def test_it_conforms_and_carries_every_row(few, count, is_table):
    found = listed(count)
    assert found.is_table is is_table
    assert ("<table>" in found.to_html(), "<pre>" in found.to_html()) == (is_table, not is_table)
    pdf = printed(found)
    assert on.validate(pdf) == []
    rows = list(csv.reader(StringIO(on.attachments(pdf)["accounts.csv"].decode(), newline="")))
    assert rows == [list(COLUMNS), *map(list, found.rows)]


def test_every_row_is_printed_under_its_columns(few):
    pages = listed(100)._pages()
    assert len(pages) == 4
    assert {heading for heading, _ in pages} == {"Account      First active  Requests"}
    assert [line.split() for _, lines in pages for line in lines.split("\n")] == [list(row) for row in listed(100).rows]


def test_the_document_states_the_rule(few):
    assert "A list of more than 40 is printed as lines, and not as a table." in listed(41).to_html()
    assert "attached to this file as accounts.csv" in listed(41).to_html()
    assert "attached to this file as accounts.csv" in listed(3).to_html()


def test_what_is_said_in_a_list_is_no_markup(few):
    for count in (1, 50):
        found = Appendix("<b>", ("<i>",), [("<script>",)] * count, "a.csv")
        assert not {"<b>", "<i>", "<script>"} & set(found.to_html().replace(">", "> ").split())


def test_a_line_too_wide_is_cut_and_whole_in_the_csv(few):
    found = Appendix("Wide", ("A", "B"), [("x" * 90, "y" * 90)] * 50, "wide.csv")
    assert {len(line) for _, lines in found._pages() for line in lines.split("\n")} == {appendix.WIDEST}
    assert b"y" * 90 in found.to_csv()
