from django.urls import path

from apps.audit import views
from apps.audit.api import VerificationView
from apps.audit.reads import views as reads

app_name = "audit"
urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("trail/verification/", views.verification, name="verification"),
    path("trail/verification/request/", views.request_verification, name="request_verification"),
    path("trail/verification/<int:number>/acknowledge/", views.acknowledge_findings, name="acknowledge_findings"),
    path("api/v1/trail/verification", VerificationView.as_view(), name="api-verification"),
    path("trail/reads/", reads.reads, name="reads"),
    path("trail/reads/export/", reads.export_reads, name="export_reads"),
    path("trail/readers/<str:table>/<uuid:pk>/", reads.readers, name="readers"),
    path("trail/of/<str:table>/<uuid:pk>/", views.history, name="history"),
    path("trail/<uuid:event_uuid>/", views.event, name="event"),
    path("trail/<uuid:event_uuid>/private/", reads.open_private, name="open_private"),
]
