from django.urls import path

from apps.accounts.views import authorisations, records

app_name = "accounts"
urlpatterns = [
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
]
