import rules

from apps.staff.rules import may

rules.add_perm("evidence.view", may("evidence.view"))
rules.add_perm("evidence.collect", may("evidence.collect"))
rules.add_perm("evidence.open_item", may("evidence.open_item"))
rules.add_perm("evidence.verify_item", may("evidence.verify_item"))
rules.add_perm("evidence.export_item", may("evidence.export_item"))
rules.add_perm("evidence.run_test", may("evidence.run_test"))
