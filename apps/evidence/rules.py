import rules

from apps.evidence.models import Canary, Item, KeyDeployment, Proposal
from apps.staff.rules import by_another, may


@rules.predicate
def is_custodian(principal, item: Item | None = None) -> bool:
    return item is None or item.custodian == principal.actor


@rules.predicate
def is_within_reach(principal, item: Item | None = None) -> bool:
    """Neither in quarantine nor sealed nor gone."""
    return item is None or item.is_within_reach


@rules.predicate
def has_its_file(principal, item: Item | None = None) -> bool:
    return item is None or item.state != Item.State.DISPOSED


@rules.predicate
def is_given_to(principal, proposal: Proposal | None = None) -> bool:
    return proposal is None or proposal.to_id == principal.pk


@rules.predicate
def asked_for_it(principal, proposal: Proposal | None = None) -> bool:
    return proposal is None or proposal.proposed_by_id == principal.pk


@rules.predicate
def answers_it(principal, proposal: Proposal | None = None) -> bool:
    """Whom an item is given to, or who may do what was asked."""
    if proposal is None or proposal.kind == Proposal.Kind.TRANSFER:
        return is_given_to(principal, proposal)
    return principal.has_perm(f"evidence.{proposal.kind}", proposal)


@rules.predicate
def is_not_over(principal, row: KeyDeployment | Canary | None = None) -> bool:
    """Neither ended nor retired."""
    if isinstance(row, KeyDeployment):
        return row.ended_at is None
    return row is None or row.retired_at is None


def _in(*states: str) -> rules.Predicate:
    @rules.predicate(name=f"is {' or '.join(states)}")
    def predicate(principal, item: Item | None = None) -> bool:
        return item is None or item.state in states

    return predicate


State = Item.State
can_be_disposed_of = _in(State.QUARANTINED, State.KEPT, State.RELEASED)
by_two = by_another("proposed_by")

rules.add_perm("evidence.view", may("evidence.view"))
rules.add_perm("evidence.collect", may("evidence.collect"))
rules.add_perm("evidence.receive", may("evidence.receive"))
rules.add_perm("evidence.quarantine", may("evidence.quarantine"))
rules.add_perm("evidence.clear_item", may("evidence.clear_item"))
rules.add_perm("evidence.open_item", may("evidence.open_item"))
rules.add_perm("evidence.print_sheet", may("evidence.print_sheet"))
rules.add_perm("evidence.verify_item", may("evidence.verify_item") & has_its_file)
rules.add_perm("evidence.export_item", may("evidence.export_item") & is_within_reach)
rules.add_perm("evidence.break_off", may("evidence.break_off"))
rules.add_perm("evidence.derive", may("evidence.derive"))
rules.add_perm("evidence.normalise", may("evidence.normalise"))
rules.add_perm("evidence.seal", may("evidence.seal"))
rules.add_perm("evidence.hand_over", may("evidence.hand_over") & is_custodian & has_its_file)
rules.add_perm("evidence.accept_item", may("evidence.accept_item") & is_given_to)
rules.add_perm("evidence.take_over", may("evidence.take_over") & has_its_file & ~is_custodian)
rules.add_perm("evidence.propose_unsealing", may("evidence.propose_unsealing") & _in(State.SEALED))
rules.add_perm("evidence.unseal", may("evidence.unseal") & by_two)
rules.add_perm("evidence.propose_release", may("evidence.propose_release") & _in(State.KEPT))
rules.add_perm("evidence.release", may("evidence.release") & by_two)
rules.add_perm("evidence.propose_disposal", may("evidence.propose_disposal") & can_be_disposed_of)
rules.add_perm("evidence.dispose", may("evidence.dispose") & by_two)
rules.add_perm("evidence.refuse", may("evidence.refuse") & answers_it)
rules.add_perm("evidence.withdraw", may("evidence.withdraw") & asked_for_it)
rules.add_perm("evidence.remove_file", may("evidence.remove_file"))
rules.add_perm("evidence.open_log", may("evidence.open_log") & is_within_reach)
rules.add_perm("evidence.map_log", may("evidence.map_log"))
rules.add_perm("evidence.give_up_log", may("evidence.give_up_log"))
rules.add_perm("evidence.ask_again", may("evidence.ask_again"))
rules.add_perm("evidence.read_log", may("evidence.read_log"))
rules.add_perm("evidence.assemble_log", may("evidence.assemble_log"))
rules.add_perm("evidence.profile_log", may("evidence.profile_log"))
rules.add_perm("evidence.fail_log", may("evidence.fail_log"))
rules.add_perm("evidence.compute_again", may("evidence.compute_again"))
rules.add_perm("evidence.run_test", may("evidence.run_test"))
rules.add_perm("evidence.run_on_accounts", may("evidence.run_on_accounts"))
rules.add_perm("evidence.draft_plan", may("evidence.draft_plan"))
rules.add_perm("evidence.change_plan", may("evidence.change_plan"))
rules.add_perm("evidence.register_plan", may("evidence.register_plan"))
rules.add_perm("evidence.withdraw_plan", may("evidence.withdraw_plan"))
rules.add_perm("evidence.commit_order", may("evidence.commit_order"))
rules.add_perm("evidence.measure_order", may("evidence.measure_order"))
rules.add_perm("evidence.open_order", may("evidence.open_order"))
rules.add_perm("evidence.abandon_order", may("evidence.abandon_order"))
rules.add_perm("evidence.view_fixity", may("evidence.view_fixity"))
rules.add_perm("evidence.start_fixity", may("evidence.start_fixity"))
rules.add_perm("evidence.measure_files", may("evidence.measure_files"))
rules.add_perm("evidence.stop_fixity", may("evidence.stop_fixity"))
rules.add_perm("evidence.resume_fixity", may("evidence.resume_fixity"))
rules.add_perm("evidence.register_model", may("evidence.register_model"))
rules.add_perm("evidence.describe_model", may("evidence.describe_model"))
rules.add_perm("evidence.register_version", may("evidence.register_version"))
rules.add_perm("evidence.describe_version", may("evidence.describe_version"))
rules.add_perm("evidence.record_attestation", may("evidence.record_attestation"))
rules.add_perm("evidence.check_signature", may("evidence.check_signature"))
rules.add_perm("evidence.check_statement", may("evidence.check_statement"))
rules.add_perm("evidence.register_suspect", may("evidence.register_suspect"))
rules.add_perm("evidence.describe_suspect", may("evidence.describe_suspect"))
rules.add_perm("evidence.register_scheme", may("evidence.register_scheme"))
rules.add_perm("evidence.register_key", may("evidence.register_key"))
rules.add_perm("evidence.hand_over_key", may("evidence.hand_over_key"))
rules.add_perm("evidence.record_incident", may("evidence.record_incident"))
rules.add_perm("evidence.deploy_key", may("evidence.deploy_key"))
rules.add_perm("evidence.end_deployment", may("evidence.end_deployment") & is_not_over)
rules.add_perm("evidence.plant_canary", may("evidence.plant_canary"))
rules.add_perm("evidence.retire_canary", may("evidence.retire_canary") & is_not_over)
rules.add_perm("evidence.open_canary", may("evidence.open_canary"))
