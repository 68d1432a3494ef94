import pytest

from apps.core import workflow


class Door:
    def __init__(self, state: str) -> None:
        self.state = state


FLOW = workflow.Workflow(
    Door,
    "state",
    {
        None: {"house.build": "closed"},
        "closed": {"house.open": "open", "house.lock": "locked"},
        "open": {},
        "locked": {},
    },
)


@pytest.fixture(autouse=True)
def doors(monkeypatch):
    monkeypatch.setattr(workflow, "_workflows", {(Door, "state"): FLOW})


@pytest.mark.parametrize(("old", "verb", "new"), [(None, "house.build", "closed"), ("closed", "house.open", "open")])
def test_what_the_table_has_is_allowed(old, verb, new):
    workflow.check(Door, "state", old, verb, new)


@pytest.mark.parametrize(
    ("old", "verb", "new"),
    [
        (None, "house.open", "open"),  # from nowhere
        ("closed", "house.open", "locked"),  # the right verb to the wrong state
        ("closed", "house.build", "closed"),  # the verb of another state
        ("open", "house.open", "open"),
        ("burnt", "house.open", "open"),  # a state that nobody knows
    ],
)
def test_every_other_change_is_refused_and_says_what_is_possible(old, verb, new):
    with pytest.raises(workflow.IllegalTransition, match="from there it may go by"):
        workflow.check(Door, "state", old, verb, new)


def test_a_verb_is_possible_in_its_states_only():
    assert workflow.allows(Door("closed"), "house.open")
    assert not workflow.allows(Door("open"), "house.open")
    assert workflow.allows(Door("open"), "house.paint")  # of which the table says nothing


def test_a_field_without_a_table_is_free():
    workflow.check(Door, "colour", "red", "house.paint", "blue")


def test_the_diagram_shows_every_step():
    assert FLOW.mermaid().splitlines() == [
        "stateDiagram-v2",
        "    [*] --> closed: build",
        "    closed --> open: open",
        "    closed --> locked: lock",
    ]
