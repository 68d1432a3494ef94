"""CSV as people make it: every fault is told with its row and column."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import wire
from apps.alerts.formats import table
from apps.alerts.formats.table.columns import COLUMNS
from tests.alerts.formats import samples

HEADER = "source_ref,title,kind,severity,detected_at,accounts"
GOOD = "a1,First,volume,high,2026-06-05T10:00Z,acct_1"


def natives(text: str | bytes) -> list[dict[str, Any]]:
    body = text.encode() if isinstance(text, str) else text
    found = list(table.items([body[:40], body[40:]], source="people"))
    for item in found:
        assert item.refusal is None, item.refusal.reason
        wire.read(item.native or b"", limit=samples.LIMIT)
    return [json.loads(item.native or b"") for item in found]


def reasons(text: str | bytes) -> list[str]:
    body = text.encode() if isinstance(text, str) else text
    return [item.refusal.reason if item.refusal else "" for item in table.items([body], source="people")]


def one(header: str, cells: str) -> dict[str, Any]:
    (found,) = natives(f"{HEADER},{header}\n{GOOD},{cells}\n")
    return found


def fault(header: str, cells: str) -> str:
    (found,) = reasons(f"{HEADER},{header}\n{GOOD},{cells}\n")
    return found


def test_a_row_is_an_alert() -> None:
    assert natives(f"{HEADER}\n{GOOD}\n") == [
        {
            "schema": "casemgr.alert/1",
            "source": "people",
            "detector": {"version": "unstated", "known_false_positives": []},
            "subject": {"accounts": ["acct_1"], "type": "account"},
            "source_ref": "a1",
            "title": "First",
            "kind": "volume",
            "severity": 3,
            "detected_at": "2026-06-05T10:00:00Z",
        }
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings(encoding: str) -> None:
    body = samples.TABLE.encode(encoding)
    found = natives(body)
    assert [alert["title"] for alert in found] == ["Müll", 'two\nlines; and "more"', "third"]
    warnings = table.preview(body, source="people").warnings
    assert any("Windows-1252" in warning for warning in warnings) == (encoding == "cp1252")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    text = f"{HEADER}\n{GOOD}\n".replace(",", delimiter)
    assert natives(text)[0]["source_ref"] == "a1"
    assert natives(f"sep={delimiter}\r\n{text}")[0]["source_ref"] == "a1"
    assert table.preview(text.encode(), source="people").delimiter == delimiter


def test_a_title_full_of_other_delimiters_does_not_mislead() -> None:
    (found,) = natives(f'"title",{HEADER.replace("title,", "")}\n"a;b;c;d;e;f;g",{GOOD.replace("First,", "")}\n')
    assert found["title"] == "a;b;c;d;e;f;g"


def test_quoted_line_ends_and_blank_rows_keep_the_count() -> None:
    text = samples.TABLE + ";;;;;;;;;;\na4;bad;volume;hgh;2026-06-05T10:00Z;acct_3;;;;;\n"
    assert reasons(text)[3] == (
        "Row 7 (line 9), column “Severity”: “hgh” is no severity; one of info, low, medium, high, critical, or 0 to 4."
    )


def test_every_column_has_its_place() -> None:
    cells = {
        "action": "update",
        "stage": "harvesting",
        "technique": "AML.T0024 AML.T0040",
        "window_start": "2026-06-04T00:00Z",
        "window_end": "2026-06-05 00:00+02:00",
        "subject_type": "cluster",
        "n_accounts": "12",
        "campaign_ref": "c",
        "cluster_ref": "d",
        "organisation_ref": "o",
        "model_ref": "m",
        "endpoint_ref": "e",
        "target_model": "aurora",
        "target_version": "3",
        "target_surface": "api",
        "queries": "5",
        "input_tokens": "6",
        "output_tokens": "7",
        "distinct_templates": "8",
        "topic_entropy_bits": "3.5",
        "active_hours": "9",
        "new_model_share_24h": "0.5",
        "score": "1e-3",
        "score_type": "p_value",
        "tlp": "green",
        "contains_personal_data": "yes",
        "detector_version": "4",
        "known_false_positives": "ci batch; reseller",
        "drill": "x",
    }
    assert set(cells) | set(HEADER.split(",")) == set(COLUMNS)
    found = one(",".join(cells), ",".join(cells.values()))
    assert found["subject"] == {
        "accounts": ["acct_1"], "type": "cluster", "n_accounts": 12, "campaign_ref": "c", "cluster_ref": "d",
        "organisation_ref": "o", "model_ref": "m", "endpoint_ref": "e",
    }  # fmt: skip
    assert found["window"] == {"start": "2026-06-04T00:00:00Z", "end": "2026-06-04T22:00:00Z"}
    assert found["score"] == {"value": 0.001, "type": "p_value"}
    assert found["handling"] == {"tlp": "GREEN", "contains_personal_data": True}
    assert found["detector"] == {"version": "4", "known_false_positives": ["ci batch", "reseller"]}
    assert found["measure"]["topic_entropy_bits"] == 3.5


def test_indicators() -> None:
    found = one("indicator:ip,indicator:ip,indicator:payment_fp_hmac@k3", '"198.51.100.7\n203.0.113.9",192.0.2.1,aa')
    assert found["indicators"] == [
        {"type": "ip", "value": "198.51.100.7"},
        {"type": "ip", "value": "203.0.113.9"},
        {"type": "ip", "value": "192.0.2.1"},
        {"type": "payment_fp_hmac", "value": "aa", "key_id": "k3"},
    ]


def test_what_it_is_about() -> None:
    header = HEADER.replace("accounts", "Account") + ",organisation_ref,cluster_ref,endpoint_ref"
    row = GOOD.replace("acct_1", "{}") + ",{},{},{}\n"
    rows = "".join(row.format(*cells) for cells in [("a; b", "", "", ""), ("", "o", "", ""), ("a b", "", "c", "")])
    subjects = [alert["subject"] for alert in natives(f"{header}\n{rows}")]
    assert subjects == [
        {"accounts": ["a", "b"], "type": "cluster", "cluster_ref": "a1"},
        {"organisation_ref": "o", "type": "organisation"},
        {"accounts": ["a", "b"], "cluster_ref": "c", "type": "cluster"},
    ]
    assert reasons(f"{header}\n{row.format('', 'o', '', 'e')}") == [
        "Row 2: organisation_ref and endpoint_ref are both named; subject_type says which it is about."
    ]
    assert "it says not what it is about" in reasons(f"{header}\n{row.format('', '', '', '')}")[0]


def test_a_column_that_is_none_of_an_alert_is_kept_and_named() -> None:
    text = f"{HEADER},widnow_start,Our Notes\n{GOOD},x,y\n"
    assert natives(text)[0]["ext"] == {"csv": {"widnow_start": "x", "Our Notes": "y"}}
    assert table.preview(text.encode(), source="people").warnings == [
        "The column “widnow_start” is none of an alert; it is kept beside it. Did you mean window_start?",
        "The column “Our Notes” is none of an alert; it is kept beside it.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "The file is empty."),
        ("\n\n", "The file is empty."),
        ("1,2,3\n4,5,6\n", "The first row is no header of alerts (1, 2, 3); it names source_ref, title, "),
        ("source_ref,title,accounts\n", "The header has no column kind, severity, detected_at."),
        (HEADER.removesuffix(",accounts") + "\n", "The header does not say what the alerts are about: accounts, "),
        (HEADER + ",title\n", "The header names title twice."),
        ('"source_ref,title\n', "The header (row 1) cannot be read: a quotation mark opens here"),
        (b"source_ref,\x81\n", "The file is neither UTF-8 (byte 12) nor Windows-1252 (byte 12)."),
        (b"\xff\xfea", "The file begins as UTF-16, but its byte 3 is not."),
    ],
)
def test_a_file_that_cannot_be_read_is_one_refusal(text: str | bytes, expected: str) -> None:
    body = text.encode() if isinstance(text, str) else text
    (found,) = reasons(body)
    assert found.startswith(expected)
    preview = table.preview(body, source="people")
    assert preview.fault is not None
    assert preview.fault.reason == found


@pytest.mark.parametrize(
    ("header", "cell", "expected"),
    [
        ("window_start", "04.06.2026", "“04.06.2026” is no time with its zone; write it such as 2026-06-05T10:00:00Z."),
        ("window_start", "2026-06-04 10:00", "is no time with its zone"),
        ("window_start", "1999-06-04T10:00Z", "lies outside the years 2000 to 2100."),
        ("Queries", "1.5", "Row 2, column “Queries”: “1.5” is no whole number; write it with digits alone."),
        ("queries", "-1", "Row 2, column “queries”: measure.queries: a whole number of at least 0 is expected."),
        ("score", '"0,98"', "“0,98” is no number; write it with a point, such as 0.98."),
        ("stage", "later", "“later” is none of query_generation, harvesting,"),
        ("tlp", "purple", "“purple” is none of CLEAR, GREEN, AMBER, AMBER+STRICT, RED."),
        ("contains_personal_data", "perhaps", "“perhaps” is neither yes nor no."),
        ("note,note2", "x", "Row 2: it has 7 cells, the header names 8."),
        ("note", "x,y", "Row 2: it has 8 cells, the header names 7."),
        ('""', "x", "Row 2, column “7”: the column has no name."),
        ("prompt", "tell me", "Row 2: ext.csv.prompt holds prompts or completions; refer to them."),
        ("note", '"x" y', "Row 2: ',' expected after '\"'; a quotation mark inside a cell is written twice."),
    ],
)
def test_faults_name_row_and_column(header: str, cell: str, expected: str) -> None:
    assert expected in fault(header, cell)


def test_an_empty_cell_that_is_needed_is_named() -> None:
    assert reasons(f"{HEADER}\n{GOOD.replace('First', '')}\n") == ["Row 2, column “title”: it is empty."]


def test_a_quotation_mark_that_nobody_closes_costs_its_row_alone() -> None:
    rows = [GOOD, GOOD.replace("First", '"First'), *[GOOD] * 500]
    found = reasons("\n".join([HEADER, *rows]))
    assert [at for at, reason in enumerate(found) if reason] == [1]
    assert found[1] == "Row 3: a quotation mark opens here and is not closed within 200 lines."
    assert len(found) == len(rows)


def test_a_refused_row_is_a_file_of_its_own() -> None:
    (item,) = table.items([f"{HEADER}\n{GOOD.replace('high', 'hgh')}\n".encode()], source="people")
    assert item.refusal is not None
    assert item.refusal.source_ref == "a1"
    assert natives(item.raw.replace(b"hgh", b"low"))[0]["severity"] == 1


def test_the_preview_shows_the_first_rows_with_their_verdicts() -> None:
    text = f"{HEADER}\n" + "".join(f"{GOOD.replace('high', severity)}\n" for severity in ("high", "hgh", "low", "low"))
    found = table.preview(text.encode(), source="people", rows=3)
    assert (found.encoding, found.delimiter, found.header) == ("utf-8", ",", HEADER.split(","))
    assert [(row.row, row.item.refusal is None) for row in found.rows] == [(2, True), (3, False), (4, True)]
    assert found.rows[0].cells[5] == "acct_1"


@given(st.binary(max_size=500))
def test_any_bytes_are_answered(body: bytes) -> None:
    for start in (b"", f"{HEADER}\n".encode(), f"{HEADER};x\n{GOOD}".encode()):
        for item in table.items([start, body], source="people"):
            assert (item.native is None) != (item.refusal is None)
        table.preview(start + body, source="people")


_title = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@given(st.lists(_title.map(str.strip).filter(bool)))
def test_titles_come_back_as_they_were_written(titles: list[str]) -> None:
    quoted = [title.replace('"', '""') for title in titles]
    text = f"{HEADER}\n" + "".join(f'a{n},"{title}",volume,1,2026-06-05T10:00Z,a\n' for n, title in enumerate(quoted))
    assert [alert["title"] for alert in natives(text)] == titles
