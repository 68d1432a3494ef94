from django.urls import path

from apps.notices import verify, views

app_name = "notices"
urlpatterns = [
    path("notices/", views.notices, name="list"),
    path("notices/draft/<str:decision_ref>/", views.draft, name="draft_notice"),
    path("notices/wordings/", views.templates, name="templates"),
    path("notices/wordings/<uuid:pk>/", views.template, name="template"),
    path("notices/wordings/<slug:kind>/", views.wording, name="wording"),
    path("notices/wordings/<slug:kind>/adopt/", views.adopt_template, name="adopt_template"),
    path("notices/<uuid:pk>/", views.notice, name="notice"),
    path("notices/<uuid:pk>/preview.pdf", views.preview, name="preview"),
    path("notices/<uuid:pk>/file", views.download, name="pdf"),
    path("notices/<uuid:pk>/redraft/", views.redraft, name="redraft_notice"),
    path("notices/<uuid:pk>/approve/", views.approve, name="approve_notice"),
    path("notices/<uuid:pk>/return/", views.give_back, name="return_notice"),
    path("notices/<uuid:pk>/discard/", views.discard, name="discard_notice"),
    path("notices/<uuid:pk>/issue/", views.issue, name="issue_notice"),
    path("verify/", verify.ask, name="verify"),
    path("verify/<str:reference>", verify.verify, name="verify_letter"),
    path("cases/<str:ref>/notices/", views.of_case, name="of_case"),
]
