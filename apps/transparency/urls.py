from django.urls import path

from apps.transparency import views

app_name = "transparency"
urlpatterns = [
    path("transparency/", views.exports, name="list"),
    path("transparency/start/", views.start_export, name="start_export"),
    path("transparency/<str:ref>/", views.export, name="export"),
    path("transparency/<str:ref>/progress/", views.progress, name="progress"),
    path("transparency/<str:ref>/statements/", views.statements, name="statements"),
    path("transparency/<str:ref>/files/<int:number>/", views.file, name="file"),
    path("transparency/<str:ref>/send/", views.send_export, name="send_export"),
    path("transparency/<str:ref>/pause/", views.pause_export, name="pause_export"),
    path("transparency/<str:ref>/resume/", views.resume_export, name="resume_export"),
    path("transparency/<str:ref>/retry/", views.retry_export, name="retry_export"),
    path("decisions/<str:ref>/general-text/", views.write_general_text, name="write_general_text"),
]
