"""The whole of casemgr as `make demo` runs it, on servers of its own, to be killed piece by piece."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

from casemgr.run import outside
from casemgr.run.crew import Child, answers, commands, kill_group
from casemgr.run.paths import HOST, LOGS, VAR
from casemgr.supervisor import Services, processes

READY_SECONDS = 180  # on a busy machine too
CRASH_LOOP_SECONDS = 10  # the web server gives up over a process that dies so soon after it was replaced


class Stage:
    """Everything that `make demo` starts, under VAR_DIR: servers, web, worker, sequencer, signer, a witness, anchors.

    `fast` gives up waiting for the disk.
    """

    def __init__(self, *, fast: bool) -> None:
        self.services = Services(VAR, options={"fast": fast})
        told = outside.environment()
        self.environment = self.services.start() | told | {"TRAIL_NETWORKS": f"{HOST}/32"}
        LOGS.mkdir(parents=True, exist_ok=True)
        port = processes.choose_port(Path(os.devnull))
        self.url = f"http://{HOST}:{port}"
        everybody = commands(port) | outside.commands(told)
        self.children = {name: Child(name, command) for name, command in everybody.items()}
        self.died: list[str] = []
        self.replaced_at = 0.0

    def raise_curtain(self) -> None:
        for child in self.children.values():
            child.start(dict(os.environ))
        self.wait()

    def wait(self) -> None:
        """Until the site answers. Who died without us is noted and started again."""
        deadline = time.monotonic() + READY_SECONDS
        while not answers(f"{self.url}/healthz"):
            self.look_after()
            if time.monotonic() > deadline:
                raise TimeoutError(f"the site does not come back: {processes.last_words(LOGS / 'web.log')}")
            time.sleep(0.05)
        self.look_after()

    def look_after(self) -> None:
        for name, child in self.children.items():
            if child.process and child.process.poll() is not None:
                self.died.append(f"{name} (exit {child.process.returncode})")
                child.start(dict(os.environ))

    def kill(self, name: str, rng: random.Random) -> str:
        """Kill -9, start again, wait for the site; returns what was killed."""
        if name == "postgres":
            server = self.services.postgres
            if pid := server.pid():
                processes.end(pid, signal.SIGKILL, is_alive=lambda: bool(server.pid()), name="PostgreSQL", seconds=10)
            server.start()
            what = "PostgreSQL"
        else:
            what = self._kill_child(name, rng)
        self.wait()
        return what

    def _kill_child(self, name: str, rng: random.Random) -> str:
        child = self.children[name]
        assert child.process
        serving = children_of(child.process.pid)
        is_alone = rng.random() < 0.5
        if name == "web" and serving and is_alone and time.monotonic() - self.replaced_at > CRASH_LOOP_SECONDS:
            self.replaced_at = time.monotonic()
            os.kill(rng.choice(serving), signal.SIGKILL)
            return "one process of the web server"
        kill_group(child.process.pid)
        child.process.wait()
        child.start(dict(os.environ))
        return f"the {name}"

    def stop(self, *names: str) -> None:
        for name in names or self.children:
            if (process := self.children[name].process) and process.poll() is None:
                process.terminate()
        for name in names or self.children:
            if process := self.children[name].process:
                processes.wait_until(lambda p=process: p.poll() is not None, seconds=20)  # type: ignore[misc]
                kill_group(process.pid)
                process.wait()

    def strike(self) -> None:
        """Everything ends, and the servers' data go."""
        self.stop()
        self.services.erase()


def children_of(pid: int) -> list[int]:
    with suppress(FileNotFoundError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
