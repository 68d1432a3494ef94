"""Kills worker, web server, mail server and PostgreSQL while a mailing is drafted, released and sent, and says whether
a letter is there twice, is missing, or left twice.

    VAR_DIR=$(mktemp -d) python -m tests.kills.letters --letters 200 [--pause 6] [--seed N]
"""

import argparse
import json
import os
import random
import secrets
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

VICTIMS = {"worker": 4, "mail": 4, "postgres": 3, "web": 1}  # how often in proportion: the web server takes its time
SENDER = "enforcement@northlight.example"
PATIENCE = 3600  # seconds for all of it
CSRF = "k" * 32


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=200)
    parser.add_argument("--pause", type=float, default=6, help="the longest between two kills, in seconds")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    asked = parser.parse_args()
    if not os.environ.get("VAR_DIR"):
        parser.error("VAR_DIR names the empty directory in which this takes place")
    print(f"seed {asked.seed}", flush=True)
    summary = prove(asked.letters, asked.pause, asked.seed)
    print(json.dumps(summary))
    return 1 if summary["faults"] else 0


def prove(letters: int, pause: float, seed: int) -> dict[str, Any]:
    """A mailing to so many accounts under kills; returns what was killed and found wrong."""
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("CELERY_BROKER_URL", None)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "WARNING"}
    from casemgr.run.crew import Child
    from casemgr.supervisor.processes import choose_port
    from tests.kills.stage import Stage

    stage, port, box = Stage(fast=True), choose_port(Path(os.devnull)), Path(os.environ["VAR_DIR"]) / "taken"
    try:
        mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(port), "EMAIL_TLS": "none", "EMAIL_TIMEOUT": "10"}
        os.environ |= stage.environment | mail | {"SERVICE_FROM": SENDER, "EMAIL_PER_MINUTE": "6000"}
        stage.children["mail"] = Child("mail", [sys.executable, "-m", "tests.kills.postbox", str(port), str(box)])
        import django

        django.setup()
        return Proof(stage, letters, pause, random.Random(seed), box).run()
    finally:
        stage.strike()


class Proof:
    def __init__(self, stage: Any, letters: int, pause: float, rng: random.Random, box: Path) -> None:
        self.stage, self.letters, self.pause, self.rng, self.box = stage, letters, pause, rng, box
        self.killed: Counter[str] = Counter()
        self.began = time.monotonic()

    def run(self) -> dict[str, Any]:
        from django.core.management import call_command

        from apps.cases import actions as cases
        from apps.notices import actions
        from tests.architecture.world import World
        from tests.cases.conftest import make_accounts
        from tests.kills import office

        call_command("migrate", verbosity=0)
        office.name_static_files()
        make_accounts(self.letters - 4, "many")
        self.world = World()
        decision = self.world.approved()
        if decision.state == "held":  # a third person has to agree to what meets so many
            cases.release_decision(decision, by=self.world.people.lead)
        self.sessions = {name: office.signed_in(getattr(self.world.people, name)) for name in ("counsel", "approver")}
        self.stage.raise_curtain()
        self.mailing = actions.start_mailing(decision, kind="suspension", by=self.world.people.counsel)
        self.until("drafted", lambda: self.state() == "review")
        self.approve()
        self.post(
            "counsel",
            "notices/mailings/{}/release/",
            {"typed": str(self.mailing.count)},
            lambda: self.state() != "approved",
        )
        self.until("issued", lambda: self.state() == "done")
        self.send()
        self.until("sent", self.is_sent)
        office.settle(120)
        self.stage.stop("web", "worker", "sequencer", "anchors", "mail")
        faults = self.faults() + [f"died without being killed: {one}" for one in self.stage.died]
        return (
            {"letters": self.mailing.count, "killed": dict(self.killed), "faults": len(faults)}
            | self.figures
            | {"seconds": round(time.monotonic() - self.began), "first_faults": faults[:20]}
        )

    # --- what people do ----------------------------------------------------------------------------------------------

    def approve(self) -> None:
        from apps.notices import actions

        people = self.world.people
        for sampled in self.mailing.sample.all():
            actions.mark_letter(sampled, mark="right", by=people.approver)
        self.post("approver", "notices/mailings/{}/approve/", {}, lambda: self.state() != "review")

    def send(self) -> None:
        from apps.service import actions

        to = {pk: f"{pk.hex}@example.org" for pk in self.mailing.notices.values_list("pk", flat=True)}
        actions.start_dispatch(self.mailing, addresses=to, by=self.world.people.counsel)

    def post(self, who: str, path: str, data: dict[str, str], is_done: Any) -> None:
        """Press a button until it is done, whatever dies while it is pressed."""
        import httpx

        cookies, headers = {"session": self.sessions[who], "csrf": CSRF}, {"X-CSRFToken": CSRF}
        with httpx.Client(
            base_url=self.stage.url, timeout=30, trust_env=False, cookies=cookies, headers=headers
        ) as http:
            while not is_done():
                killer = threading.Timer(self.rng.uniform(0, 0.5), self.kill, ["web"])
                killer.start()
                with suppress(httpx.HTTPError):
                    http.post("/" + path.format(self.mailing.pk), data=data)
                killer.join()

    # --- what dies ---------------------------------------------------------------------------------------------------

    def until(self, what: str, is_done: Any) -> None:
        """Kill one after the other, until it has come about."""
        from django.db import DatabaseError, connection
        from django.utils import timezone

        from apps.core import jobs
        from apps.core.models import Job

        deadline = self.began + PATIENCE
        while True:
            with suppress(DatabaseError):
                if is_done():
                    break
                Job.objects.filter(state="waiting", due_at__gt=timezone.now()).update(due_at=timezone.now(), attempts=0)
                jobs.ring()
                jobs.ring("service.send")
            connection.close()
            if time.monotonic() > deadline:
                raise TimeoutError(f"it is not {what} after {PATIENCE} s")
            time.sleep(self.rng.uniform(0.5, self.pause))
            if self.rng.random() < 0.5:
                self.wait_for_progress()
            self.kill(*self.rng.choices(list(VICTIMS), VICTIMS.values()))
        print(f"{time.monotonic() - self.began:6.1f} s  {what}", flush=True)

    def wait_for_progress(self) -> None:
        """Until something is done, or for a minute: on a slow machine no part would ever be, when one always dies."""
        deadline, before = time.monotonic() + 60, self.progress()
        while self.progress() == before and time.monotonic() < deadline:
            time.sleep(0.2)

    def progress(self) -> int:
        """How many jobs are done and e-mails were handed over; -1 while the database is away."""
        from django.db import DatabaseError, connection

        from apps.core.models import Job
        from apps.service.models import Attempt

        try:
            return Job.objects.filter(state="done").count() + Attempt.objects.exclude(state="prepared").count()
        except DatabaseError:
            connection.close()
            return -1

    def kill(self, victim: str) -> None:
        from django.db import connection

        connection.close()
        what = self.stage.kill(victim, self.rng)
        self.killed[what] += 1
        print(f"{time.monotonic() - self.began:6.1f} s  {what} was killed and is back", flush=True)

    # --- what must hold ----------------------------------------------------------------------------------------------

    def state(self) -> str:
        self.mailing.refresh_from_db()
        return self.mailing.state

    def is_sent(self) -> bool:
        from apps.service.models import Attempt, Dispatch

        waiting = Attempt.objects.filter(state="prepared").exists()
        return not waiting and not Dispatch.objects.filter(state="running").exists()

    def faults(self) -> list[str]:
        from apps.audit.models import Event
        from apps.audit.verify import verify
        from apps.core import vault
        from apps.service.models import Attempt
        from tests.kills.postbox import taken

        letters = list(self.mailing.notices.values_list("ref", "account_id", "state", "pdf_sha256", "pk"))
        attempts = dict(Attempt.objects.values_list("message_id", "state"))
        box = Counter(taken(self.box))
        numbers = sorted(int(ref.rpartition("-")[2]) for ref, *_ in letters if ref)
        verbs = Counter(Event.objects.filter(object_type="notices_notice").values_list("action", flat=True))
        self.figures = {"taken": len(box), "attempts": dict(Counter(attempts.values()))}
        count, found = self.mailing.count, []
        found += [f"{len(letters)} letters to {count} accounts"] if len({row[1] for row in letters}) != count else []
        found += ["two letters to one account"] if len(letters) != count else []
        found += [f"numbers {numbers[:3]}… have a gap or repeat"] if numbers != list(range(1, count + 1)) else []
        found += [f"{ref} is {state}" for ref, _, state, *_ in letters if state != "issued"]
        found += [f"the file of {ref} is lost" for ref, _, _, sha, _ in letters if vault.measure(sha) != sha]
        found += [
            f"{verbs[f'notices.{verb}_part']} events {verb} of {count} letters"
            for verb in ("draft", "number", "render")
            if verbs[f"notices.{verb}_part"] != count
        ]
        found += [f"{message} was taken {times} times" for message, times in box.items() if times != 1]
        found += [f"{message} is of no attempt" for message in box.keys() - attempts.keys()]
        found += [
            f"{message} is sent, and nobody took it"
            for message, s in attempts.items()
            if s == "sent" and message not in box
        ]
        found += [
            f"{message} is {s}, and was taken"
            for message, s in attempts.items()
            if s in ("prepared", "failed", "bounced") and message in box
        ]
        found += [f"{len(attempts)} attempts for {count} letters"] if len(attempts) != count else []
        return found + [finding.sentence for verdict in verify().verdicts for finding in verdict.findings]


if __name__ == "__main__":
    sys.exit(main())
