"""What detectors say, and how it folds into groups that a person can decide about."""

from apps.alerts.models.alert import Alert, AlertAccount
from apps.alerts.models.batch import Batch, Rejection
from apps.alerts.models.detector import Detector, Kind, Severity
from apps.alerts.models.group import AlertGroup, GroupAccount, GroupKey

__all__ = [
    "Alert",
    "AlertAccount",
    "AlertGroup",
    "Batch",
    "Detector",
    "GroupAccount",
    "GroupKey",
    "Kind",
    "Rejection",
    "Severity",
]
