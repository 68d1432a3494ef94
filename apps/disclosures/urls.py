from django.urls import path

from apps.disclosures import views

app_name = "disclosures"
urlpatterns = [
    path("disclosures/", views.reports, name="list"),
    path("disclosures/<uuid:pk>/", views.report, name="report"),
    path("disclosures/<uuid:pk>/preview.pdf", views.preview, name="preview"),
    path("disclosures/<uuid:pk>/files/<str:name>", views.download, name="file"),
    path("disclosures/<uuid:pk>/release/", views.release, name="release_report"),
    path("disclosures/<uuid:pk>/return/", views.give_back, name="return_report"),
    path("disclosures/<uuid:pk>/discard/", views.discard, name="discard_report"),
    path("cases/<str:ref>/reports/", views.of_case, name="of_case"),
    path("cases/<str:ref>/reports/compile/", views.compile_report, name="compile_report"),
]
