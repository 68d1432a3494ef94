from apps.alerts.models import AlertGroup
from apps.core import workflow

State = AlertGroup.State

TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"alerts.receive": State.OPEN},
    State.OPEN: {
        "alerts.claim": State.CLAIMED,
        "alerts.dismiss": State.DISMISSED,
        "alerts.escalate": State.ESCALATED,
    },
    State.CLAIMED: {
        "alerts.release": State.OPEN,
        "alerts.dismiss": State.DISMISSED,
        "alerts.escalate": State.ESCALATED,
    },
    State.DISMISSED: {"alerts.reopen": State.OPEN},
    State.ESCALATED: {},
}

GROUP = workflow.register(AlertGroup, "state", TRANSITIONS)
