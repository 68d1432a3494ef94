import rules

from apps.staff.rules import may

rules.add_perm("insights.view", may("insights.view"))
