"""`@action`: the one way to change state.

`cases.assign` is at once the function, the permission, the audit verb and the name of the URL.
"""

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar, overload

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from apps.audit import ledger
from apps.audit.models import AuditedModel

P = ParamSpec("P")
R = TypeVar("R")

_actions: dict[str, Callable] = {}


class Principal(Protocol):
    """Who acts: a person, a detector, or casemgr itself."""

    @property
    def actor(self) -> str: ...  # e.g. "user:0192…", unique and stable

    @property
    def actor_kind(self) -> str: ...  # person, detector, recipient or system

    def has_perm(self, perm: str, obj: object = None) -> bool: ...


class Forbidden(PermissionDenied):
    """The principal may not do this to this object now."""

    def __init__(self, verb: str, by: Principal) -> None:
        super().__init__(f"{by} may not {verb.partition('.')[2].replace('_', ' ')} here")
        self.verb = verb


class NothingRecorded(Exception):
    """An action ended without an event: the change, or the note of it, was forgotten."""


def verbs() -> dict[str, Callable]:
    """All actions by verb, of the modules that have been imported."""
    return dict(_actions)


@overload
def action(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def action(*, shared: bool) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def action(function: Callable | None = None, /, *, shared: bool = False) -> Callable:
    """Make a function of `actions.py` a verb: permitted, atomic, and recorded, or it does not happen.

    The function takes the object it acts on first, if there is one, and the principal as keyword `by`. An audited
    object is locked and read again before permission is asked, so that check and act see the same row; with `shared`
    it is not, so that many may do this to it at the same time: for verbs that leave the object itself as it is.
    A keyword `reason` becomes the reason of its events. Raises Forbidden, or NothingRecorded when the body wrote no
    event.
    """
    return _verb(function, shared) if function else functools.partial(_verb, shared=shared)


def _verb(function: Callable[P, R], shared: bool) -> Callable[P, R]:
    verb = f"{function.__module__.split('.')[1]}.{function.__name__}"
    signature = inspect.signature(function)
    by_parameter = signature.parameters.get("by")
    if by_parameter is None or by_parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
        raise TypeError(f"{verb} must take a keyword-only `by`")
    if verb in _actions:
        raise TypeError(f"two actions are called {verb}")
    takes_object = next(iter(signature.parameters.values())).kind is not inspect.Parameter.KEYWORD_ONLY

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        by = bound.arguments["by"]
        target = args[0] if takes_object and args and isinstance(args[0], models.Model) else None
        with transaction.atomic():
            with ledger.act(verb, by, reason=bound.arguments.get("reason") or "") as events:
                if isinstance(target, AuditedModel) and not shared:
                    ledger.lock(target)
                if not by.has_perm(verb, target):
                    raise Forbidden(verb, by)
                result = function(*args, **kwargs)
            if not events:
                raise NothingRecorded(f"{verb} wrote nothing into the trail")
        return result

    run.verb = verb  # type: ignore[attr-defined]
    _actions[verb] = run
    return run
