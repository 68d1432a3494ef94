from apps.alerts.models import AlertGroup
from apps.core import workflow

State = AlertGroup.State

TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"alerts.receive": State.OPEN, "alerts.split": State.OPEN},
    State.OPEN: {
        "alerts.claim": State.CLAIMED,
        "alerts.dismiss": State.DISMISSED,
        "alerts.escalate": State.ESCALATED,
        "alerts.snooze": State.OPEN,
        "alerts.wake": State.OPEN,
        "alerts.split": State.OPEN,
        "alerts.merge": State.MERGED,
    },
    State.CLAIMED: {
        "alerts.release": State.OPEN,
        "alerts.dismiss": State.DISMISSED,
        "alerts.escalate": State.ESCALATED,
        "alerts.snooze": State.OPEN,
        "alerts.split": State.CLAIMED,
        "alerts.merge": State.MERGED,
    },
    State.DISMISSED: {"alerts.reopen": State.OPEN},
    State.ESCALATED: {},
    State.MERGED: {"alerts.unmerge": State.OPEN},
}

GROUP = workflow.register(AlertGroup, "state", TRANSITIONS)
