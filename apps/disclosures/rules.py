import rules

from apps.staff.rules import by_another, may


@rules.predicate
def is_assembling(user, bundle) -> bool:
    return bundle is not None and bundle.state == "assembling"


@rules.predicate
def is_released(user, bundle) -> bool:
    return bundle is not None and bundle.state == "released"


rules.add_perm("disclosures.view", may("disclosures.view"))
rules.add_perm("disclosures.compile_report", may("disclosures.compile_report"))
rules.add_perm("disclosures.discard_report", may("disclosures.discard_report"))
rules.add_perm("disclosures.return_report", may("disclosures.return_report"))
rules.add_perm("disclosures.release_report", may("disclosures.release_report") & by_another("compiled_by"))
rules.add_perm("disclosures.render_report", may("disclosures.render_report"))
rules.add_perm("disclosures.preview_report", may("disclosures.preview_report"))
rules.add_perm("disclosures.open_report", may("disclosures.open_report"))
rules.add_perm("disclosures.compile_bundle", may("disclosures.compile_bundle"))
rules.add_perm("disclosures.copy_exhibit", may("disclosures.copy_exhibit") & is_assembling)
rules.add_perm("disclosures.number_bundle", may("disclosures.number_bundle") & is_assembling)
rules.add_perm("disclosures.assemble_bundle", may("disclosures.assemble_bundle"))
rules.add_perm("disclosures.fail_bundle", may("disclosures.fail_bundle"))
rules.add_perm("disclosures.discard_bundle", may("disclosures.discard_bundle"))
rules.add_perm("disclosures.release_bundle", may("disclosures.release_bundle") & by_another("compiled_by"))
rules.add_perm("disclosures.open_bundle", may("disclosures.open_bundle") & is_released)
