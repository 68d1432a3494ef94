"""Who may do what with alerts, groups and detectors."""

import rules

from apps.alerts.models import AlertGroup, Detector
from apps.staff.rules import may


@rules.predicate
def is_its_detector(principal, detector: Detector | None = None) -> bool:
    """A detector speaks for itself only, and not once it was switched off."""
    return detector is None or (detector.is_active and detector.service_account_id == getattr(principal, "pk", None))


@rules.predicate
def nobody_else_holds_it(principal, group: AlertGroup | None = None) -> bool:
    return group is None or group.claimed_by_id in (None, getattr(principal, "pk", None))


@rules.predicate
def runs_the_desk(principal, group: AlertGroup | None = None) -> bool:
    """A lead gives back what somebody holds who is not there."""
    return "lead" in principal.roles


rules.add_perm("alerts.view", may("alerts.view"))
rules.add_perm("alerts.view_detectors", may("alerts.view_detectors"))
rules.add_perm("alerts.receive", may("alerts.receive") & is_its_detector)
rules.add_perm("alerts.claim", may("alerts.claim"))
rules.add_perm("alerts.take_next", may("alerts.take_next"))
rules.add_perm("alerts.release", may("alerts.release") & (nobody_else_holds_it | runs_the_desk))
rules.add_perm("alerts.dismiss", may("alerts.dismiss") & nobody_else_holds_it)
rules.add_perm("alerts.reopen", may("alerts.reopen"))
rules.add_perm("alerts.escalate", may("alerts.escalate") & nobody_else_holds_it)
rules.add_perm("alerts.register_detector", may("alerts.register_detector"))
rules.add_perm("alerts.change_detector", may("alerts.change_detector"))
rules.add_perm("alerts.upload", may("alerts.upload"))
rules.add_perm("alerts.send_again", may("alerts.send_again"))
rules.add_perm("alerts.replay", may("alerts.replay"))
