from django.urls import path

from apps.notices import views, wordings

app_name = "notices"
urlpatterns = [
    path("notices/", views.notices, name="list"),
    path("notices/draft/<str:decision_ref>/", views.draft, name="draft_notice"),
    path("notices/wordings/", wordings.templates, name="templates"),
    path("notices/wordings/tried/<slug:token>.pdf", wordings.trial, name="trial"),
    path("notices/wordings/<uuid:pk>/", wordings.template, name="template"),
    path("notices/wordings/<uuid:pk>/approve/", wordings.approve, name="approve_template"),
    path("notices/wordings/<uuid:pk>/decline/", wordings.decline, name="decline_template"),
    path("notices/wordings/<slug:kind>/", wordings.wording, name="wording"),
    path("notices/wordings/<slug:kind>/<slug:language>/", wordings.wording, name="wording_in"),
    path("notices/wordings/<slug:kind>/<slug:language>/compare/", wordings.compare, name="compare_wordings"),
    path("notices/wordings/<slug:kind>/<slug:language>/propose/", wordings.propose, name="propose_template"),
    path("notices/wordings/<slug:kind>/<slug:language>/tried/", wordings.tried, name="try_template"),
    path("notices/<uuid:pk>/", views.notice, name="notice"),
    path("notices/<uuid:pk>/preview.pdf", views.preview, name="preview"),
    path("notices/<uuid:pk>/file", views.download, name="pdf"),
    path("notices/<uuid:pk>/redraft/", views.redraft, name="redraft_notice"),
    path("notices/<uuid:pk>/translate/", views.translate, name="translate_notice"),
    path("notices/<uuid:pk>/reinstate/", views.reinstate, name="draft_reinstatement"),
    path("notices/<uuid:pk>/approve/", views.approve, name="approve_notice"),
    path("notices/<uuid:pk>/return/", views.give_back, name="return_notice"),
    path("notices/<uuid:pk>/discard/", views.discard, name="discard_notice"),
    path("notices/<uuid:pk>/issue/", views.issue, name="issue_notice"),
    path("cases/<str:ref>/notices/", views.of_case, name="of_case"),
]
