from django.urls import path

from apps.alerts import api

app_name = "alerts"
urlpatterns = [
    path("api/v1/alerts", api.AlertsView.as_view(), name="api-alerts"),
    path("api/v1/alerts/<uuid:pk>", api.AlertView.as_view(), name="api-alert"),
]
