import rules

from apps.disclosures.models import Report
from apps.staff.rules import may


@rules.predicate
def compiled_by_another(principal, report: Report | None = None) -> bool:
    return report is None or report.compiled_by_id != principal.pk


rules.add_perm("disclosures.view", may("disclosures.view"))
rules.add_perm("disclosures.compile_report", may("disclosures.compile_report"))
rules.add_perm("disclosures.discard_report", may("disclosures.discard_report"))
rules.add_perm("disclosures.return_report", may("disclosures.return_report"))
rules.add_perm("disclosures.release_report", may("disclosures.release_report") & compiled_by_another)
rules.add_perm("disclosures.render_report", may("disclosures.render_report"))
rules.add_perm("disclosures.open_report", may("disclosures.open_report"))
