"""What of letters is held, and what of them is about a person."""

from collections.abc import Iterator
from typing import Any

from django.db import models

from apps.notices import annex
from apps.notices.models import Mailing, MailingPart, Notice, SampledLetter
from apps.records.reach import brings, part_of
from apps.records.subjects import ERASED, SUBJECTS, Part, marker

State = Notice.State

part_of(Notice, "case")
part_of(Mailing, "case")
part_of(MailingPart, "mailing")
part_of(SampledLetter, "mailing")
brings(Notice, "id", "template")


def _to(**recipient: Any) -> models.QuerySet[Notice]:
    return Notice.objects.filter(**recipient)


def _letters(name: str) -> None:
    """Letters that were never issued lose their recipient; an issued one records a legal act and never changes."""

    def kept(row: Any) -> Iterator[str]:
        for notice in _to(**{name: row}, state__in=[State.ISSUING, State.ISSUED]).order_by("ref"):
            yield f"Notice {notice} was issued: the letter as it went out is kept for legal claims (Art. 17(3)(e))."

    SUBJECTS[name].kept.append(kept)
    SUBJECTS[name].parts.append(
        Part(
            Notice,
            rows=lambda row: _to(**{name: row}).exclude(state__in=[State.ISSUING, State.ISSUED]),
            instead=lambda row, _: {"recipient": ERASED, "facts": {}},
            says="recipient and facts of letters that were not issued",
        )
    )


for kind in ("account", "party"):
    _letters(kind)


def _lists() -> None:
    """A list that was never issued goes as a whole: drafted again, its letter leaves the account out."""

    def naming(account: Any) -> models.QuerySet[Notice]:
        listed = Notice.objects.filter(listed_count__isnull=False).exclude(accounts_csv="")
        return listed.filter(decision__finding__accounts__account=account)

    def kept(account: Any) -> Iterator[str]:
        for notice in naming(account).filter(state__in=[State.ISSUING, State.ISSUED]).order_by("ref"):
            if account.ref in annex.references(notice.accounts_csv):
                yield f"Notice {notice} was issued and lists it: it is kept for legal claims (Art. 17(3)(e))."

    SUBJECTS["account"].kept.append(kept)
    SUBJECTS["account"].parts.append(
        Part(
            Notice,
            rows=lambda account: naming(account).exclude(state__in=[State.ISSUING, State.ISSUED]),
            instead=lambda row, _: {"accounts_csv": ""},
            says="lists of accounts in letters that were not issued",
        )
    )


_lists()


def _first_named() -> None:
    """A letter to a party speaks of the accounts by the first of them."""

    def naming(account: Any) -> models.QuerySet[Notice]:
        own = models.Q(facts__account_ref=account.ref) | models.Q(facts__account_ref__startswith=f"{account.ref} ")
        concerned = Notice.objects.filter(own, party__isnull=False, decision__finding__accounts__account=account)
        return concerned.exclude(state__in=[State.ISSUING, State.ISSUED])

    def unnamed(notice: Notice, account: Any) -> dict[str, Any]:
        _, apart, others = notice.facts["account_ref"].partition(" ")
        return {"facts": notice.facts | {"account_ref": f"{marker(account)}{apart}{others}"}}

    SUBJECTS["account"].parts.append(
        Part(Notice, rows=naming, instead=unnamed, says="its name in letters to parties that were not issued")
    )


_first_named()
