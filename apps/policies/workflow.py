"""States of what is proposed about terms."""

from apps.core import workflow
from apps.policies.models import Succession, Tagging

TAGGING_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"policies.import_terms": Tagging.State.PROPOSED, "policies.tag_clause": Tagging.State.CONFIRMED},
    Tagging.State.PROPOSED: {
        "policies.confirm_tag": Tagging.State.CONFIRMED,
        "policies.reject_tag": Tagging.State.REJECTED,
    },
    Tagging.State.CONFIRMED: {"policies.reject_tag": Tagging.State.REJECTED},
    Tagging.State.REJECTED: {"policies.confirm_tag": Tagging.State.CONFIRMED},
}

SUCCESSION_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {
        "policies.confirm_succession": Succession.State.CONFIRMED,
        "policies.reject_succession": Succession.State.REJECTED,
    },
    Succession.State.CONFIRMED: {"policies.reject_succession": Succession.State.REJECTED},
    Succession.State.REJECTED: {"policies.confirm_succession": Succession.State.CONFIRMED},
}

TAGGING = workflow.register(Tagging, "state", TAGGING_TRANSITIONS)
SUCCESSION = workflow.register(Succession, "state", SUCCESSION_TRANSITIONS)
