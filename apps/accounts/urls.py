from django.urls import path

from apps.accounts.api import records as records_api
from apps.accounts.api import rings as rings_api
from apps.accounts.views import authorisations, edges, records, rings, runs

app_name = "accounts"
urlpatterns = [
    path("api/v1/account-records/imports/<uuid:pk>", records_api.ImportView.as_view(), name="api-import"),
    path("api/v1/account-records/<str:kind>", records_api.RecordsView.as_view(), name="api-records"),
    path("accounts/", records.accounts, name="list"),
    path("accounts/import/", records.import_records, name="import_records"),
    path("accounts/import/<uuid:pk>/", records.import_result, name="import_result"),
    path("accounts/authorisations/", authorisations.authorisations_list, name="authorisations"),
    path("accounts/authorisations/record/", authorisations.record_authorisation, name="record_authorisation"),
    path("accounts/authorisations/<uuid:pk>/", authorisations.authorisation, name="authorisation"),
    path(
        "accounts/authorisations/<uuid:pk>/confirm/", authorisations.confirm_authorisation, name="confirm_authorisation"
    ),
    path("accounts/authorisations/<uuid:pk>/refuse/", authorisations.refuse_authorisation, name="refuse_authorisation"),
    path("accounts/authorisations/<uuid:pk>/revoke/", authorisations.revoke_authorisation, name="revoke_authorisation"),
    path("accounts/<uuid:pk>/", records.account, name="account"),
    path("accounts/<uuid:pk>/identifiers/", records.open_identifiers, name="open_identifiers"),
    path("accounts/<uuid:pk>/ring/", rings.ring_of_account, name="ring_of_account"),
    path("accounts/<uuid:pk>/path/<uuid:to>/", edges.open_path, name="open_path"),
    path("rings/", rings.rings, name="rings"),
    path("rings/<uuid:pk>/", rings.ring, name="ring"),
    path("rings/<uuid:pk>/members/", rings.ring_members, name="ring_members"),
    path("rings/<uuid:pk>/shared/", rings.open_shared, name="open_shared"),
    path("rings/<uuid:pk>/suspect/", rings.suspect_ring, name="suspect_ring"),
    path("rings/<uuid:pk>/explain/", rings.explain_ring, name="explain_ring"),
    path("rings/<uuid:pk>/reopen/", rings.reopen_ring, name="reopen_ring"),
    path("rings/edges/<uuid:pk>/cut/", edges.cut_link, name="cut_link"),
    path("rings/edges/confirm/<uuid:pk>/", edges.confirm_link, name="confirm_link"),
    path("rings/ties/", edges.ties, name="ties"),
    path("rings/ties/<uuid:pk>/undo/", edges.undo_tie, name="undo_tie"),
    path("rings/runs/", runs.linkage_runs, name="linkage_runs"),
    path("rings/runs/start/", runs.start_linkage, name="start_linkage"),
    path("rings/runs/compare/", runs.compare_runs, name="compare_runs"),
    path("rings/runs/<uuid:pk>/", runs.linkage_run, name="linkage_run"),
    path("rings/runs/<uuid:pk>/stop/", runs.stop_linkage, name="stop_linkage"),
    path("api/v1/rings", rings_api.RingsView.as_view(), name="api-rings"),
    path("api/v1/rings/<str:ref>", rings_api.RingView.as_view(), name="api-ring"),
    path("api/v1/rings/<str:ref>/members", rings_api.RingMembersView.as_view(), name="api-ring_members"),
]
