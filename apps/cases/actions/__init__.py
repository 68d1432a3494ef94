"""What is done in a case, by noun: the file itself, its members, its evidence, its findings, its decisions."""

from apps.cases.actions.cases import (
    assign,
    close_case,
    describe,
    open_case,
    open_case_from_group,
    open_case_from_ring,
    reopen_case,
    start_investigation,
)
from apps.cases.actions.claims import (
    grade_claim,
    link_claims,
    record_claim,
    record_quantity,
    unlink_claims,
    withdraw_claim,
)
from apps.cases.actions.decisions import (
    approve_decision,
    hold_decision,
    override_decision,
    propose_decision,
    refuse_release,
    reject_decision,
    release_decision,
)
from apps.cases.actions.exhibits import add_exhibit, assess_explanation, raise_explanation, rate_exhibit
from apps.cases.actions.findings import confirm_finding, propose_finding, reject_finding, withdraw_finding
from apps.cases.actions.independence import accept_independence, argue_independence, refuse_independence
from apps.cases.actions.invitations import invite_party, record_response, record_silence, waive_invitation
from apps.cases.actions.members import (
    add_accounts,
    add_group,
    add_ring,
    clear_account,
    exclude_accounts,
    restore_accounts,
)
from apps.cases.actions.papers import add_note, add_party, add_task, complete_task, correct_party
from apps.cases.actions.reads import look_up_identifier, open_privileged
from apps.cases.actions.sets import draw_sample, freeze_members, mark_sample
from apps.cases.actions.steps import carry_on_step, start_step, undo_step
from apps.cases.actions.wording import allow_wording

__all__ = [
    "accept_independence",
    "add_accounts",
    "add_exhibit",
    "add_group",
    "add_note",
    "add_party",
    "add_ring",
    "add_task",
    "allow_wording",
    "approve_decision",
    "argue_independence",
    "assess_explanation",
    "assign",
    "carry_on_step",
    "clear_account",
    "close_case",
    "complete_task",
    "confirm_finding",
    "correct_party",
    "describe",
    "draw_sample",
    "exclude_accounts",
    "freeze_members",
    "grade_claim",
    "hold_decision",
    "invite_party",
    "link_claims",
    "look_up_identifier",
    "mark_sample",
    "open_case",
    "open_case_from_group",
    "open_case_from_ring",
    "open_privileged",
    "override_decision",
    "propose_decision",
    "propose_finding",
    "raise_explanation",
    "rate_exhibit",
    "record_claim",
    "record_quantity",
    "record_response",
    "record_silence",
    "refuse_independence",
    "refuse_release",
    "reject_decision",
    "reject_finding",
    "release_decision",
    "reopen_case",
    "restore_accounts",
    "start_investigation",
    "start_step",
    "undo_step",
    "unlink_claims",
    "waive_invitation",
    "withdraw_claim",
    "withdraw_finding",
]
