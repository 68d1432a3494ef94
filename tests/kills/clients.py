"""Detectors that post as fast as they are answered, and keep book of what they were promised."""

import gzip
import json
import random
import threading
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import httpx

from apps.alerts.formats.compression import zstd

ADDRESS = "/api/v1/alerts"
ACCOUNTS, CARDS, CLUSTERS, CAMPAIGNS = 3000, 800, 40, 4
PATIENCE = 0.2  # seconds before a request whose answer was lost is sent again
GIVES_UP = 0.15  # how often it never is


@dataclass
class Entry:
    """What a client knows of one alert."""

    sent: int = 1  # contents that were sent of it
    promised: set[int] = field(default_factory=set)  # of them, those that were acknowledged
    id: str = ""


@dataclass
class Letter:
    """A request, which may be sent many times, by others too."""

    book: dict[str, Entry]
    body: bytes
    headers: dict[str, str]
    items: list[tuple[str, int]]  # reference and content's number
    answer: dict[str, Any] | None = None


@dataclass
class Client:
    """Posts until told to stop: one, hundreds or thousands at a time, anew, again, and with news about the known."""

    name: str
    source: str
    key: str
    url: str
    rng: random.Random
    stop: threading.Event
    letters: deque[Letter]  # sent of late by clients of this source
    book: dict[str, Entry] = field(default_factory=dict)
    batches: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        try:
            with httpx.Client(base_url=self.url, timeout=60, trust_env=False) as self.http:
                while not self.stop.is_set():
                    self._deliver(self._next())
        except Exception as error:
            self.faults.append(f"{self.name} ended: {error!r}")

    # --- what is sent ------------------------------------------------------------------------------------------------

    def _next(self) -> Letter:
        kind = self.rng.choices(("single", "batch", "long", "again", "news"), (40, 25, 3, 20, 12))[0]
        if kind == "again" and self.letters:
            return self.rng.choice(list(self.letters))
        if kind == "news" and self.book:
            known = self.rng.sample(sorted(self.book), min(len(self.book), self.rng.choice((1, 20, 200))))
            return self._letter([(ref, self._content_of(ref)) for ref in known])
        number = {"batch": self.rng.randint(100, 1000), "long": self.rng.randint(5100, 6500)}.get(kind, 1)
        return self._letter([(self._new(), 1) for _ in range(number)])

    def _new(self) -> str:
        ref = f"{self.name}/{len(self.book):07d}"
        self.book[ref] = Entry()
        return ref

    def _content_of(self, ref: str) -> int:
        self.book[ref].sent += 1
        return self.book[ref].sent

    def _letter(self, items: list[tuple[str, int]]) -> Letter:
        alerts = [json.dumps(self._alert(*item)).encode() for item in items]
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        if len(items) > 2000 or self.rng.random() < 0.5:
            body, headers["Content-Type"] = b"\n".join(alerts), "application/x-ndjson"
        else:
            body = alerts[0] if len(alerts) == 1 else b"[" + b",".join(alerts) + b"]"
        encoding = self.rng.choice(("identity", "identity", "gzip", "zstd"))
        if encoding != "identity":
            headers["Content-Encoding"] = encoding
            body = gzip.compress(body, 1) if encoding == "gzip" else zstd.compress(body)
        if self.rng.random() < 0.5:
            headers["Idempotency-Key"] = str(uuid.UUID(int=self.rng.getrandbits(128)))
        letter = Letter(self.book, body, headers, items)
        self.letters.append(letter)
        return letter

    def _alert(self, ref: str, content: int) -> dict[str, Any]:
        rng = self.rng
        subject: dict[str, Any] = {"type": "account", "accounts": [f"acct_{rng.randrange(ACCOUNTS):05d}"]}
        indicators = [{"type": "ip", "value": f"198.51.100.{rng.randrange(256)}"}]
        if rng.random() < 0.3:
            indicators.append({"type": "payment_fp_hmac", "value": f"card-{rng.randrange(CARDS)}", "key_id": "k1"})
        if (kind := rng.random()) < 0.1:
            members = [f"acct_{rng.randrange(ACCOUNTS):05d}" for _ in range(5)]
            subject = {"type": "cluster", "cluster_ref": f"cl-{rng.randrange(CLUSTERS)}", "accounts": members}
        elif kind < 0.15:
            subject["campaign_ref"] = f"campaign-{rng.randrange(CAMPAIGNS)}"
        return {
            "schema": "casemgr.alert/1",
            "source": self.source,
            "source_ref": ref,
            "action": "create" if content == 1 else rng.choice(("update", "update", "close")),
            "detector": {"version": "1", "known_false_positives": ["reseller"]},
            "title": f"{ref} said {content}",
            "kind": rng.choice(("volume", "template", "linkage")),
            "severity": rng.randrange(5),
            "detected_at": "2026-06-05T10:00:03Z",
            "window": {"start": "2026-06-04T00:00:00Z", "end": f"2026-06-05T{rng.randrange(24):02d}:00:00Z"},
            "subject": subject,
            "score": {"value": 4.1, "type": "z", "p": rng.random(), "log10_lr": round(rng.uniform(0, 6), 3)},
            "measure": {"queries": rng.randrange(10**6), "new_model_share_24h": rng.random()},
            "indicators": indicators,
            "alternatives": [{"h": rng.choice(("reseller", "class", "proxy")), "status": "not_tested"}],
            "ext": {"padding": "x" * rng.randrange(400)},
        }

    # --- what is answered --------------------------------------------------------------------------------------------

    def _deliver(self, letter: Letter) -> None:
        """Send until it is acknowledged; now and then a client loses patience, and nobody promised it anything."""
        while True:
            try:
                answer = self.http.post(ADDRESS, content=letter.body, headers=letter.headers)
            except httpx.TransportError as error:
                self.seen[type(error).__name__] += 1
            else:
                self.seen[str(answer.status_code)] += 1
                if answer.status_code in (200, 201):
                    return self._note(letter, answer.json())
                if answer.status_code not in (429, 500, 502, 503, 504):
                    return self.faults.append(f"{self.name}: {answer.status_code} {answer.text[:700]}")
            if self.stop.is_set() or self.rng.random() < GIVES_UP:
                self.seen["given up"] += 1
                return None
            self.stop.wait(PATIENCE)

    def _note(self, letter: Letter, answer: dict[str, Any]) -> None:
        verdicts = answer["items"]
        self.seen["acknowledged"] += len(verdicts)
        if [one["source_ref"] for one in verdicts] != [ref for ref, _ in letter.items]:
            return self.faults.append(f"{self.name}: batch {answer['batch']} does not answer item by item")
        if letter.answer and "Idempotency-Key" in letter.headers and answer != letter.answer:
            self.faults.append(f"{self.name}: batch {answer['batch']} was answered otherwise the second time")
        for (ref, content), verdict in zip(letter.items, verdicts, strict=True):
            entry = letter.book[ref]
            if verdict["verdict"] == "rejected" or entry.id not in ("", verdict["id"]):
                self.faults.append(f"{self.name}: {ref} was {entry.id or 'unknown'}, and then: {verdict}")
            entry.id = verdict["id"]
            entry.promised.add(content)
        self.batches.update(answer.get("batches", [answer["batch"]]))
        letter.answer = answer
        return None
