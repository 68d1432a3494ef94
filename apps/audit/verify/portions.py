"""One verification, portion by portion: the log in stretches, the tables one by one.

The log is read by this process and the tables, where there is much to read, by a second one in the same snapshot
(`pg_export_snapshot`). After each portion the state says how far it is, in plain data, and another call can go on from
it: the log is only ever appended to, and each table is held against its events within one snapshot.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

from django.conf import settings

from apps.audit.log import notes
from apps.audit.models import audited_models, derived_models
from apps.audit.verify import agreement, anchors, completeness, integrity
from apps.audit.verify.erasures import Erasures
from apps.audit.verify.integrity import Log, Mark, Memory
from apps.audit.verify.reading import Reader, snapshot
from apps.audit.verify.report import Report, Verdict

STRETCH = 20_000  # entries of the log in a portion
LARGE = 50_000  # entries and rows from which on a second process pays
SHARES = 7  # an incremental verification reads each seventh of what it would skip; seven in turn read all of it


@dataclass(frozen=True)
class Base:
    """An earlier verification that held, and which share of what it covers is read again all the same."""

    number: int
    mark: Mark
    xmin: int  # transactions that it may not have seen
    cluster: str  # in which those numbers count
    share: int


@dataclass
class State:
    """How far a verification is."""

    base: Base | None = None
    xmin: int = 0  # of the first snapshot
    cluster: str = ""
    mark: Mark = field(default_factory=Mark)
    tables: list[str] = field(default_factory=list)  # looked at
    done: int = 0
    of: int = 0
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    remark: str = ""

    def verdict(self, name: str) -> Verdict:
        return self.verdicts.setdefault(name, Verdict(name, QUESTIONS[name]))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "State":
        base = data["base"] and Base(**data["base"] | {"mark": Mark(**data["base"]["mark"])})
        verdicts = {name: Verdict.from_dict(verdict) for name, verdict in data["verdicts"].items()}
        return cls(**data | {"base": base, "mark": Mark(**data["mark"]), "verdicts": verdicts})


QUESTIONS = {
    "integrity": "Is the log as it was signed?",
    "completeness": "Is every event there, and all it refers to?",
    "agreement": "Do the tables say what the log says?",
    "time": "Is it known from outside when things happened?",
}

Tell = Callable[[State], None]


def verify(
    tell: Tell | None = None,
    *,
    base: Base | None = None,
    state: State | None = None,
    outside: list[str] | None = None,
    processes: int = 1,
) -> Report:
    """Verify the trail: all of it, or what came since `base`; from the beginning, or from where `state` stopped.

    `tell` is called after every portion. `outside` are checkpoints that somebody kept. Holds only the database's
    committed state against itself, the seal key, the log's key and what is outside: who has all of these can write
    another history.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    state = state or State(base=base)
    memory = Memory.ask()
    with snapshot() as reader:
        try:
            _read(reader, state, memory, tell or _silently, processes)
        except LookupError as error:
            state = State(remark=f"Everything was read, because {error}.")
            _read(reader, state, memory, tell or _silently, processes)
        for note in outside or []:
            integrity.against(reader, state.verdict("integrity"), note)
        anchors.check(reader, state.verdict("time"), state.base.mark.size if state.base else 0)
    verdicts = [state.verdict(name) for name in QUESTIONS]
    seconds = round(time.monotonic() - clock, 3)
    return Report(started, seconds, state.mark.size, _key(), verdicts, skipped(state), state.remark)


def skipped(state: State) -> list[str]:
    """What was not looked at, in sentences."""
    if state.base is None:
        return []
    size = f"{state.base.mark.size:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return [
        f"The bodies of the first {size} entries, which verification {state.base.number} read, but for every "
        f"{SHARES}th tile of 256. That each of them still has its event was looked at.",
        f"Rows that no event has touched since verification {state.base.number}, but for every {SHARES}th. A row that "
        f"was changed without an event is found within {SHARES} verifications, or by the next full one.",
        "Private values and contents of batches that belong to those entries.",
    ]


def _silently(state: State) -> None:
    pass


def _read(reader: Reader, state: State, memory: Memory, tell: Tell, processes: int) -> None:
    _begin(reader, state)
    if processes > 1 and state.of - state.done > LARGE and not multiprocessing.current_process().daemon:
        with _beside(reader, state) as take_in:

            def tell_both(state: State) -> None:
                take_in(0)
                tell(state)

            log = _read_log(reader, state, memory, tell_both)
            while take_in(1):
                tell(state)
    else:
        log = _read_log(reader, state, memory, tell)
        for _ in _read_tables(reader, state):
            tell(state)
    _conclude(reader, state, log)


def _begin(reader: Reader, state: State) -> None:
    """Measure what is to be read; the numbers of tables are PostgreSQL's estimates."""
    (entries,) = reader.one("SELECT coalesce(max(idx) + 1, 0) FROM audit_leaf")
    cluster = next((row[0] for row in reader.all("SELECT system_identifier FROM audit_logstate")), "")
    xmin, xmax = reader.one(
        "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s"
    )
    if state.base and (state.base.cluster != cluster or state.base.xmin > xmax):
        raise LookupError("the database has moved to another cluster since the last verification")
    if not state.of:
        state.xmin, state.cluster = xmin, cluster
        state.mark = state.base.mark if state.base else Mark()
        rows = sum(_weights(reader).values())
        state.of = entries - state.mark.size + (rows // SHARES if state.base else rows)
    if state.mark.size > entries:
        raise LookupError(f"the log has {entries} entries, and {state.mark.size} were verified before")


def _weights(reader: Reader) -> dict[str, int]:
    estimates = dict(reader.all("SELECT relname, greatest(reltuples, 0)::bigint FROM pg_class WHERE relkind = 'r'"))
    return {model._meta.db_table: estimates.get(model._meta.db_table, 0) for model in audited_models()}


# --- the log ---------------------------------------------------------------------------------------------------------


def _read_log(reader: Reader, state: State, memory: Memory, tell: Tell) -> Log:
    references = completeness.References(reader, state.verdict("completeness"), Erasures(reader))
    log = Log(reader, state.verdict("integrity"), references, state.mark, memory)
    while log.walk(log.tree.size + STRETCH):
        state.done += log.tree.size - state.mark.size
        state.mark = log.mark
        tell(state)
    state.mark = log.mark
    return log


def _conclude(reader: Reader, state: State, log: Log) -> None:
    """What is looked at as a whole, last of all: one that goes on does it for the first time."""
    if state.base:
        log.sample(state.base.share, SHARES, before=state.base.mark.size)
    log.conclude()
    integrity.guards(reader, state.verdict("integrity"))
    erasures = log.references.erasures
    completeness.check(reader, state.verdict("completeness"), erasures, is_full=state.base is None)


# --- the tables ------------------------------------------------------------------------------------------------------


def _read_tables(reader: Reader, state: State) -> Iterator[None]:
    """A table at a time: yields after each."""
    agreed, weights = state.verdict("agreement"), _weights(reader)
    since = agreement.Since(state.base.xmin, state.base.share, SHARES) if state.base else None
    for model in audited_models():
        table = model._meta.db_table
        if table not in state.tables:
            agreement.check_table(reader, agreed, model, since)
            state.tables.append(table)
            state.done += weights[table] // (SHARES if since else 1)
            yield
    for derived in derived_models():
        table = derived._meta.db_table
        if table not in state.tables:
            agreement.check_derived(reader, agreed, derived)
            state.tables.append(table)
            yield


@contextmanager
def _beside(reader: Reader, state: State) -> Iterator[Callable[[float | None], bool]]:
    """Read the tables in a second process. Yields what takes in its news, waiting for some as long as it is told;
    that returns False when there are no more."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(
        target=_tables_beside, args=(theirs, reader.share(), state), daemon=True
    )
    child.start()
    theirs.close()
    counted, is_done = state.done, False

    def take_in(patience: float | None) -> bool:
        nonlocal counted, is_done
        try:
            while not is_done and ours.poll(patience):
                tables, agreed, done = ours.recv()
                if is_done := tables is None:
                    break
                state.tables, state.verdicts["agreement"] = tables, agreed
                state.done += done - counted
                counted = done
                patience = 0
        except EOFError:
            raise RuntimeError("the process that read the tables has ended before it was done") from None
        return not is_done

    try:
        yield take_in
    finally:
        child.terminate()
        child.join()
        ours.close()


def _tables_beside(pipe: Connection, shared: str, state: State) -> None:
    with snapshot(shared) as reader:
        for _ in _read_tables(reader, state):
            pipe.send((state.tables, state.verdict("agreement"), state.done))
    pipe.send((None, None, None))


def _key() -> str:
    try:
        verifier = notes.load_verifier(settings.TRAIL_KEY_FILE)
        return verifier.ids if verifier else ""
    except (notes.BadNote, OSError):
        return ""
