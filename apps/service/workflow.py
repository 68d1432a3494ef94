from apps.core import workflow
from apps.service.models import Attempt, Dispatch, DispatchPart

State, Stage, Piece = Attempt.State, Dispatch.State, DispatchPart.State

# What may become known of a letter that left, from carriers, reports and the recipient, in this order or another.
BECOMES: dict[str, str] = {
    "service.note_delivered": State.DELIVERED,
    "service.acknowledge": State.ACKNOWLEDGED,
    "service.open_by_link": State.ACKNOWLEDGED,
    "service.open_by_code": State.ACKNOWLEDGED,
    "service.note_bounced": State.BOUNCED,
    "service.note_refused": State.REFUSED,
}

# An e-mail leaves `sending` by what its server said; where nobody heard it, it is `unknown` and never sent again.
TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {
        "service.email_letter": State.PREPARED,
        "service.carry_on_dispatch": State.PREPARED,
        "service.record_attempt": State.SENT,
    },
    State.PREPARED: {"service.begin_sending": State.SENDING, "service.give_up": State.FAILED},
    State.SENDING: {
        "service.note_sent": State.SENT,
        "service.put_off": State.PREPARED,
        "service.note_bounced": State.BOUNCED,
        "service.note_delivered": State.DELIVERED,
        "service.acknowledge": State.ACKNOWLEDGED,
        "service.open_by_link": State.ACKNOWLEDGED,
        "service.lose_track": State.UNKNOWN,
    },
    State.UNKNOWN: {
        "service.note_sent": State.SENT,
        "service.put_off": State.PREPARED,
        "service.note_delivered": State.DELIVERED,
        "service.acknowledge": State.ACKNOWLEDGED,
        "service.open_by_link": State.ACKNOWLEDGED,
        "service.note_bounced": State.BOUNCED,
        "service.give_up": State.FAILED,
    },
    State.SENT: BECOMES | {"service.give_up": State.FAILED},
    State.DELIVERED: {
        "service.acknowledge": State.ACKNOWLEDGED,
        "service.open_by_link": State.ACKNOWLEDGED,
        "service.open_by_code": State.ACKNOWLEDGED,
        "service.note_bounced": State.BOUNCED,
        "service.note_refused": State.REFUSED,
    },
    State.BOUNCED: {"service.acknowledge": State.ACKNOWLEDGED, "service.open_by_link": State.ACKNOWLEDGED},
    State.REFUSED: {},
    State.ACKNOWLEDGED: {"service.open_by_link": State.ACKNOWLEDGED},
    State.FAILED: {"service.open_by_link": State.ACKNOWLEDGED},
}

DISPATCH_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"service.start_dispatch": Stage.RUNNING, "service.retry_dispatch": Stage.RUNNING},
    Stage.RUNNING: {
        "service.carry_on_dispatch": Stage.DONE,
        "service.pause_dispatch": Stage.RUNNING,
        "service.resume_dispatch": Stage.RUNNING,
        "service.cancel_dispatch": Stage.CANCELLED,
    },
    Stage.DONE: {},
    Stage.CANCELLED: {},
}

PART_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"service.start_dispatch": Piece.WAITING, "service.retry_dispatch": Piece.WAITING},
    Piece.WAITING: {"service.carry_on_dispatch": Piece.DONE, "service.withdraw_part": Piece.WITHDRAWN},
    Piece.DONE: {},
    Piece.WITHDRAWN: {},
}

ATTEMPT = workflow.register(Attempt, "state", TRANSITIONS)
DISPATCH = workflow.register(Dispatch, "state", DISPATCH_TRANSITIONS)
PART = workflow.register(DispatchPart, "state", PART_TRANSITIONS)
