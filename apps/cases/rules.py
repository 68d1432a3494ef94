"""Who may do what in a case: the role has the verb, the case is open, the people of a two-person rule differ."""

import rules

from apps.cases.models import Case
from apps.cases.workflow import ACCUSING, DECIDING
from apps.staff.rules import may


def _case_of(obj) -> Case | None:
    return obj if obj is None or isinstance(obj, Case) else getattr(obj, "case", None)


@rules.predicate
def is_open(principal, obj=None) -> bool:
    case = _case_of(obj)
    return case is None or case.state != Case.State.CLOSED


@rules.predicate
def may_still_accuse(principal, obj=None) -> bool:
    """What a finding rests on is gathered before the finding, not after."""
    case = _case_of(obj)
    return case is None or case.state in ACCUSING


@rules.predicate
def is_not_its_proposer(principal, obj=None) -> bool:
    """Nobody confirms or approves what they proposed themselves."""
    return obj is None or obj.proposed_by_id != getattr(principal, "pk", None)


@rules.predicate
def is_a_third_person(principal, decision=None) -> bool:
    """Who proposed or approved a decision of high impact does not release it."""
    return decision is None or getattr(principal, "pk", None) not in (decision.proposed_by_id, decision.reviewed_by_id)


@rules.predicate
def is_not_its_author(principal, independence=None) -> bool:
    return independence is None or independence.argued_by_id != getattr(principal, "pk", None)


@rules.predicate
def proposed_it_or_leads(principal, obj=None) -> bool:
    return obj is None or obj.proposed_by_id == getattr(principal, "pk", None) or "lead" in principal.roles


@rules.predicate
def awaits_a_decision(principal, finding=None) -> bool:
    """A decision follows a confirmed finding, and there may be several: suspend the accounts, write to the operator."""
    return finding is None or (finding.state == "confirmed" and finding.case.state in DECIDING)


@rules.predicate
def may_escalate_it(principal, group=None) -> bool:
    return principal.has_perm("alerts.escalate", group)


@rules.predicate
def is_not_done(principal, task=None) -> bool:
    return task is None or isinstance(task, Case) or task.done_at is None


@rules.predicate
def has_effect(principal, step=None) -> bool:
    """A step that is undone, or about to be, has none any more."""
    return step is None or isinstance(step, Case) or step.state in ("running", "done")


@rules.predicate
def is_not_withdrawn(principal, obj=None) -> bool:
    """A claim, or a link between claims."""
    return obj is None or isinstance(obj, Case) or obj.withdrawn_at is None


rules.add_perm("cases.view", may("cases.view"))
rules.add_perm("cases.view_privileged", may("cases.view_privileged"))
rules.add_perm("cases.open_privileged", may("cases.open_privileged"))
rules.add_perm("cases.look_up_identifier", may("cases.look_up_identifier"))

rules.add_perm("cases.open_case", may("cases.open_case"))
rules.add_perm("cases.open_case_from_group", may("cases.open_case_from_group") & may_escalate_it)
rules.add_perm("cases.open_case_from_ring", may("cases.open_case_from_ring"))
rules.add_perm("cases.start_investigation", may("cases.start_investigation"))
rules.add_perm("cases.describe", may("cases.describe") & is_open)
rules.add_perm("cases.assign", may("cases.assign") & is_open)
rules.add_perm("cases.close_case", may("cases.close_case"))
rules.add_perm("cases.reopen_case", may("cases.reopen_case"))

rules.add_perm("cases.add_group", may("cases.add_group") & is_open)
rules.add_perm("cases.add_accounts", may("cases.add_accounts") & is_open)
rules.add_perm("cases.clear_account", may("cases.clear_account"))
rules.add_perm("cases.exclude_accounts", may("cases.exclude_accounts") & is_open)
rules.add_perm("cases.restore_accounts", may("cases.restore_accounts") & is_open)
rules.add_perm("cases.add_ring", may("cases.add_ring") & is_open)
rules.add_perm("cases.freeze_members", may("cases.freeze_members") & is_open)
rules.add_perm("cases.draw_sample", may("cases.draw_sample") & is_open)
rules.add_perm("cases.mark_sample", may("cases.mark_sample") & is_open)
rules.add_perm("cases.start_step", may("cases.start_step") & is_open)
rules.add_perm("cases.undo_step", may("cases.undo_step") & is_open & has_effect)
rules.add_perm("cases.carry_on_step", may("cases.carry_on_step"))
rules.add_perm("cases.add_party", may("cases.add_party") & is_open)
rules.add_perm("cases.correct_party", may("cases.correct_party") & is_open)
rules.add_perm("cases.add_task", may("cases.add_task") & is_open)
rules.add_perm("cases.complete_task", may("cases.complete_task") & is_open & is_not_done)
rules.add_perm("cases.add_note", may("cases.add_note"))

rules.add_perm("cases.add_exhibit", may("cases.add_exhibit") & is_open)
rules.add_perm("cases.raise_explanation", may("cases.raise_explanation") & is_open)
rules.add_perm("cases.assess_explanation", may("cases.assess_explanation") & is_open)
rules.add_perm("cases.rate_exhibit", may("cases.rate_exhibit") & is_open)

rules.add_perm("cases.record_claim", may("cases.record_claim") & is_open)
rules.add_perm("cases.grade_claim", may("cases.grade_claim") & is_open & is_not_withdrawn)
rules.add_perm("cases.link_claims", may("cases.link_claims") & is_open & is_not_withdrawn)
rules.add_perm("cases.unlink_claims", may("cases.unlink_claims") & is_open & is_not_withdrawn)
rules.add_perm("cases.withdraw_claim", may("cases.withdraw_claim") & is_open & is_not_withdrawn)
rules.add_perm("cases.record_quantity", may("cases.record_quantity") & is_open)

rules.add_perm("cases.argue_independence", may("cases.argue_independence") & is_open)
rules.add_perm("cases.accept_independence", may("cases.accept_independence") & is_open & is_not_its_author)
rules.add_perm("cases.refuse_independence", may("cases.refuse_independence") & is_open & is_not_its_author)

rules.add_perm("cases.allow_wording", may("cases.allow_wording") & is_open)
rules.add_perm("cases.invite_party", may("cases.invite_party") & is_open)
rules.add_perm("cases.waive_invitation", may("cases.waive_invitation") & is_open)
rules.add_perm("cases.record_response", may("cases.record_response"))
rules.add_perm("cases.record_silence", may("cases.record_silence"))

rules.add_perm("cases.propose_finding", may("cases.propose_finding") & may_still_accuse)
rules.add_perm("cases.confirm_finding", may("cases.confirm_finding") & is_open & is_not_its_proposer)
rules.add_perm("cases.reject_finding", may("cases.reject_finding") & is_open & is_not_its_proposer)
rules.add_perm("cases.withdraw_finding", may("cases.withdraw_finding") & is_open & proposed_it_or_leads)

rules.add_perm("cases.propose_decision", may("cases.propose_decision") & awaits_a_decision)
rules.add_perm("cases.approve_decision", may("cases.approve_decision") & is_open & is_not_its_proposer)
rules.add_perm("cases.reject_decision", may("cases.reject_decision") & is_open & is_not_its_proposer)
rules.add_perm("cases.hold_decision", may("cases.hold_decision") & is_open & is_not_its_proposer)
rules.add_perm("cases.release_decision", may("cases.release_decision") & is_open & is_a_third_person)
rules.add_perm("cases.refuse_release", may("cases.refuse_release") & is_open & is_a_third_person)
rules.add_perm("cases.override_decision", may("cases.override_decision") & is_open)
