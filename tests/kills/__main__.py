"""Kills every process of casemgr, and PostgreSQL, under load, and says whether anything acknowledged was lost.

    VAR_DIR=$(mktemp -d) python -m tests.kills --kills 30 [--seed N] [--fast]

The seed decides what is sent and what is killed when; how the two meet is the machine's affair.
"""

import argparse
import json
import os
import random
import secrets
import sys
import threading
import time
from collections import Counter, deque
from typing import Any

VICTIMS = ("web", "postgres", "worker", "sequencer", "signer", "witness", "anchors")
CLIENTS = 4
DETECTORS = 2
SETTLE_SECONDS = 120
ACTS = 3  # of people, that are acknowledged before the next victim: on a slow machine little happens in a moment
ACTS_SECONDS = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--fast", action="store_true", help="do not wait for the disk")
    asked = parser.parse_args()
    if not os.environ.get("VAR_DIR"):
        parser.error("VAR_DIR names the empty directory in which this takes place")
    print(f"seed {asked.seed}", flush=True)
    summary = prove(asked.kills, asked.seed, fast=asked.fast)
    print(json.dumps(summary))
    return 1 if summary["faults"] else 0


def prove(kills: int, seed: int, *, fast: bool) -> dict[str, Any]:
    """So many kills under load; returns what was sent, answered, killed and found wrong."""
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("CELERY_BROKER_URL", None)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "WARNING"}
    from tests.kills.stage import Stage

    stage = Stage(fast=fast)
    try:
        os.environ |= stage.environment
        return _prove(stage, kills, seed)
    finally:
        stage.strike()


def _prove(stage: Any, kills: int, seed: int) -> dict[str, Any]:
    import django

    django.setup()
    from tests.kills import examine, office

    auditor, keys, sessions = office.open_for(DETECTORS)
    stage.raise_curtain()
    stop = threading.Event()
    clients, people = hire(stage.url, keys, seed, stop), seat(stage.url, sessions, seed, stop)
    threads = [threading.Thread(target=one.run) for one in (*clients, *people)]
    threads.append(threading.Thread(target=office.ask_for_work, args=(auditor, stop)))
    started = time.monotonic()
    for thread in threads:
        thread.start()
    try:
        killed = kill(stage, kills, random.Random(f"{seed}/kills"), started, people)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    under_load = time.monotonic() - started
    office.settle(SETTLE_SECONDS)
    stage.stop("web", "worker", "sequencer", "anchors")  # signer and witness are asked what they remember
    seen: Counter[str] = sum((one.seen for one in (*clients, *people)), Counter())
    faults = examine.everything(clients, people) + [f"died without being killed: {one}" for one in stage.died]
    return {
        "seed": seed,
        "killed": killed,
        "seconds_under_load": round(under_load, 1),
        "answers": dict(sorted(seen.items())),
        "acts": dict(acknowledged(people)),
        **office.figures(),
        "faults": len(faults),
        "first_faults": faults[:20],
    }


def hire(url: str, keys: dict[str, str], seed: int, stop: threading.Event) -> list[Any]:
    """Clients in turn for each detector; those of one detector send each other's requests again."""
    from tests.kills.clients import Client

    letters: dict[str, deque] = {source: deque(maxlen=300) for source in keys}
    sources = list(keys)
    return [
        Client(f"client-{n}", source, keys[source], url, random.Random(f"{seed}/{n}"), stop, letters[source])
        for n in range(CLIENTS)
        for source in [sources[n % len(sources)]]
    ]


def seat(url: str, sessions: dict[str, str], seed: int, stop: threading.Event) -> list[Any]:
    """Everybody who is signed in, at work on the same cases."""
    from tests.kills.people import Person

    cases: list[str] = []
    return [
        Person(name, session, url, random.Random(f"{seed}/{name}"), stop, cases) for name, session in sessions.items()
    ]


def kill(stage: Any, kills: int, rng: random.Random, started: float, people: list[Any]) -> dict[str, int]:
    """Each victim in its turn, in an order that the seed decides, a moment after everything answered again and people
    went on with their work."""
    order = [VICTIMS[n % len(VICTIMS)] for n in range(kills)]
    rng.shuffle(order)
    killed: Counter[str] = Counter()
    for victim in order:
        wait_for_acts(people, acknowledged(people).total() + ACTS)
        time.sleep(rng.uniform(0.2, 2.5))
        what = stage.kill(victim, rng)
        killed[what] += 1
        print(f"{time.monotonic() - started:6.1f} s  {what} was killed and is back", flush=True)
    time.sleep(1)
    return dict(killed)


def acknowledged(people: list[Any]) -> Counter[str]:
    return Counter(act.verb for person in people for act in list(person.acts) if act.promised)


def wait_for_acts(people: list[Any], number: int) -> None:
    """Until so many are acknowledged; what never comes is for the examination to find, not for us to wait for."""
    deadline = time.monotonic() + ACTS_SECONDS
    while acknowledged(people).total() < number and time.monotonic() < deadline:
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
