from django.urls import path

from apps.appeals.views import letters, reviews

app_name = "appeals"
urlpatterns = [
    # the recipient's side
    path("letters/", letters.letters, name="letters"),
    path("letters/open/<str:secret>/", letters.by_link, name="by_link"),
    path("letters/letter/", letters.letter, name="letter"),
    path("letters/letter/file", letters.letter_file, name="letter_file"),
    path("letters/answer/file", letters.answer_file, name="answer_file"),
    path("letters/appeal/copy", letters.copy, name="copy"),
    path("letters/appeal/", letters.file_appeal, name="file_appeal"),
    path("letters/appeal/words/", letters.add_words, name="add_words"),
    path("letters/appeal/withdraw/", letters.withdraw_appeal, name="withdraw_appeal"),
    path("letters/leave/", letters.leave, name="leave"),
    # ours
    path("appeals/", reviews.appeals, name="list"),
    path("appeals/<str:ref>/", reviews.appeal, name="appeal"),
    path("appeals/<str:ref>/take/", reviews.take_appeal, name="take_appeal"),
    path("appeals/<str:ref>/put-back/", reviews.put_back, name="put_back"),
    path("appeals/<str:ref>/ask/", reviews.ask_recipient, name="ask_recipient"),
    path("appeals/<str:ref>/uphold/", reviews.uphold_decision, name="uphold_decision"),
    path("appeals/<str:ref>/reverse/", reviews.reverse_decision, name="reverse_decision"),
    path("appeals/<str:ref>/answer/", reviews.write_answer, name="write_answer"),
]
