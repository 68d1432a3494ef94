"""What detectors say, and how it folds into groups that a person can decide about."""

from apps.alerts.models.alert import Alert, AlertAccount
from apps.alerts.models.batch import Batch, Rejection, Replay
from apps.alerts.models.detector import Calibration, Detector, Kind, Severity
from apps.alerts.models.feedback import Attempt, Delivery, Verdict, VerdictAlert, Webhook
from apps.alerts.models.group import AlertGroup, GroupAccount, GroupKey

__all__ = [
    "Alert",
    "AlertAccount",
    "AlertGroup",
    "Attempt",
    "Batch",
    "Calibration",
    "Delivery",
    "Detector",
    "GroupAccount",
    "GroupKey",
    "Kind",
    "Rejection",
    "Replay",
    "Severity",
    "Verdict",
    "VerdictAlert",
    "Webhook",
]
