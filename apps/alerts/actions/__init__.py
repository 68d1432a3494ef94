"""What is done with alerts: they are received, and their groups are claimed, dismissed, or taken into a case."""

from apps.alerts.actions.detectors import change_detector, register_detector
from apps.alerts.actions.intake import Part, receive
from apps.alerts.actions.mending import replay, send_again, upload
from apps.alerts.actions.triage import claim, dismiss, escalate, release, reopen, take_next

__all__ = [
    "Part",
    "change_detector",
    "claim",
    "dismiss",
    "escalate",
    "receive",
    "register_detector",
    "release",
    "reopen",
    "replay",
    "send_again",
    "take_next",
    "upload",
]
