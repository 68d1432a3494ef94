from django.urls import path

from apps.counsel.views import acting, theories

app_name = "counsel"
urlpatterns = [
    path("cases/<str:ref>/counsel/", acting.counsel, name="counsel"),
    path("cases/<str:ref>/counsel/record/", acting.RecordCounsel.as_view(), name="record_counsel"),
    path("counsel/<uuid:pk>/correct/", acting.CorrectCounsel.as_view(), name="correct_counsel"),
    path("counsel/<uuid:pk>/end/", acting.EndEngagement.as_view(), name="end_engagement"),
    path("cases/<str:ref>/theories/adopt/", theories.AdoptTheory.as_view(), name="adopt_theory"),
    path("theories/<uuid:pk>/", theories.theory, name="theory"),
    path("theories/<uuid:pk>/withdraw/", theories.WithdrawTheory.as_view(), name="withdraw_theory"),
    path("theories/<uuid:pk>/notes/add/", theories.add_note, name="add_note"),
    path("theories/elements/<uuid:pk>/", theories.WeighElement.as_view(), name="weigh_element"),
]
