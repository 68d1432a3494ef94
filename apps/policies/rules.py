"""Who may read terms, and who may bring them in."""

import rules

from apps.staff.rules import may

rules.add_perm("policies.view", may("policies.view"))
rules.add_perm("policies.import_terms", may("policies.import_terms"))
