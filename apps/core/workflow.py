"""States and the verbs that lead from one to the next, as data.

A room's `workflow.py` holds `TRANSITIONS`, a literal: state -> {verb: next state}, with None for "does not exist yet".
Registering it makes the ledger refuse every other change of that field, and lets permissions and pages ask whether a
verb is possible now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Workflow:
    model: type[Any]
    field: str
    transitions: Mapping[str | None, Mapping[str, str]]

    def leads(self, old: str | None, verb: str, new: str) -> bool:
        return self.transitions.get(old, {}).get(verb) == new

    def mermaid(self) -> str:
        """The diagram that the README shows."""
        lines = ["stateDiagram-v2"]
        for old, verbs in self.transitions.items():
            lines += [f"    {old or '[*]'} --> {new}: {verb.partition('.')[2]}" for verb, new in verbs.items()]
        return "\n".join(lines)


_workflows: dict[tuple[type, str], Workflow] = {}


class IllegalTransition(Exception):
    """A state was to change in a way that the workflow does not have."""


def register(model: type, field: str, transitions: Mapping[str | None, Mapping[str, str]]) -> Workflow:
    return _workflows.setdefault((model, field), Workflow(model, field, transitions))


def workflows() -> list[Workflow]:
    return list(_workflows.values())


def of(model: type) -> list[Workflow]:
    return [flow for (owner, _), flow in _workflows.items() if owner is model]


def check(model: type, field: str, old: str | None, verb: str, new: str) -> None:
    """Raise IllegalTransition unless the verb leads from the old state to the new one."""
    flow = _workflows.get((model, field))
    if flow and not flow.leads(old, verb, new):
        raise IllegalTransition(
            f"{verb} cannot take a {model.__name__.lower()} from {old or 'nothing'} to {new}; "
            f"from there it may go by {', '.join(flow.transitions.get(old, {})) or 'nothing'}"
        )


def allows(obj, verb: str) -> bool:
    """Whether the object's present state has this verb. True for verbs that no workflow of the model names."""
    flows = [flow for flow in of(type(obj)) if any(verb in verbs for verbs in flow.transitions.values())]
    return all(verb in flow.transitions.get(getattr(obj, flow.field), {}) for flow in flows)
