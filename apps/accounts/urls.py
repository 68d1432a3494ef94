from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [
    path("accounts/", views.accounts, name="list"),
    path("accounts/import/", views.import_records, name="import_records"),
    path("accounts/import/<uuid:pk>/", views.import_result, name="import_result"),
    path("accounts/<uuid:pk>/", views.account, name="account"),
    path("accounts/<uuid:pk>/identifiers/", views.open_identifiers, name="open_identifiers"),
]
