"""The fence around audited models: writes pass only while the ledger holds the gate open."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class WriteOutsideLedger(Exception):
    """Something other than the ledger tried to write an audited model."""


_open: ContextVar[bool] = ContextVar("ledger_is_writing", default=False)


@contextmanager
def gate() -> Iterator[None]:
    token = _open.set(True)
    try:
        yield
    finally:
        _open.reset(token)


def refuse_deletion(sender: type, **_: object) -> None:
    require_open(sender)


def require_open(model: type) -> None:
    if not _open.get():
        raise WriteOutsideLedger(
            f"{model.__name__} is audited: write it with ledger.create, ledger.change or ledger.batch inside an @action"
        )
