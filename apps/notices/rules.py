import rules

from apps.staff.rules import by_another, may


@rules.predicate
def is_alone(principal, notice=None) -> bool:
    """Not one of a mailing: those are approved and issued together."""
    return getattr(notice, "mailing_id", None) is None


@rules.predicate
def is_paused(principal, mailing=None) -> bool:
    return mailing is None or mailing.is_paused


@rules.predicate
def is_not_its_drafter(principal, sampled=None) -> bool:
    return sampled is None or sampled.mailing.started_by_id != principal.pk


rules.add_perm("notices.view", may("notices.view"))
rules.add_perm("notices.preview_notice", may("notices.preview_notice"))
rules.add_perm("notices.open_notice", may("notices.open_notice"))
rules.add_perm("notices.propose_template", may("notices.propose_template"))
rules.add_perm("notices.approve_template", may("notices.approve_template") & by_another("proposed_by"))
rules.add_perm("notices.decline_template", may("notices.decline_template") & by_another("proposed_by"))
rules.add_perm("notices.draft_notice", may("notices.draft_notice"))
rules.add_perm("notices.draft_answer", may("notices.draft_answer"))
rules.add_perm("notices.redraft_notice", may("notices.redraft_notice") & is_alone)
rules.add_perm("notices.draft_reinstatement", may("notices.draft_reinstatement"))
rules.add_perm("notices.translate_notice", may("notices.translate_notice") & is_alone)
rules.add_perm("notices.discard_notice", may("notices.discard_notice"))
rules.add_perm("notices.approve_notice", may("notices.approve_notice") & by_another("drafted_by") & is_alone)
rules.add_perm("notices.return_notice", may("notices.return_notice") & is_alone)
rules.add_perm("notices.issue_notice", may("notices.issue_notice") & is_alone)
rules.add_perm("notices.render_notice", may("notices.render_notice"))

rules.add_perm("notices.start_mailing", may("notices.start_mailing"))
rules.add_perm("notices.mark_letter", may("notices.mark_letter") & is_not_its_drafter)
rules.add_perm("notices.approve_mailing", may("notices.approve_mailing") & by_another("started_by"))
rules.add_perm("notices.release_mailing", may("notices.release_mailing"))
rules.add_perm("notices.pause_mailing", may("notices.pause_mailing") & ~is_paused)
rules.add_perm("notices.resume_mailing", may("notices.resume_mailing") & is_paused)
rules.add_perm("notices.cancel_mailing", may("notices.cancel_mailing"))
rules.add_perm("notices.retry_mailing", may("notices.retry_mailing"))
rules.add_perm("notices.carry_on_mailing", may("notices.carry_on_mailing"))
rules.add_perm("notices.draft_part", may("notices.draft_part"))
rules.add_perm("notices.number_part", may("notices.number_part"))
rules.add_perm("notices.render_part", may("notices.render_part"))
rules.add_perm("notices.withdraw_part", may("notices.withdraw_part"))
rules.add_perm("notices.leave_out", may("notices.leave_out"))
