"""Public sets of duplicate records, as the measurement reads, holds and scores them: on invented rows."""

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.accounts import identifiers, linkage
from benchmarks.linkage_public import DUPLICATES, OF_FEBRL, Columns, evidence_of, held, read, score, write

HEADER = (
    "rec_id, given_name, surname, street_number, address_1, address_2, "
    "suburb, postcode, state, date_of_birth, soc_sec_id"
)
ROWS = (
    "rec-1-org, anna, o'hare, 6, tulip street, , northfield, 4011, wa, 19081209, 6988048",
    "rec-1-dup-0, anna, ohare, 6, tulip street, , northfield, 4011, wa, 19081209, 6988049",
    "rec-1-dup-1, ana, ohare, 6, tulip street, , northfield, 4011, wa, 19081202, 6988048",
    "rec-2-org, , berg, 69, giblet street, , bitterne, 4814, qld, 19990219, 7364009",
    "rec-2-dup-0, lars, berg, 69, giblet street, , bitterne, 4814, qld, 19990219, 7364090",
    "rec-3-org, deva, sonder, 48, goldfinch circuit, , canterbury, 2776, vic, 19600210, 2635962",
)
ENTITY = [0, 0, 0, 1, 1, 2]


@pytest.fixture
def people(tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("\n".join([HEADER, *ROWS]))
    return read("people", [file], OF_FEBRL)


def test_who_a_record_is_about_is_read_from_its_id(people):
    assert people.entity.tolist() == ENTITY
    assert people.records[3]["surname"] == "berg"
    assert people.records[3]["given_name"] == ""


def test_several_files_are_one_set(tmp_path):
    for name, row in (("a.csv", ROWS[0]), ("b.csv", ROWS[1])):
        (tmp_path / name).write_text(f"{HEADER}\n{row}\n")
    assert read("both", [tmp_path / "a.csv", tmp_path / "b.csv"], OF_FEBRL).entity.tolist() == [0, 0]


def test_another_set_says_which_columns_it_has(tmp_path):
    table = pa.table({"cluster": ["x", "y"], "full": ["Ann Lee", None], "born": ["1970", "1971"]})
    pq.write_table(table, tmp_path / "other.parquet")
    of = read("other", [tmp_path / "other.parquet"], Columns("cluster", name=("full",), birth=("born",)))
    assert of.entity.tolist() == [0, 1]
    assert held(of.records[0], of.columns) == {
        ("email_pattern", "annlee"), ("other", "1970"), ("device", "name annlee birth 1970"),
    }  # fmt: skip
    assert held(of.records[1], of.columns) == {("other", "1971")}


def test_missing_columns_are_named(tmp_path):
    (tmp_path / "other.csv").write_text("id,name\n1,ann\n")
    with pytest.raises(ValueError, match=r"has no column .*rec_id.*; it has id, name"):
        read("other", [tmp_path / "other.csv"], OF_FEBRL)


def test_a_name_is_one_however_it_is_written_and_none_where_a_part_is_missing(people):
    first, second = (held(record, OF_FEBRL) for record in people.records[:2])
    assert ("email_pattern", "anna|ohare") in first & second
    assert not any(kind == "email_pattern" for kind, _ in held(people.records[3], OF_FEBRL))


def test_duplicates_are_found_by_a_number_or_by_two_that_agree(people):
    ring = linkage.find(evidence_of(people), DUPLICATES).ring
    assert ring.tolist() == [*ENTITY[:5], -1]
    assert (linkage.find(evidence_of(people)).ring == -1).all()  # no campaign


def test_columns_by_themselves_join_by_the_number_alone(people):
    ring = linkage.find(evidence_of(people, together=False), DUPLICATES).ring
    assert ring.tolist() == [0, -1, 0, -1, -1, -1]


def test_pairs_are_counted_whether_told_or_not():
    scored = score(np.array([0, 0, -1, 1, 1, 1]), np.array(ENTITY))
    assert scored == {
        "records": 6, "pairs": 4, "true_pairs": 4, "precision": 0.5, "recall": 0.5, "f1": 0.5,
    }  # fmt: skip


def test_no_pairs_are_neither_right_nor_wrong():
    scored = score(np.full(6, -1), np.array(ENTITY))
    assert (scored["precision"], scored["recall"], scored["f1"]) == (None, 0.0, 0.0)


def test_the_files_hold_what_the_application_takes(people, tmp_path):
    write(people, tmp_path / "out")
    accounts = list(csv.DictReader((tmp_path / "out/accounts.csv").open()))
    rows = list(csv.DictReader((tmp_path / "out/identifiers.csv").open()))
    assert [row["ref"] for row in accounts] == [f"record-{i}" for i in range(6)]
    assert {row["account_ref"] for row in rows} == {row["ref"] for row in accounts}
    assert all(identifiers.kept(row["kind"], row["value"]) for row in rows)
