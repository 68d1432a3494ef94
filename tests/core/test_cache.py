"""What one process remembers every process knows, and of several at a time one is first."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as project
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from apps.core.models import CacheEntry

THREADS = 8


def test_what_is_kept_is_given_back(db):
    assert cache.get("seen") is None
    cache.set("seen", [1.5, 2.25], timeout=60)
    cache.set("seen", [3.125], timeout=60)
    assert cache.get("seen") == [3.125]
    assert cache.delete("seen")
    assert not cache.delete("seen")
    assert cache.get("seen", "nothing") == "nothing"


def test_what_says_nothing_is_kept_too(db):
    """`None` that was stored differs from nothing stored."""
    cache.set("empty", None, timeout=60)
    assert cache.get("empty", "nothing") is None
    assert not cache.add("empty", "late", timeout=60)


def test_what_ran_out_is_gone_and_can_be_added_again(db):
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        assert cache.add("code", "y", timeout=30)
        cache.set("other", "y", timeout=30)
        cache.set("kept", "y", timeout=None)
    with time_machine.travel(now + timedelta(seconds=29), tick=False):
        assert not cache.add("code", "again", timeout=30)
        assert cache.touch("code", timeout=30)
    with time_machine.travel(now + timedelta(seconds=58), tick=False):
        assert cache.get("other") is None
        assert cache.get("code") == "y"
    with time_machine.travel(now + timedelta(seconds=60), tick=False):
        assert not cache.touch("code", timeout=30)
        assert cache.add("code", "again", timeout=30)
    assert set(CacheEntry.objects.values_list("value", flat=True)) == {"again", "y"}  # `other` went with it


def test_nothing_but_plain_values_comes_out_of_the_database(db):
    """A row is data. Whoever can write one does not run programs in the web processes by it."""
    with pytest.raises(TypeError, match="JSON"):
        cache.set("object", object(), timeout=60)


def test_another_process_knows_what_this_one_did(committed_db, environment):
    assert cache.add("code", "y", timeout=60)
    cache.set("refused", [1.5], timeout=60)
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import django; django.setup(); from django.core.cache import cache;"
            "print(cache.add('code', 'y', 60), cache.get('refused'), cache.add('mine', 'y', 60))",
        ],
        cwd=project.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout == "False [1.5] True\n", told.stderr
    assert not cache.add("mine", "y", timeout=60)


@pytest.mark.parametrize("ran_out", [False, True])
def test_of_many_who_add_at_once_one_is_first(committed_db, ran_out: bool):
    if ran_out:  # the hard case: all of them find an old row in the way
        cache.set("code", "old", timeout=0)
    start = threading.Barrier(THREADS)

    def add(_: int) -> bool:
        try:
            connection.ensure_connection()
            start.wait()
            return cache.add("code", "y", timeout=60)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        assert sorted(pool.map(add, range(THREADS))) == [False] * (THREADS - 1) + [True]


def test_an_open_page_asks_nothing_of_it(people, sign_in, django_assert_max_num_queries):
    client = sign_in(people.analyst)
    with django_assert_max_num_queries(100) as asked:
        assert client.get("/people/me/").status_code == 200
    assert not any(CacheEntry._meta.db_table in query["sql"] for query in asked.captured_queries)
