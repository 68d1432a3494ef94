"""People who work while things die: they triage, open cases, write notes, collect evidence and issue holds.

Whatever a person sends bears a mark of its own, so that it is known afterwards how often it was done.
"""

import random
import re
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

PAUSE = 0.1
GROUP = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CASE = re.compile(r"CASE-\d+-\d+")
CSRF = "k" * 32
DONE = (302, 303)  # a form that was carried out leads on


@dataclass
class Act:
    """Something that was sent once; `promised` when the answer said that it is done."""

    verb: str
    mark: str
    promised: bool = False


@dataclass
class Person:
    """Works until told to stop, in a browser without a screen."""

    name: str
    session: str
    url: str
    rng: random.Random
    stop: threading.Event
    cases: list[str]  # references of cases that are on record, for all people
    acts: list[Act] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        cookies, headers = {"session": self.session, "csrf": CSRF}, {"X-CSRFToken": CSRF}
        try:
            with httpx.Client(
                base_url=self.url, timeout=60, trust_env=False, cookies=cookies, headers=headers
            ) as self.http:
                while not self.stop.wait(PAUSE):
                    self._next()()
        except Exception as error:
            self.faults.append(f"{self.name} ended: {error!r}")

    def _next(self) -> Callable[[], object]:
        if self.name == "counsel":
            return self.issue_hold if self.cases else lambda: None
        if not self.cases:
            return self.open_case
        return self.rng.choices((self.dismiss, self.open_case, self.add_note, self.collect), (40, 10, 25, 25))[0]

    # --- what is done

    def dismiss(self) -> None:
        taken = self._post("/queue/next/", {})
        if found := GROUP.search(taken):
            self._do("alerts.dismiss", f"/queue/{found[0]}/dismiss/", "note", dismissal="benign")

    def open_case(self) -> None:
        answer = self._do("cases.open_case", "/cases/open/", "title", severity="2", kind="extraction")
        if found := CASE.search(answer):
            self.cases.append(found[0])

    def add_note(self) -> None:
        self._do("cases.add_note", f"/cases/{self.rng.choice(self.cases)}/notes/add/", "body")

    def collect(self) -> None:
        content = self.rng.randbytes(self.rng.choice((20, 2_000, 200_000)))
        said = {"kind": "query_log", "origin": "The gateway", "tlp": "amber"}
        self._do("evidence.collect", "/evidence/collect/", "title", {"file": ("log.bin", content)}, **said)

    def issue_hold(self) -> None:
        scope = self.rng.choice(self.cases)
        self._do("records.issue_hold", "/records/holds/issue/", "matter", reason="A claim is expected.", scope=scope)

    # --- how

    def _do(self, verb: str, address: str, marked: str, files: dict | None = None, **data: str) -> str:
        """Send it once, with a mark in one field; returns where the answer leads to, empty where there was none."""
        act = Act(verb, f"mark {uuid.UUID(int=self.rng.getrandbits(128))}")
        self.acts.append(act)
        leads_to = self._post(address, data | {marked: act.mark}, files)
        act.promised = bool(leads_to)
        return leads_to

    def _post(self, address: str, data: dict[str, str], files: dict | None = None) -> str:
        try:
            answer = self.http.post(address, data=data, files=files)
        except httpx.TransportError as error:
            self.seen[type(error).__name__] += 1
            return ""
        self.seen[str(answer.status_code)] += 1
        if answer.status_code not in (*DONE, 429, 500, 502, 503, 504):
            self.faults.append(f"{self.name}: {address} {answer.status_code} {_words(answer.text)}")
        return answer.headers["Location"] if answer.status_code in DONE else ""


def _words(page: str) -> str:
    """A page without its tags, from its main part on."""
    return re.sub(r"(<[^>]*>|\s)+", " ", page[page.find("<main") :])[:500]
