"""Things that are made by another thread while earlier ones are used."""

import threading

import pytest

from apps.core.ahead import ahead


def test_they_come_in_their_order_from_another_thread():
    made = ((number, threading.get_ident()) for number in range(100))
    found = list(ahead(made, 3))
    assert [number for number, _ in found] == list(range(100))
    assert {thread for _, thread in found} != {threading.get_ident()}
    assert len({thread for _, thread in found}) == 1


def test_no_more_are_made_in_advance_than_are_asked_for():
    made = []
    things = ahead((made.append(number) or number for number in range(100)), 2)
    assert next(things) == 0
    things.close()
    assert 1 <= len(made) <= 3


def test_what_is_raised_over_one_is_raised_in_its_place():
    things = ahead(10 // number for number in (5, 2, 0, 1))
    assert (next(things), next(things)) == (2, 5)
    with pytest.raises(ZeroDivisionError):
        next(things)
    assert list(things) == []


def test_no_thread_is_left_behind():
    before = threading.active_count()
    for _ in ahead(range(10), 4):
        break
    assert threading.active_count() == before
