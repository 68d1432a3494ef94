from django.urls import path

from apps.records.views import erasures, holds, retention

app_name = "records"
urlpatterns = [
    path("records/", holds.holds, name="holds"),
    path("records/holds/issue/", holds.issue_hold, name="issue_hold"),
    path("records/holds/told/", holds.told, name="told"),
    path("records/holds/told/<uuid:pk>/", holds.acknowledge_hold, name="acknowledge_hold"),
    path("records/holds/<str:ref>/", holds.hold, name="hold"),
    path("records/holds/<str:ref>/widen/", holds.widen_hold, name="widen_hold"),
    path("records/holds/<str:ref>/tell/", holds.tell_custodians, name="tell_custodians"),
    path("records/holds/<str:ref>/ask-release/", holds.ask_release, name="ask_release"),
    path("records/holds/<str:ref>/release/", holds.release_hold, name="release_hold"),
    path("records/holds/<str:ref>/keep/", holds.refuse_release, name="refuse_release"),
    path("records/erasures/", erasures.erasures, name="erasures"),
    path("records/erasures/request/", erasures.request_erasure, name="request_erasure"),
    path("records/erasures/<str:ref>/", erasures.erasure, name="erasure"),
    path("records/erasures/<str:ref>/erase/", erasures.erase_subject, name="erase_subject"),
    path("records/erasures/<str:ref>/refuse/", erasures.refuse_erasure, name="refuse_erasure"),
    path("records/erasures/<str:ref>/withdraw/", erasures.withdraw_erasure, name="withdraw_erasure"),
    path("records/erasures/<str:ref>/certificate/", erasures.certificate, name="certificate"),
    path("records/retention/", retention.schedule, name="retention"),
    path("records/retention/runs/<uuid:pk>/", retention.run, name="run"),
    path("records/retention/runs/<uuid:pk>/stop/", retention.stop_run, name="stop_run"),
    path("records/retention/<slug:rule>/confirm/", retention.confirm_rule, name="confirm_rule"),
    path("records/retention/<slug:rule>/start/", retention.start_run, name="start_run"),
]
