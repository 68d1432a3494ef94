from django.urls import path

from apps.enforcement import views
from apps.enforcement.api import ResultsView

app_name = "enforcement"
urlpatterns = [
    path("cases/<str:ref>/enforcement/", views.of_case, name="of_case"),
    path("decisions/<str:ref>/carry-out/", views.carry_out, name="carry_out"),
    path("decisions/<str:ref>/roll-back/", views.roll_back, name="roll_back"),
    path("enforcement/receiver/", views.receiver, name="receiver"),
    path("enforcement/receiver/set/", views.set_receiver, name="set_receiver"),
    path("enforcement/receiver/secret/", views.renew_receiver_secret, name="renew_receiver_secret"),
    path("enforcement/<str:ref>/", views.order, name="order"),
    path("enforcement/<str:ref>/again/", views.send_again, name="send_again"),
    path("api/v1/enforcement/results", ResultsView.as_view(), name="api-results"),
]
