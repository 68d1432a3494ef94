from django.urls import path

from apps.policies.views import deciding, reading

app_name = "policies"
urlpatterns = [
    path("terms/", reading.documents, name="list"),
    path("terms/in-force/", reading.in_force, name="in_force"),
    path("terms/rejected/", reading.rejected, name="rejected"),
    path("terms/tags/", deciding.tags, name="tags"),
    path("terms/tags/<uuid:pk>/", deciding.tagging, name="tagging"),
    path("terms/tags/<uuid:pk>/confirm/", deciding.confirm_tag, name="confirm_tag"),
    path("terms/tags/<uuid:pk>/reject/", deciding.reject_tag, name="reject_tag"),
    path("terms/<slug:slug>/", reading.document, name="document"),
    path("terms/<slug:slug>/compare/", reading.compare, name="compare"),
    path("terms/<slug:slug>/effective/<uuid:pk>/", deciding.confirm_effective_date, name="confirm_effective_date"),
    path("terms/<slug:slug>/tag/<uuid:pk>/<path:address>/", deciding.tag_clause, name="tag_clause"),
    path("terms/<slug:slug>/same/<uuid:earlier>/<uuid:later>/", deciding.confirm_succession, name="confirm_succession"),
    path(
        "terms/<slug:slug>/different/<uuid:earlier>/<uuid:later>/",
        deciding.reject_succession,
        name="reject_succession",
    ),
    path("terms/<slug:slug>/<uuid:pk>/", reading.version, name="version"),
    path("terms/<slug:slug>/<uuid:pk>/<path:address>/", reading.clause, name="clause"),
]
