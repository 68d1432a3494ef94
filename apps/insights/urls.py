from django.urls import path

from apps.insights import views

app_name = "insights"
urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
]
