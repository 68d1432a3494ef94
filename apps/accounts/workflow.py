"""States of an authorisation, of a ring and of a run that looks for rings.

That the last day of an authorisation has passed is no state: the days say so.
"""

from apps.accounts.models import Authorisation, LinkageRun, Ring
from apps.core import workflow

State = Authorisation.State
RunState, RingState = LinkageRun.State, Ring.State

AUTHORISATION_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"accounts.record_authorisation": State.RECORDED},
    State.RECORDED: {
        "accounts.confirm_authorisation": State.ACTIVE,
        "accounts.refuse_authorisation": State.REFUSED,
    },
    State.ACTIVE: {"accounts.revoke_authorisation": State.REVOKED},
    State.REFUSED: {},
    State.REVOKED: {},
}

AUTHORISATION = workflow.register(Authorisation, "state", AUTHORISATION_TRANSITIONS)

LINKAGE_RUN_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"accounts.start_linkage": RunState.RUNNING},
    RunState.RUNNING: {"accounts.write_rings": RunState.DONE, "accounts.stop_linkage": RunState.STOPPED},
    RunState.DONE: {},
    RunState.STOPPED: {},
}

LINKAGE_RUN = workflow.register(LinkageRun, "state", LINKAGE_RUN_TRANSITIONS)

# What a run does to a ring, it does whatever people said of it: their words stay with it.
RING_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"accounts.write_rings": RingState.FOUND},
    RingState.FOUND: {
        "accounts.suspect_ring": RingState.SUSPECTED,
        "accounts.explain_ring": RingState.INNOCENT,
        "accounts.write_rings": RingState.DISSOLVED,
    },
    RingState.SUSPECTED: {
        "accounts.explain_ring": RingState.INNOCENT,
        "accounts.reopen_ring": RingState.FOUND,
        "accounts.write_rings": RingState.DISSOLVED,
    },
    RingState.INNOCENT: {
        "accounts.suspect_ring": RingState.SUSPECTED,
        "accounts.reopen_ring": RingState.FOUND,
        "accounts.write_rings": RingState.DISSOLVED,
    },
    RingState.DISSOLVED: {},
}

RING = workflow.register(Ring, "state", RING_TRANSITIONS)
