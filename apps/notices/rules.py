import rules

from apps.staff.rules import by_another, may

rules.add_perm("notices.view", may("notices.view"))
rules.add_perm("notices.preview_notice", may("notices.preview_notice"))
rules.add_perm("notices.open_notice", may("notices.open_notice"))
rules.add_perm("notices.propose_template", may("notices.propose_template"))
rules.add_perm("notices.approve_template", may("notices.approve_template") & by_another("proposed_by"))
rules.add_perm("notices.decline_template", may("notices.decline_template") & by_another("proposed_by"))
rules.add_perm("notices.draft_notice", may("notices.draft_notice"))
rules.add_perm("notices.draft_answer", may("notices.draft_answer"))
rules.add_perm("notices.draft_reinstatement", may("notices.draft_reinstatement"))
rules.add_perm("notices.translate_notice", may("notices.translate_notice"))
rules.add_perm("notices.redraft_notice", may("notices.redraft_notice"))
rules.add_perm("notices.discard_notice", may("notices.discard_notice"))
rules.add_perm("notices.approve_notice", may("notices.approve_notice") & by_another("drafted_by"))
rules.add_perm("notices.return_notice", may("notices.return_notice"))
rules.add_perm("notices.issue_notice", may("notices.issue_notice"))
rules.add_perm("notices.render_notice", may("notices.render_notice"))
