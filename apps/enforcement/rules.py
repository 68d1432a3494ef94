import rules

from apps.staff.rules import may


@rules.predicate
def holds(principal, decision=None) -> bool:
    """Only a decision that holds is carried out."""
    return decision is None or decision.state == "approved"


rules.add_perm("enforcement.view", may("enforcement.view"))
rules.add_perm("enforcement.view_receiver", may("enforcement.view_receiver"))
rules.add_perm("enforcement.set_receiver", may("enforcement.set_receiver"))
rules.add_perm("enforcement.renew_receiver_secret", may("enforcement.renew_receiver_secret"))
rules.add_perm("enforcement.carry_out", may("enforcement.carry_out") & holds)
rules.add_perm("enforcement.roll_back", may("enforcement.roll_back"))
rules.add_perm("enforcement.let_off", may("enforcement.let_off"))
rules.add_perm("enforcement.send_again", may("enforcement.send_again"))
rules.add_perm("enforcement.record_results", may("enforcement.record_results"))
rules.add_perm("enforcement.record_answer", may("enforcement.record_answer"))
rules.add_perm("enforcement.give_up", may("enforcement.give_up"))
