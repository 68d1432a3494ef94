from django.urls import path

from apps.alerts import api, views, views_intake
from apps.alerts.compat import urls as compat

app_name = "alerts"
urlpatterns = [
    *compat.urlpatterns,
    path("api/v1/alerts", api.AlertsView.as_view(), name="receive"),
    path("api/v1/alerts/<uuid:pk>", api.AlertView.as_view(), name="api-alert"),
    path("queue/", views.queue, name="queue"),
    path("queue/next/", views.take_next, name="take_next"),
    path("queue/<uuid:pk>/", views.group, name="group"),
    path("queue/<uuid:pk>/preview/", views.preview, name="preview"),
    path("queue/<uuid:pk>/accounts/", views.group_accounts, name="group_accounts"),
    path("queue/<uuid:pk>/claim/", views.claim, name="claim"),
    path("queue/<uuid:pk>/release/", views.release, name="release"),
    path("queue/<uuid:pk>/dismiss/", views.dismiss, name="dismiss"),
    path("queue/<uuid:pk>/reopen/", views.reopen, name="reopen"),
    path("accounts/<uuid:pk>/alerts/", views.of_account, name="of_account"),
    path("alerts/<uuid:pk>/", views.alert, name="alert"),
    path("batches/", views.batches, name="batches"),
    path("batches/<uuid:pk>/", views.batch, name="batch"),
    path("rejections/", views.rejections, name="rejections"),
    path("rejections/<uuid:pk>/", views.rejection, name="rejection"),
    path("batches/<uuid:pk>/body/", views_intake.batch_body, name="batch_body"),
    path("rejections/<uuid:pk>/item/", views_intake.rejection_item, name="rejection_item"),
    path("rejections/<uuid:pk>/send-again/", views_intake.send_again, name="send_again"),
    path("rejections/replay/", views_intake.replay, name="replay"),
    path("rejections/replays/<uuid:pk>/", views_intake.replayed, name="replayed"),
    path("detectors/", views.detectors, name="detectors"),
    path("detectors/register/", views.register_detector, name="register_detector"),
    path("detectors/<uuid:pk>/", views.detector, name="detector"),
    path("detectors/<uuid:pk>/change/", views.change_detector, name="change_detector"),
    path("detectors/<uuid:pk>/upload/", views_intake.upload, name="upload"),
    path("detectors/<uuid:pk>/keys/", views.issue_key, name="issue_key"),
    path("detectors/<uuid:pk>/keys/<uuid:key>/revoke/", views.revoke_key, name="revoke_key"),
]
