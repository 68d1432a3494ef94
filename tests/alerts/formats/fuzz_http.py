"""Posts spoiled bodies of every format and encoding to a served site: an answer for every item, never an error of ours.

A request follows from the seed and its number alone, so a failure, which prints both, can be looked at again.
"""

import gzip
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from django.conf import settings

from apps.alerts.formats import FORMATS, compression
from apps.alerts.formats.compression import zstd
from tests.alerts.formats import samples
from tests.alerts.formats.fuzz import decoders, spoiled

SOURCE = samples.NATIVE["source"]
ALERTS = "/api/v1/alerts"
MAX_GROWTH = 64 * 1024 * 1024
ANSWERED = {200, 201, 400, 413, 415, 422}
PACKED: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": gzip.compress, "zstd": zstd.compress}


class Target(NamedTuple):
    """Where bodies of a format are posted. `format` is empty where the answer is in another system's form."""

    path: str
    media_type: str
    decoder: str
    format: str = ""


TARGETS = [
    Target(ALERTS, "application/json", "document", "document"),
    Target(ALERTS, "application/x-ndjson", "lines", "lines"),
    Target(ALERTS, "application/vnd.casemgr.ocsf+json", "ocsf", "ocsf"),
    Target(ALERTS, "application/stix+json", "stix", "stix"),
    Target("/api/alert", "application/json", "thehive"),
    Target("/api/v1/alert", "application/json", "thehive"),
    Target("/api/v1/alert", "multipart/form-data; boundary=b0undary", "thehive"),
    Target("/alerts/add", "application/json", "iris"),
]


def run(url: str, key: str, web: int, requests: int, seed: int) -> dict[str, Any]:
    """So many requests to the web server with this process id. Raises AssertionError with the request that failed."""
    known = decoders()
    answers: Counter[int] = Counter()
    items, settled = 0, 0
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        for number in range(requests):
            rng = random.Random(f"{seed}/{number}")
            target = TARGETS[number % len(TARGETS)]
            encoding, body = request(rng.choice(known[target.decoder].samples), target, rng)
            answer = post(client, target, encoding, body)
            try:
                items += check(target, encoding, body, answer)
            except Exception as error:
                said = f"{answer.status_code} {answer.text[:500]}"
                raise AssertionError(
                    f"{target}, {encoding}, seed {seed}, request {number}: {error!r}\n{said}\n{body[:3000]!r}"
                ) from error
            answers[answer.status_code] += 1
            if number == requests // 3:
                settled = resident(web)
    growth = resident(web) - settled
    assert growth < MAX_GROWTH, f"seed {seed}: the web server grew by {growth:,} bytes"
    return {"requests": requests, "items": items, "seed": seed, "answers": dict(answers), "growth_bytes": growth}


def request(sample: bytes, target: Target, rng: random.Random) -> tuple[str, bytes]:
    """An encoding and a body: spoiled before it is packed or after, or packed otherwise than is said."""
    body = sample.replace(b"cl-118", f"cl-{rng.randrange(30)}".encode())
    if not target.format:
        return "identity", spoiled(body, rng)
    encoding = rng.choice(list(PACKED))
    if rng.random() < 0.7:
        return encoding, PACKED[encoding](spoiled(body, rng) if rng.random() < 0.9 else body)
    return encoding, spoiled(PACKED[rng.choice([encoding, encoding, *PACKED])](body), rng)


def post(client: httpx.Client, target: Target, encoding: str, body: bytes) -> httpx.Response:
    """Post, and wait where the server says that it is too much."""
    while True:
        headers = {"Content-Type": target.media_type}
        if encoding != "identity":
            headers["Content-Encoding"] = encoding
        answer = client.post(target.path, content=body, headers=headers)
        if answer.status_code != 429:
            return answer
        time.sleep(float(answer.headers["Retry-After"]))


def check(target: Target, encoding: str, body: bytes, answer: httpx.Response) -> int:
    """The number of items that were answered."""
    assert answer.status_code in ANSWERED
    said = answer.json()
    if not target.format:
        assert isinstance(said, dict)
        return 1
    chunks = compression.unpacked([body], encoding, limit=settings.INTAKE_MAX_UNPACKED_BYTES)
    expected = max(1, sum(1 for _ in FORMATS[target.format].items(chunks, source=SOURCE)))
    assert said["received"] == len(said["items"]) == expected, (said["received"], len(said["items"]), expected)
    assert [one["position"] for one in said["items"]] == list(range(expected))
    verdicts = Counter(one["verdict"] for one in said["items"])
    counted = {"created": said["created"], "updated": said["updated"], "duplicate": said["duplicates"]}
    assert verdicts == Counter(counted | {"rejected": said["rejected"]})
    assert all(one["code"] and one["reason"] for one in said["items"] if one["verdict"] == "rejected")
    return expected


def resident(pid: int) -> int:
    """Bytes that a process and its children have in memory."""
    total = 0
    with suppress(FileNotFoundError):
        total = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        total += sum(resident(int(child)) for child in children)
    return total
