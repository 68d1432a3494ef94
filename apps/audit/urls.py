from django.urls import path

from apps.audit import views

app_name = "audit"
urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("trail/verification/", views.verification, name="verification"),
    path("trail/verification/request/", views.request_verification, name="request_verification"),
    path("trail/of/<str:table>/<uuid:pk>/", views.history, name="history"),
    path("trail/<uuid:event_uuid>/", views.event, name="event"),
]
