"""What detectors say, and how it folds into groups that a person can decide about."""

from apps.alerts.models.alert import Alert, AlertAccount
from apps.alerts.models.allowance import Allowance
from apps.alerts.models.batch import Batch, Rejection, Replay
from apps.alerts.models.detector import Calibration, Detector, Kind, Severity
from apps.alerts.models.feedback import Attempt, Delivery, Verdict, VerdictAlert, Webhook
from apps.alerts.models.group import AlertGroup, GroupAccount, GroupKey, Merge
from apps.alerts.models.signing import SignatureRefusals, SigningKey
from apps.alerts.models.suppression import Suppression

__all__ = [
    "Alert",
    "AlertAccount",
    "AlertGroup",
    "Allowance",
    "Attempt",
    "Batch",
    "Calibration",
    "Delivery",
    "Detector",
    "GroupAccount",
    "GroupKey",
    "Kind",
    "Merge",
    "Rejection",
    "Replay",
    "Severity",
    "SignatureRefusals",
    "SigningKey",
    "Suppression",
    "Verdict",
    "VerdictAlert",
    "Webhook",
]
