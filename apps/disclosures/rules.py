import rules

from apps.staff.rules import by_another, may

rules.add_perm("disclosures.view", may("disclosures.view"))
rules.add_perm("disclosures.compile_report", may("disclosures.compile_report"))
rules.add_perm("disclosures.discard_report", may("disclosures.discard_report"))
rules.add_perm("disclosures.return_report", may("disclosures.return_report"))
rules.add_perm("disclosures.release_report", may("disclosures.release_report") & by_another("compiled_by"))
rules.add_perm("disclosures.render_report", may("disclosures.render_report"))
rules.add_perm("disclosures.preview_report", may("disclosures.preview_report"))
rules.add_perm("disclosures.open_report", may("disclosures.open_report"))
