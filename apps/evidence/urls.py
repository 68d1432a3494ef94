from django.urls import path

from apps.evidence import views

app_name = "evidence"
urlpatterns = [
    path("evidence/", views.items, name="list"),
    path("evidence/collect/", views.collect, name="collect"),
    path("evidence/runs/", views.runs, name="runs"),
    path("evidence/runs/new/", views.run_test, name="run_test"),
    path("evidence/runs/<str:ref>/", views.run, name="run"),
    path("evidence/<str:ref>/", views.item, name="item"),
    path("evidence/<str:ref>/verify/", views.verify, name="verify_item"),
    path("evidence/<str:ref>/export/", views.export, name="export_item"),
]
