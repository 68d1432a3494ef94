"""What of service is held, and what of it is about a person."""

from typing import Any

from django.db import models

from apps.records.reach import brings, part_of
from apps.records.subjects import ERASED, SUBJECTS, Part
from apps.service.addresses import opened_list, sealed_list
from apps.service.models import Answer, Attempt, Deadline, Dispatch, DispatchPart, Proof, Return

part_of(Attempt, "notice")
part_of(Dispatch, "mailing")
part_of(DispatchPart, "dispatch")
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


def _waiting(account: Any) -> models.QuerySet:
    """Parts in which an address of an account waits."""
    letters = list(account.notices.values_list("pk", flat=True))
    return DispatchPart.objects.filter(notice_ids__overlap=letters).exclude(sealed_addresses="")


def _without(part: DispatchPart, account: Any) -> dict[str, Any]:
    letters = set(account.notices.values_list("pk", flat=True))
    left = {pk: to for pk, to in opened_list(part.sealed_addresses).items() if pk not in letters}
    return {"sealed_addresses": sealed_list(left)}


SUBJECTS["account"].parts.append(
    Part(DispatchPart, rows=_waiting, instead=_without, says="addresses to which letters were to be sent")
)

for kind in ("account", "party"):
    SUBJECTS[kind].parts += _parts(kind)
