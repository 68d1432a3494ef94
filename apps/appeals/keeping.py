"""What of appeals is held, and what of them is about a person."""

from typing import Any

from django.db import models

from apps.appeals.models import Appeal, Enclosure, Message
from apps.records.reach import brings, part_of
from apps.records.subjects import ERASED, SUBJECTS, Part

part_of(Appeal, "notice")
part_of(Message, "appeal")
part_of(Enclosure, "message")
brings(Enclosure, "message", "item")


def _words_of(account: Any) -> models.QuerySet[Message]:
    return Message.objects.filter(appeal__notice__account=account, author=None)


SUBJECTS["account"].parts.append(
    Part(
        Message,
        rows=_words_of,
        instead=lambda row, _: {"words": ERASED},
        says="what its holder wrote in appeals",
    )
)
