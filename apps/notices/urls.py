from django.urls import path

from apps.notices.views import letters, mailings

app_name = "notices"
urlpatterns = [
    path("notices/", letters.notices, name="list"),
    path("notices/draft/<str:decision_ref>/", letters.draft, name="draft_notice"),
    path("notices/wordings/", letters.templates, name="templates"),
    path("notices/wordings/<uuid:pk>/", letters.template, name="template"),
    path("notices/wordings/<slug:kind>/", letters.wording, name="wording"),
    path("notices/wordings/<slug:kind>/adopt/", letters.adopt_template, name="adopt_template"),
    path("notices/<uuid:pk>/", letters.notice, name="notice"),
    path("notices/<uuid:pk>/preview.pdf", letters.preview, name="preview"),
    path("notices/<uuid:pk>/file", letters.download, name="pdf"),
    path("notices/<uuid:pk>/redraft/", letters.redraft, name="redraft_notice"),
    path("notices/<uuid:pk>/approve/", letters.approve, name="approve_notice"),
    path("notices/<uuid:pk>/return/", letters.give_back, name="return_notice"),
    path("notices/<uuid:pk>/discard/", letters.discard, name="discard_notice"),
    path("notices/<uuid:pk>/issue/", letters.issue, name="issue_notice"),
    path("notices/mailings/start/<str:decision_ref>/", mailings.start_mailing, name="start_mailing"),
    path("notices/mailings/<uuid:pk>/", mailings.mailing, name="mailing"),
    path("notices/mailings/<uuid:pk>/progress/", mailings.progress, name="mailing_progress"),
    path("notices/mailings/<uuid:pk>/letters/<int:position>/", mailings.sampled_letter, name="sampled_letter"),
    path("notices/mailings/<uuid:pk>/approve/", mailings.approve_mailing, name="approve_mailing"),
    path("notices/mailings/<uuid:pk>/release/", mailings.release_mailing, name="release_mailing"),
    path("notices/mailings/<uuid:pk>/pause/", mailings.pause_mailing, name="pause_mailing"),
    path("notices/mailings/<uuid:pk>/resume/", mailings.resume_mailing, name="resume_mailing"),
    path("notices/mailings/<uuid:pk>/cancel/", mailings.cancel_mailing, name="cancel_mailing"),
    path("notices/mailings/<uuid:pk>/retry/", mailings.retry_mailing, name="retry_mailing"),
    path("cases/<str:ref>/notices/", letters.of_case, name="of_case"),
]
