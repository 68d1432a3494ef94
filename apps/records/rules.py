"""Who may do what about records: two people end a hold, and two people erase."""

import rules

from apps.staff.roles import OWN
from apps.staff.rules import by_another, may


@rules.predicate
def is_in_force(principal, hold=None) -> bool:
    return hold is None or hold.is_in_force


@rules.predicate
def was_told(principal, custodian=None) -> bool:
    """Everyone may answer for themselves, once."""
    may_answer = custodian is None or (custodian.person_id == principal.pk and custodian.acknowledged_at is None)
    return "records.acknowledge_hold" in OWN and may_answer


rules.add_perm("records.view", may("records.view"))
rules.add_perm("records.view_retention", may("records.view_retention"))
rules.add_perm("records.issue_hold", may("records.issue_hold"))
rules.add_perm("records.widen_hold", may("records.widen_hold") & is_in_force)
rules.add_perm("records.tell_custodians", may("records.tell_custodians") & is_in_force)
rules.add_perm("records.acknowledge_hold", was_told)
rules.add_perm("records.ask_release", may("records.ask_release"))
rules.add_perm("records.refuse_release", may("records.refuse_release") & by_another("release_asked_by"))
rules.add_perm("records.release_hold", may("records.release_hold") & by_another("release_asked_by"))
rules.add_perm("records.request_erasure", may("records.request_erasure"))
rules.add_perm("records.erase_subject", may("records.erase_subject") & by_another("requested_by"))
rules.add_perm("records.refuse_erasure", may("records.refuse_erasure"))
rules.add_perm("records.withdraw_erasure", may("records.withdraw_erasure"))
rules.add_perm("records.reapply_erasure", may("records.reapply_erasure"))
rules.add_perm("records.confirm_rule", may("records.confirm_rule"))
rules.add_perm("records.start_run", may("records.start_run"))
rules.add_perm("records.carry_on", may("records.carry_on"))
rules.add_perm("records.stop_run", may("records.stop_run"))
rules.add_perm("records.drop_spare_keys", may("records.drop_spare_keys"))
