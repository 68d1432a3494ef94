"""What is done with alerts: they are received, and their groups are claimed, dismissed, or taken into a case."""

from apps.alerts.actions.detectors import (
    change_detector,
    demote_detector,
    rank_again,
    register_detector,
    restore_detector,
)
from apps.alerts.actions.feedback import (
    correct_verdict,
    renew_webhook_secret,
    replay_deliveries,
    replay_delivery,
    set_webhook,
    tell_late,
)
from apps.alerts.actions.groups import merge, split, unmerge
from apps.alerts.actions.intake import Part, receive
from apps.alerts.actions.mending import replay, send_again, upload
from apps.alerts.actions.reads import download_body, open_payload, open_rejection
from apps.alerts.actions.signatures import add_signing_key, end_signing_key, require_signatures
from apps.alerts.actions.snooze import snooze, wake
from apps.alerts.actions.suppressions import end_suppression, suppress
from apps.alerts.actions.triage import claim, dismiss, escalate, release, reopen, take_next

__all__ = [
    "Part",
    "add_signing_key",
    "change_detector",
    "claim",
    "correct_verdict",
    "demote_detector",
    "dismiss",
    "download_body",
    "end_signing_key",
    "end_suppression",
    "escalate",
    "merge",
    "open_payload",
    "open_rejection",
    "rank_again",
    "receive",
    "register_detector",
    "release",
    "renew_webhook_secret",
    "reopen",
    "replay",
    "replay_deliveries",
    "replay_delivery",
    "require_signatures",
    "restore_detector",
    "send_again",
    "set_webhook",
    "snooze",
    "split",
    "suppress",
    "take_next",
    "tell_late",
    "unmerge",
    "upload",
    "wake",
]
