from django.urls import path

from apps.service import views

app_name = "service"
urlpatterns = [
    path("service/", views.calendar, name="calendar"),
    path("service/deadlines.ics", views.deadlines_file, name="deadlines_file"),
    path("service/returns/", views.returns, name="returns"),
    path("service/returns/<uuid:pk>/message", views.open_return, name="open_return"),
    path("service/returns/<uuid:pk>/file/", views.file_return, name="file_return"),
    path("service/attempts/<uuid:pk>/delivered/", views.note_delivered, name="note_delivered"),
    path("service/attempts/<uuid:pk>/acknowledged/", views.acknowledge, name="acknowledge"),
    path("service/attempts/<uuid:pk>/came-back/", views.note_bounced, name="note_bounced"),
    path("service/attempts/<uuid:pk>/refused/", views.note_refused, name="note_refused"),
    path("service/attempts/<uuid:pk>/give-up/", views.give_up, name="give_up"),
    path("notices/<uuid:pk>/service/", views.of_notice, name="of_notice"),
    path("notices/<uuid:pk>/service/email/", views.email_letter, name="email_letter"),
    path("notices/<uuid:pk>/service/attempt/", views.record_attempt, name="record_attempt"),
    path("notices/<uuid:pk>/service/calendar/", views.set_calendar, name="set_calendar"),
    path("notices/<uuid:pk>/service/answer/", views.note_answer, name="note_answer"),
]
