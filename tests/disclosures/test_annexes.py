"""The tables beside a report are plain CSV that runs nothing."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.disclosures import annexes


def test_csv_is_as_rfc_4180_wants_it():
    data = annexes.to_csv(["a", "b"], [{"a": 'say "x"', "b": "one\r\ntwo"}, {"a": None, "b": -3}])
    assert data == b'a,b\r\n"say ""x""","one\r\ntwo"\r\n,-3\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1", "＝1"])
def test_csv_runs_nothing(text):
    (_, (cell,)) = csv.reader(io.StringIO(annexes.to_csv(["a"], [{"a": text}]).decode(), newline=""))
    assert cell == f"'{text}"


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1
    )
)
def test_csv_can_be_read_back(texts):
    rows = list(csv.reader(io.StringIO(annexes.to_csv(["a"], [{"a": text} for text in texts]).decode(), newline="")))
    assert [row[0].removeprefix("'") for row in rows[1:]] == [text.removeprefix("'") for text in texts]
