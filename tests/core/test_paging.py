import base64
import json

import pytest
from django.http import Http404
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core import paging
from apps.core.models import Counter
from apps.core.paging import page

ROWS = 23


@pytest.fixture
def rows(db):
    """Rows of which many share the first column of the order."""
    Counter.objects.bulk_create(Counter(kind=f"K{i}", year=2000 + i, value=i % 4) for i in range(ROWS))
    return Counter.objects.all()


@pytest.mark.parametrize("order", [("-value", "-id"), ("value", "id"), ("kind", "id")])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(size=st.integers(1, ROWS + 2))
def test_leafing_forth_and_back_shows_every_row_once_in_order(rows, order, size):
    expected = list(rows.order_by(*order))
    shown, query, there = [], {}, []
    while True:
        here = page(rows, order, query, size=size)
        there.append(list(here))
        shown += here
        if not here.older:
            break
        query = {"after": here.older}
    assert shown == expected

    for before in reversed(there[:-1]):
        here = page(rows, order, {"before": here.newer}, size=size)
        assert list(here) == before
        assert here.older
    assert not here.newer


def test_a_page_does_not_shift_while_rows_come_in(rows):
    first = page(rows, ("-value", "-id"), {}, size=5)
    second = list(page(rows, ("-value", "-id"), {"after": first.older}, size=5))
    Counter.objects.create(kind="NEW", year=1, value=99)
    assert list(page(rows, ("-value", "-id"), {"after": first.older}, size=5)) == second


def test_a_page_is_one_query(rows, django_assert_num_queries):
    with django_assert_num_queries(1):
        first = page(rows, ("-value", "-id"), {}, size=5)
    with django_assert_num_queries(1):
        page(rows, ("-value", "-id"), {"after": first.older}, size=5)


def test_nothing_is_an_empty_page(db):
    empty = page(Counter.objects.all(), ("-value", "-id"), {})
    assert (len(empty), empty.older, empty.newer) == (0, "", "")


def cursor(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "damaged",
    [
        "x",
        "%%%",
        "é",
        cursor({}),
        cursor([1]),
        cursor([1, 2, 3]),
        cursor(["a", "b"]),
        cursor([None, None]),
        cursor([[1], 2]),
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
    ],
)
@pytest.mark.parametrize("key", ["after", "before"])
def test_a_damaged_address_is_not_found(rows, damaged, key):
    with pytest.raises(Http404, match="open the list again"):
        page(rows, ("-value", "-id"), {key: damaged})


def test_no_text_breaks_a_cursor(rows):
    with pytest.raises(Http404):
        page(rows, ("kind", "id"), {"after": cursor(["\0", 1])})
    assert list(page(rows, ("kind", "id"), {"after": cursor(["'; DROP TABLE", 1])})) is not None


@pytest.mark.parametrize("order", [("-value", "-id"), ("value", "id")])
@pytest.mark.parametrize("size", [1, 3, ROWS])
def test_a_page_looks_at_so_many_rows_and_the_next_goes_on_behind_them(rows, order, size, monkeypatch):
    monkeypatch.setattr(paging, "LOOKED_AT", 4)
    rare = rows.filter(kind__in=["K3", "K4", "K20"])
    shown, query, pages = [], {}, []
    while True:
        here = page(rare, order, query, size=size, within=rows)
        pages.append(here)
        shown += here
        if not here.older:
            break
        query = {"after": here.older}
    assert shown == list(rare.order_by(*order))
    assert any(here.looked_at == 4 and not here for here in pages)
    assert not pages[-1].looked_at

    back, here = [], pages[-1]
    while here.newer:
        here = page(rare, order, {"before": here.newer}, size=size, within=rows)
        back = [*here, *back]
    assert back + list(pages[-1]) == shown
