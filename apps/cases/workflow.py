from datetime import timedelta

from apps.cases.models import BulkStep, Case, Decision, Finding, Independence, Invitation
from apps.core import workflow

State = Case.State

# How long a case should stay in a state. A house rule, shown as a clock; nothing happens by itself when it runs out.
TARGETS = {
    State.TRIAGE: timedelta(hours=24),
    State.INVESTIGATION: timedelta(days=5),
    State.FINDING: timedelta(days=1),
    State.DECISION: timedelta(days=2),
    State.NOTICE: timedelta(days=2),
    State.CLOSED: timedelta(0),
}

ACCUSING = frozenset({State.INVESTIGATION})
DECIDING = frozenset({State.DECISION, State.NOTICE})

CASE_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {
        "cases.open_case": State.TRIAGE,
        "cases.open_case_from_group": State.TRIAGE,
        "cases.open_case_from_ring": State.TRIAGE,
    },
    State.TRIAGE: {"cases.start_investigation": State.INVESTIGATION, "cases.close_case": State.CLOSED},
    State.INVESTIGATION: {"cases.propose_finding": State.FINDING, "cases.close_case": State.CLOSED},
    State.FINDING: {
        "cases.confirm_finding": State.DECISION,
        "cases.reject_finding": State.INVESTIGATION,
        "cases.withdraw_finding": State.INVESTIGATION,
    },
    State.DECISION: {
        "cases.approve_decision": State.NOTICE,
        "cases.release_decision": State.NOTICE,
        "cases.close_case": State.CLOSED,
    },
    State.NOTICE: {"cases.close_case": State.CLOSED},
    State.CLOSED: {"cases.reopen_case": State.INVESTIGATION},
}

FINDING_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"cases.propose_finding": Finding.State.PROPOSED},
    Finding.State.PROPOSED: {
        "cases.confirm_finding": Finding.State.CONFIRMED,
        "cases.reject_finding": Finding.State.REJECTED,
        "cases.withdraw_finding": Finding.State.WITHDRAWN,
    },
    Finding.State.CONFIRMED: {},
    Finding.State.REJECTED: {},
    Finding.State.WITHDRAWN: {},
}

DECISION_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"cases.propose_decision": Decision.State.PROPOSED},
    Decision.State.PROPOSED: {
        "cases.approve_decision": Decision.State.APPROVED,
        "cases.hold_decision": Decision.State.HELD,
        "cases.reject_decision": Decision.State.REJECTED,
    },
    Decision.State.HELD: {
        "cases.release_decision": Decision.State.APPROVED,
        "cases.refuse_release": Decision.State.REJECTED,
    },
    Decision.State.APPROVED: {"cases.override_decision": Decision.State.OVERRIDDEN},
    Decision.State.REJECTED: {},
    Decision.State.OVERRIDDEN: {},
}

INDEPENDENCE_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"cases.argue_independence": Independence.State.ARGUED},
    Independence.State.ARGUED: {
        "cases.accept_independence": Independence.State.ACCEPTED,
        "cases.refuse_independence": Independence.State.REFUSED,
    },
    Independence.State.ACCEPTED: {"cases.refuse_independence": Independence.State.REFUSED},
    Independence.State.REFUSED: {},
}

INVITATION_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {
        "cases.invite_party": Invitation.State.AWAITING,
        "cases.waive_invitation": Invitation.State.NOT_INVITED,
    },
    Invitation.State.AWAITING: {
        "cases.record_response": Invitation.State.RESPONDED,
        "cases.record_silence": Invitation.State.NO_RESPONSE,
    },
    Invitation.State.NO_RESPONSE: {"cases.record_response": Invitation.State.RESPONDED},
    Invitation.State.RESPONDED: {},
    Invitation.State.NOT_INVITED: {},
}

STEP_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"cases.start_step": BulkStep.State.RUNNING},
    BulkStep.State.RUNNING: {
        "cases.carry_on_step": BulkStep.State.DONE,
        "cases.undo_step": BulkStep.State.UNDOING,
    },
    BulkStep.State.DONE: {"cases.undo_step": BulkStep.State.UNDOING},
    BulkStep.State.UNDOING: {"cases.carry_on_step": BulkStep.State.UNDONE},
    BulkStep.State.UNDONE: {},
}

CASE = workflow.register(Case, "state", CASE_TRANSITIONS)
FINDING = workflow.register(Finding, "state", FINDING_TRANSITIONS)
DECISION = workflow.register(Decision, "state", DECISION_TRANSITIONS)
INDEPENDENCE = workflow.register(Independence, "state", INDEPENDENCE_TRANSITIONS)
STEP = workflow.register(BulkStep, "state", STEP_TRANSITIONS)
INVITATION = workflow.register(Invitation, "state", INVITATION_TRANSITIONS)
