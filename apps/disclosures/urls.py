from django.urls import path

from apps.disclosures.views import bundles, reports

app_name = "disclosures"
urlpatterns = [
    path("disclosures/", reports.reports, name="list"),
    path("disclosures/<uuid:pk>/", reports.report, name="report"),
    path("disclosures/<uuid:pk>/preview.pdf", reports.preview, name="preview"),
    path("disclosures/<uuid:pk>/files/<str:name>", reports.download, name="file"),
    path("disclosures/<uuid:pk>/release/", reports.release, name="release_report"),
    path("disclosures/<uuid:pk>/return/", reports.give_back, name="return_report"),
    path("disclosures/<uuid:pk>/discard/", reports.discard, name="discard_report"),
    path("disclosures/bundles/", bundles.bundles, name="bundles"),
    path("disclosures/bundles/<uuid:pk>/", bundles.bundle, name="bundle"),
    path("disclosures/bundles/<uuid:pk>/bundle.tar", bundles.archive, name="bundle_file"),
    path("disclosures/bundles/<uuid:pk>/receipt", bundles.receipt, name="bundle_receipt"),
    path("disclosures/bundles/<uuid:pk>/release/", bundles.release, name="release_bundle"),
    path("disclosures/bundles/<uuid:pk>/discard/", bundles.discard, name="discard_bundle"),
    path("cases/<str:ref>/reports/", reports.of_case, name="of_case"),
    path("cases/<str:ref>/reports/compile/", reports.compile_report, name="compile_report"),
    path("cases/<str:ref>/bundles/compile/", bundles.compile_bundle, name="compile_bundle"),
]
