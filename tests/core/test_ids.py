import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
from django.db import connection, transaction

from apps.core.ids import next_numbers, next_reference, uuid7, uuid7_texts


def test_uuids_are_of_version_7_and_order_by_time():
    made = []
    for _ in range(5):
        made.append(uuid7())
        time.sleep(0.002)
    assert made == sorted(made)
    assert {(u.version, u.variant) for u in made} == {(7, "specified in RFC 4122")}
    milliseconds = made[-1].int >> 80
    assert abs(milliseconds - time.time() * 1000) < 5000


def test_uuids_of_one_moment_differ():
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_as_texts_they_are_the_same():
    texts = list(islice(uuid7_texts(), 1000))
    made = [uuid.UUID(text) for text in texts]
    assert [str(one) for one in made] == texts
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert len(set(made)) == 1000
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)


def test_references_count_by_kind_and_year(db):
    assert [next_reference("CASE", 2026), next_reference("CASE", 2026), next_reference("CASE", 2027)] == [
        "CASE-2026-0001",
        "CASE-2026-0002",
        "CASE-2027-0001",
    ]
    assert next_reference("N", 2026, digits=6) == "N-2026-000001"


def test_a_reference_is_taken_in_a_transaction(committed_db):
    with pytest.raises(RuntimeError, match="inside the transaction"):
        next_reference("CASE", 2026)


def test_what_is_rolled_back_leaves_no_hole(committed_db):
    taken = []
    for i in range(6):
        try:
            with transaction.atomic():
                taken.append(next_reference("CASE", 2026))
                if i % 2:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            taken.pop()
    assert taken == ["CASE-2026-0001", "CASE-2026-0002", "CASE-2026-0003"]


def test_many_writers_get_every_number_once(committed_db):
    def take(number: int) -> str | None:
        try:
            with transaction.atomic():
                reference = next_reference("CASE", 2026)
                if number % 4 == 0:
                    raise ZeroDivisionError
                return reference
        except ZeroDivisionError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        taken = [reference for reference in pool.map(take, range(40)) if reference]
    assert sorted(taken) == [f"CASE-2026-{n:04d}" for n in range(1, 31)]


def test_several_numbers_are_taken_at_once_and_given_back_together(committed_db):
    def take(kind: str, many: int) -> range:
        with transaction.atomic():
            taken = next_numbers(kind, many)
            if many > 100:
                raise ZeroDivisionError
            return taken

    assert take("bates:NAI", 3) == range(1, 4)
    with pytest.raises(ZeroDivisionError):
        take("bates:NAI", 101)
    assert take("bates:NAI", 1) == range(4, 5)
    assert take("bates:NA", 2) == range(1, 3)
