"""Who may read terms, who may bring them in, and who says what they mean."""

import rules

from apps.staff.rules import may

rules.add_perm("policies.view", may("policies.view"))
rules.add_perm("policies.import_terms", may("policies.import_terms"))
rules.add_perm("policies.confirm_effective_date", may("policies.confirm_effective_date"))
rules.add_perm("policies.confirm_tag", may("policies.confirm_tag"))
rules.add_perm("policies.reject_tag", may("policies.reject_tag"))
rules.add_perm("policies.tag_clause", may("policies.tag_clause"))
rules.add_perm("policies.confirm_succession", may("policies.confirm_succession"))
rules.add_perm("policies.reject_succession", may("policies.reject_succession"))
