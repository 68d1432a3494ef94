"""What a person or a detector may see of alerts."""

from django.db.models import QuerySet

from apps.alerts.models import Alert, AlertGroup, Batch, Detector, Rejection


def visible_alerts(principal) -> QuerySet[Alert]:
    """All for people who may view alerts; a detector sees its own."""
    if principal.has_perm("alerts.view"):
        return Alert.objects.select_related("detector", "group")
    if principal.has_perm("alerts.receive"):
        return Alert.objects.filter(detector__service_account_id=principal.pk).select_related("detector", "group")
    return Alert.objects.none()


def visible_groups(principal) -> QuerySet[AlertGroup]:
    return AlertGroup.objects.all() if principal.has_perm("alerts.view") else AlertGroup.objects.none()


def visible_detectors(principal) -> QuerySet[Detector]:
    """Those who look after detectors see them, and those whose alerts come from them."""
    if principal.has_perm("alerts.view") or principal.has_perm("alerts.view_detectors"):
        return Detector.objects.select_related("service_account")
    return Detector.objects.none()


def visible_batches(principal) -> QuerySet[Batch]:
    return _of_detectors(principal, Batch.objects.select_related("detector"))


def visible_rejections(principal) -> QuerySet[Rejection]:
    return _of_detectors(principal, Rejection.objects.select_related("batch__detector"))


def _of_detectors(principal, rows: QuerySet) -> QuerySet:
    return rows if principal.has_perm("alerts.view") or principal.has_perm("alerts.view_detectors") else rows.none()


def detector_of(principal) -> Detector | None:
    """The detector that signs in as this service account."""
    return Detector.objects.filter(service_account_id=principal.pk).first()
