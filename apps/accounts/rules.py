"""Who may do what with account records."""

import rules

from apps.staff.rules import by_another, may

rules.add_perm("accounts.view", may("accounts.view"))
rules.add_perm("accounts.view_identifiers", may("accounts.view_identifiers"))
rules.add_perm("accounts.open_identifiers", may("accounts.open_identifiers"))
rules.add_perm("accounts.find_sharing", may("accounts.find_sharing"))
rules.add_perm("accounts.open_rejections", may("accounts.open_rejections"))
rules.add_perm("accounts.import_records", may("accounts.import_records"))
rules.add_perm("accounts.record_seen", may("accounts.record_seen"))
rules.add_perm("accounts.record_authorisation", may("accounts.record_authorisation"))
rules.add_perm("accounts.confirm_authorisation", may("accounts.confirm_authorisation") & by_another("recorded_by"))
rules.add_perm("accounts.refuse_authorisation", may("accounts.refuse_authorisation") & by_another("recorded_by"))
rules.add_perm("accounts.revoke_authorisation", may("accounts.revoke_authorisation"))
