"""What of service is held, and what of it is about a person."""

from typing import Any

from django.db import models

from apps.records.reach import brings, part_of
from apps.records.subjects import ERASED, SUBJECTS, Part
from apps.service.models import Answer, Attempt, Deadline, Proof, Return

part_of(Attempt, "notice")
part_of(Deadline, "notice")
part_of(Answer, "notice")
part_of(Proof, "attempt")
part_of(Return, "attempt")
brings(Proof, "attempt", "item")


def _parts(name: str) -> list[Part]:
    """Of the letters to an account or a party: that and when they were served stays, where and in which words goes."""

    def of(model: type[models.Model], through: str) -> Any:
        return lambda row: model._base_manager.filter(**{f"{through}__{name}": row})

    return [
        Part(
            Attempt,
            rows=of(Attempt, "notice"),
            instead=lambda row, _: {"sealed_address": "", "note": ""},
            says="addresses at which letters were served",
        ),
        Part(
            Return,
            rows=of(Return, "attempt__notice"),
            instead=lambda row, _: {"sender": "", "subject": "", "says": ""},
            says="who wrote back about letters, and what",
        ),
        Part(Answer, rows=of(Answer, "notice"), instead=lambda row, _: {"words": ERASED}, says="answers to letters"),
    ]


for kind in ("account", "party"):
    SUBJECTS[kind].parts += _parts(kind)
