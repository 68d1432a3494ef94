from django.urls import path

from apps.service.views import dispatches, letters

app_name = "service"
urlpatterns = [
    path("service/", letters.calendar, name="calendar"),
    path("service/deadlines.ics", letters.deadlines_file, name="deadlines_file"),
    path("service/returns/", letters.returns, name="returns"),
    path("service/returns/<uuid:pk>/message", letters.open_return, name="open_return"),
    path("service/returns/<uuid:pk>/file/", letters.file_return, name="file_return"),
    path("service/attempts/<uuid:pk>/delivered/", letters.note_delivered, name="note_delivered"),
    path("service/attempts/<uuid:pk>/acknowledged/", letters.acknowledge, name="acknowledge"),
    path("service/attempts/<uuid:pk>/came-back/", letters.note_bounced, name="note_bounced"),
    path("service/attempts/<uuid:pk>/refused/", letters.note_refused, name="note_refused"),
    path("service/attempts/<uuid:pk>/give-up/", letters.give_up, name="give_up"),
    path("notices/mailings/<uuid:pk>/service/", dispatches.of_mailing, name="of_mailing"),
    path("notices/mailings/<uuid:pk>/service/send/", dispatches.start_dispatch, name="start_dispatch"),
    path("notices/mailings/<uuid:pk>/service/again/", dispatches.retry_dispatch, name="retry_dispatch"),
    path("service/dispatches/<uuid:pk>/pause/", dispatches.pause_dispatch, name="pause_dispatch"),
    path("service/dispatches/<uuid:pk>/resume/", dispatches.resume_dispatch, name="resume_dispatch"),
    path("service/dispatches/<uuid:pk>/cancel/", dispatches.cancel_dispatch, name="cancel_dispatch"),
    path("notices/<uuid:pk>/service/", letters.of_notice, name="of_notice"),
    path("notices/<uuid:pk>/service/email/", letters.email_letter, name="email_letter"),
    path("notices/<uuid:pk>/service/attempt/", letters.record_attempt, name="record_attempt"),
    path("notices/<uuid:pk>/service/calendar/", letters.set_calendar, name="set_calendar"),
    path("notices/<uuid:pk>/service/answer/", letters.note_answer, name="note_answer"),
]
