from django.urls import path

from apps.policies import views

app_name = "policies"
urlpatterns = [
    path("terms/", views.documents, name="list"),
    path("terms/in-force/", views.in_force, name="in_force"),
    path("terms/<slug:slug>/", views.document, name="document"),
    path("terms/<slug:slug>/compare/", views.compare, name="compare"),
    path("terms/<slug:slug>/<uuid:pk>/", views.version, name="version"),
    path("terms/<slug:slug>/<uuid:pk>/<path:address>/", views.clause, name="clause"),
]
