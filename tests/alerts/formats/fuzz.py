"""Throws spoiled bodies at every decoder of alerts; each answers with no exception, no lost line and no growth.

    python -m tests.alerts.formats.fuzz --inputs 1000000 [--seed N]

A body follows from the seed and its number alone, so a failure, which prints both, can be looked at again.
"""

import argparse
import copy
import gc
import gzip
import json
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from apps.alerts import wire
from apps.alerts.formats import compression, document, iris, lines, ocsf, stix, table, thehive
from apps.alerts.formats.compression import zstd
from apps.alerts.formats.item import Item
from tests.alerts.formats import samples

UNPACKED = 1024 * 1024
LIMIT = 4096  # of a line: low, so that lines of over-length are common
SLOW = 5.0  # seconds for one body of a few kilobytes on a machine that does other things as well
MAX_GROWTH = 48 * 1024 * 1024
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e308, 2**63, 2**64, 10**30, "", " ", "\x00", "x" * 600, "\ud7ff", "2026-06-05",
    "2026-06-05T10:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", [], {}, [[]], [{}], {"": {}}, [None],
    "NaN", "acct_1", 2004, 2005, "bundle", {"uid": []}, [1, "a", {}],
]  # fmt: skip
TOKENS = [
    b"\n", b"\r\n", b"\r", b'"', b'""', b"'", b",", b";", b"\t", b"{", b"}", b"[", b"]", b"\\", b"\\u0000", b"\\ud800",
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3", b"1e999", b"99999999999999999999", b"null", b"NaN",
    b"[" * 80,
    b'{"a":' * 80, b" " * 50, b"\n\n", b"x" * 5000, b"sep=|\n", b"\xe2\x80\xa8",
]  # fmt: skip


class Decoder(NamedTuple):
    samples: list[bytes]
    items: Callable[[list[bytes]], Iterator[Item]]
    is_silent: Callable[[bytes], bool] | None = None  # whether a body may rightly give no item; else only a blank one
    by_line: bool = False


def _ndjson() -> bytes:
    return samples.ndjson(samples.NATIVE) * 3 + b"\r\n" + samples.dumped(samples.NATIVE)


def decoders() -> dict[str, Decoder]:
    native, event, bundle = (samples.dumped(value) for value in (samples.NATIVE, samples.EVENT, samples.BUNDLE))
    thehive_, iris_ = samples.dumped(samples.THEHIVE), samples.dumped(samples.IRIS)
    blocked = samples.dumped(samples.EVENT | {"unmapped": {"casemgr": samples.NATIVE}})

    def packed(sample: bytes, encoding: str) -> Decoder:
        def unpacked(chunks: list[bytes]) -> Iterator[bytes]:
            return compression.unpacked(chunks, encoding, limit=UNPACKED)

        return Decoder(
            [sample * 2],
            lambda chunks: lines.items(unpacked(chunks), limit=LIMIT),
            is_silent=lambda body: not b"".join(unpacked([body])).strip(b" \t\r\n\xef\xbb\xbf"),
        )

    return {
        "lines": Decoder([_ndjson()], lambda chunks: lines.items(chunks, limit=LIMIT), by_line=True),
        "document": Decoder([native, b"[" + b",".join([native] * 3) + b"]"], document.items),
        "ocsf": Decoder(
            [event, blocked, b"[" + event + b"," + blocked + b"]", event + b"\n" + blocked + b"\n"],
            lambda chunks: ocsf.items(chunks, source="siem"),
        ),
        "stix": Decoder(
            [bundle, samples.dumped(samples.SIGHTING)], lambda chunks: stix.items(chunks, source="partner")
        ),
        "table": Decoder(
            [samples.TABLE.encode(), samples.TABLE.encode("cp1252"), samples.TABLE.encode("utf-16")],
            lambda chunks: table.items(chunks, source="people"),
            is_silent=_is_header_alone,
        ),
        "thehive": Decoder(
            [thehive_, samples.MULTIPART, thehive.change(samples.NATIVE, thehive_)],
            lambda chunks: thehive.items(chunks, source="hydra-linker"),
        ),
        "iris": Decoder(
            [iris_, iris.change(samples.NATIVE, iris_)], lambda chunks: iris.items(chunks, source="hydra-linker")
        ),
        "gzip": packed(gzip.compress(_ndjson()), "gzip"),
        "zstd": packed(zstd.compress(_ndjson()), "zstd"),
    }


def spoiled(sample: bytes, rng: random.Random) -> bytes:
    """The sample with one to four things wrong, in its values or in its bytes."""
    if sample[:1] == b"{" and rng.random() < 0.5:
        sample = _with_odd_value(sample, rng)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        at, length = rng.randrange(len(sample) + 1), rng.choice((1, 1, 2, 8, 64, 400))
        match rng.randrange(5):
            case 0:
                sample = sample[:at] + bytes([rng.randrange(256)]) + sample[at + 1 :]
            case 1:
                sample = sample[:at] + sample[at + length :]
            case 2:
                sample = sample[:at] + sample[at : at + length] * 2 + sample[at + length :]
            case 3:
                sample = sample[:at] + rng.choice(TOKENS) + sample[at:]
            case 4:
                sample = sample[:at]
    return sample


def _with_odd_value(sample: bytes, rng: random.Random) -> bytes:
    try:
        whole = json.loads(sample)
    except ValueError:  # several values
        return sample
    for _ in range(rng.randint(1, 3)):
        present = whole
        while True:
            keys = list(present) if isinstance(present, dict) else list(range(len(present)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(present[key], dict | list) and present[key] and rng.random() < 0.8:
                present = present[key]
                continue
            present[key] = copy.deepcopy(rng.choice(ODD))
            break
    return json.dumps(whole).encode()


def cut(body: bytes, rng: random.Random) -> list[bytes]:
    """The body in chunks, as a network would bring it."""
    if rng.random() < 0.3:
        return [body]
    step = rng.choice((100, 1000, 4096)) if rng.random() < 0.9 else rng.choice((1, 7))
    return [body[at : at + step] for at in range(0, len(body), step)]


def check(decoder: Decoder, body: bytes, rng: random.Random) -> int:
    """Decode one body. Raises AssertionError, or whatever the decoder raises; returns the number of items."""
    found = list(decoder.items(cut(body, rng)))
    for item in found:
        assert isinstance(item.raw, bytes)
        assert (item.native is None) != (item.refusal is None), item
        if item.refusal:
            assert item.refusal.code, item
            assert item.refusal.reason.endswith("."), item.refusal.reason
        else:
            with suppress(wire.Refusal):
                wire.read(item.native, limit=samples.LIMIT)
    if decoder.by_line:
        there = [
            line for line in body.removeprefix(lines.BOM).split(b"\n") if line.strip(b" \t\r") or len(line) > LIMIT
        ]
        assert len(found) == len(there), (len(found), len(there))
    else:
        assert found or (decoder.is_silent or _is_blank)(body), "nothing came out"
    return len(found)


def _is_blank(body: bytes) -> bool:
    """Whether a JSON body holds nothing: neither an object nor an element of a list."""
    rest = body.removeprefix(lines.BOM).strip(b" \t\r\n")
    return not rest or (rest[:1] == b"[" and rest[1:].strip(b" \t\r\n") == b"]")


def _is_header_alone(body: bytes) -> bool:
    found = table.preview(body, source="people")
    return not body or (found.fault is None and not found.rows)


def resident() -> int:
    """Bytes of this process that are in memory."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def run(inputs: int, seed: int, only: str = "") -> dict[str, Any]:
    """So many bodies over all decoders in turn. Raises AssertionError with what is needed to see it again."""
    chosen = {name: decoder for name, decoder in decoders().items() if not only or name == only}
    names = list(chosen)
    counted, items, settled = 0, 0, 0
    started = time.perf_counter()
    for number in range(inputs):
        name = names[number % len(names)]
        rng = random.Random(f"{seed}/{number}")
        body = spoiled(rng.choice(chosen[name].samples), rng)
        before = time.perf_counter()
        try:
            items += check(chosen[name], body, rng)
        except Exception as error:
            raise AssertionError(f"{name}, seed {seed}, input {number}: {error!r}\n{body[:3000]!r}") from error
        took = time.perf_counter() - before
        assert took < SLOW, f"{name}, seed {seed}, input {number}: {took:.1f} s\n{body[:3000]!r}"
        counted += 1
        if number == inputs // 10:
            settled = resident()
    growth = resident() - settled
    assert growth < MAX_GROWTH, f"seed {seed}: memory grew by {growth:,} bytes"
    return {
        "inputs": counted,
        "items": items,
        "seed": seed,
        "growth_bytes": growth,
        "seconds": round(time.perf_counter() - started, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--only", choices=list(decoders()), default="")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    print(json.dumps(run(asked.inputs, asked.seed, asked.only)))


if __name__ == "__main__":
    main()
