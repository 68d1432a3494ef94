"""Who may do what with alerts, groups and detectors."""

import rules

from apps.alerts.models import AlertGroup, Detector, Suppression
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


@rules.predicate
def is_asleep(principal, group: AlertGroup | None = None) -> bool:
    return group is None or group.is_snoozed


@rules.predicate
def is_in_force(principal, rule: Suppression | None = None) -> bool:
    return rule is None or rule.is_in_force


rules.add_perm("alerts.view", may("alerts.view"))
rules.add_perm("alerts.view_detectors", may("alerts.view_detectors"))
rules.add_perm("alerts.open_payload", may("alerts.open_payload"))
rules.add_perm("alerts.open_rejection", may("alerts.open_rejection"))
rules.add_perm("alerts.download_body", may("alerts.download_body"))
rules.add_perm("alerts.receive", may("alerts.receive") & is_its_detector)
rules.add_perm("alerts.claim", may("alerts.claim"))
rules.add_perm("alerts.take_next", may("alerts.take_next"))
rules.add_perm("alerts.release", may("alerts.release") & (nobody_else_holds_it | runs_the_desk))
rules.add_perm("alerts.dismiss", may("alerts.dismiss") & nobody_else_holds_it)
rules.add_perm("alerts.reopen", may("alerts.reopen"))
rules.add_perm("alerts.escalate", may("alerts.escalate") & nobody_else_holds_it)
rules.add_perm("alerts.merge", may("alerts.merge") & nobody_else_holds_it)
rules.add_perm("alerts.unmerge", may("alerts.unmerge"))
rules.add_perm("alerts.split", may("alerts.split") & nobody_else_holds_it)
rules.add_perm("alerts.snooze", may("alerts.snooze") & nobody_else_holds_it)
rules.add_perm("alerts.wake", may("alerts.wake") & is_asleep)
rules.add_perm("alerts.suppress", may("alerts.suppress"))
rules.add_perm("alerts.end_suppression", may("alerts.end_suppression") & is_in_force)
rules.add_perm("alerts.register_detector", may("alerts.register_detector"))
rules.add_perm("alerts.change_detector", may("alerts.change_detector"))
rules.add_perm("alerts.demote_detector", may("alerts.demote_detector"))
rules.add_perm("alerts.restore_detector", may("alerts.restore_detector"))
rules.add_perm("alerts.rank_again", may("alerts.rank_again"))
rules.add_perm("alerts.tell_late", may("alerts.tell_late"))
rules.add_perm("alerts.correct_verdict", may("alerts.correct_verdict"))
rules.add_perm("alerts.set_webhook", may("alerts.set_webhook"))
rules.add_perm("alerts.renew_webhook_secret", may("alerts.renew_webhook_secret"))
rules.add_perm("alerts.replay_deliveries", may("alerts.replay_deliveries"))
rules.add_perm("alerts.replay_delivery", may("alerts.replay_delivery"))
rules.add_perm("alerts.add_signing_key", may("alerts.add_signing_key"))
rules.add_perm("alerts.end_signing_key", may("alerts.end_signing_key"))
rules.add_perm("alerts.require_signatures", may("alerts.require_signatures"))
rules.add_perm("alerts.upload", may("alerts.upload"))
rules.add_perm("alerts.send_again", may("alerts.send_again"))
rules.add_perm("alerts.replay", may("alerts.replay"))
