"""Who may do what with account records."""

import rules

from apps.staff.rules import by_another, may

rules.add_perm("accounts.view", may("accounts.view"))
rules.add_perm("accounts.view_identifiers", may("accounts.view_identifiers"))
rules.add_perm("accounts.open_identifiers", may("accounts.open_identifiers"))
rules.add_perm("accounts.find_sharing", may("accounts.find_sharing"))
rules.add_perm("accounts.open_rejections", may("accounts.open_rejections"))
rules.add_perm("accounts.import_records", may("accounts.import_records"))
rules.add_perm("accounts.start_import", may("accounts.start_import"))
rules.add_perm("accounts.carry_on_import", may("accounts.carry_on_import"))
rules.add_perm("accounts.record_seen", may("accounts.record_seen"))
rules.add_perm("accounts.record_authorisation", may("accounts.record_authorisation"))
rules.add_perm("accounts.confirm_authorisation", may("accounts.confirm_authorisation") & by_another("recorded_by"))
rules.add_perm("accounts.refuse_authorisation", may("accounts.refuse_authorisation") & by_another("recorded_by"))
rules.add_perm("accounts.revoke_authorisation", may("accounts.revoke_authorisation"))
rules.add_perm("accounts.start_linkage", may("accounts.start_linkage"))
rules.add_perm("accounts.stop_linkage", may("accounts.stop_linkage"))
rules.add_perm("accounts.keep_found", may("accounts.keep_found"))
rules.add_perm("accounts.write_rings", may("accounts.write_rings"))
rules.add_perm("accounts.suspect_ring", may("accounts.suspect_ring"))
rules.add_perm("accounts.explain_ring", may("accounts.explain_ring"))
rules.add_perm("accounts.reopen_ring", may("accounts.reopen_ring"))
rules.add_perm("accounts.cut_link", may("accounts.cut_link"))
rules.add_perm("accounts.confirm_link", may("accounts.confirm_link"))
rules.add_perm("accounts.undo_tie", may("accounts.undo_tie"))
rules.add_perm("accounts.open_shared", may("accounts.open_shared"))
rules.add_perm("accounts.open_path", may("accounts.open_path"))
