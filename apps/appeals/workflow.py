from apps.appeals.models import Appeal
from apps.core import workflow

State = Appeal.State

TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"appeals.file_appeal": State.WAITING},
    State.WAITING: {
        "appeals.take_appeal": State.REVIEW,
        "appeals.add_words": State.WAITING,
        "appeals.withdraw_appeal": State.WITHDRAWN,
    },
    State.REVIEW: {
        "appeals.put_back": State.WAITING,
        "appeals.ask_recipient": State.REVIEW,
        "appeals.add_words": State.REVIEW,
        "appeals.uphold_decision": State.UPHELD,
        "appeals.reverse_decision": State.REVERSED,
        "appeals.withdraw_appeal": State.WITHDRAWN,
    },
    State.UPHELD: {"appeals.write_answer": State.UPHELD},
    State.REVERSED: {"appeals.write_answer": State.REVERSED},
    State.WITHDRAWN: {},
}

APPEAL = workflow.register(Appeal, "state", TRANSITIONS)
