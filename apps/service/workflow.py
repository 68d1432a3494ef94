from apps.core import workflow
from apps.service.models import Attempt

State = Attempt.State

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
    None: {"service.email_letter": State.PREPARED, "service.record_attempt": State.SENT},
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

ATTEMPT = workflow.register(Attempt, "state", TRANSITIONS)
