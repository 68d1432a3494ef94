"""Predicates `(principal, object)`, one line a permission, and `may`, which every room's rules start from."""

import rules

from apps.core import workflow
from apps.staff.models import ServiceAccount, User
from apps.staff.roles import OWN, grants


def may(verb: str) -> rules.Predicate:
    """A role of the principal has the verb, and the object's state allows it."""

    @rules.predicate(name=f"may {verb}")
    def predicate(principal, obj=None) -> bool:
        return grants(principal.roles, verb) and (obj is None or workflow.allows(obj, verb))

    return predicate


def may_own(verb: str) -> rules.Predicate:
    """Everyone may do this to themselves."""

    @rules.predicate(name=f"may {verb} oneself")
    def predicate(principal, obj=None) -> bool:
        return verb in OWN and (obj is None or obj == principal)

    return predicate


def by_another(field: str) -> rules.Predicate:
    """Of two people: whoever the object names in this field (`drafted_by`) may not do this to it."""

    @rules.predicate(name=f"{field} another")
    def predicate(principal, obj=None) -> bool:
        return obj is None or getattr(obj, f"{field}_id") != principal.pk

    return predicate


@rules.predicate
def is_another_person(principal, user: User | None = None) -> bool:
    return user is None or user != principal


@rules.predicate
def is_active(principal, account: ServiceAccount | User | None = None) -> bool:
    return account is None or account.is_active


rules.add_perm("staff.view", may("staff.view"))
rules.add_perm("staff.invite", may("staff.invite"))
rules.add_perm("staff.bootstrap", may("staff.bootstrap"))
rules.add_perm("staff.change_roles", may("staff.change_roles") & is_another_person)
rules.add_perm("staff.deactivate", may("staff.deactivate") & is_another_person & is_active)
rules.add_perm("staff.reactivate", may("staff.reactivate") & is_another_person & ~is_active)
rules.add_perm("staff.create_service_account", may("staff.create_service_account"))
rules.add_perm("staff.issue_api_key", may("staff.issue_api_key") & is_active)
rules.add_perm("staff.revoke_api_key", may("staff.revoke_api_key"))
rules.add_perm("staff.sign_in_failed", may("staff.sign_in_failed"))
rules.add_perm("staff.sign_in", may_own("staff.sign_in"))
rules.add_perm("staff.sign_out", may_own("staff.sign_out"))
rules.add_perm("staff.change_password", may_own("staff.change_password"))
rules.add_perm("staff.change_second_factor", may_own("staff.change_second_factor"))
rules.add_perm("audit.view", may("audit.view"))
rules.add_perm("audit.view_readers", may("audit.view_readers"))
rules.add_perm("audit.view_reads", may("audit.view_reads"))
rules.add_perm("audit.export_reads", may("audit.export_reads"))
rules.add_perm("audit.open_private", may("audit.open_private"))
rules.add_perm("audit.request_verification", may("audit.request_verification"))
rules.add_perm("audit.verify_trail", may("audit.verify_trail"))
rules.add_perm("audit.export_trail", may("audit.export_trail"))
rules.add_perm("audit.acknowledge_findings", may("audit.acknowledge_findings"))
