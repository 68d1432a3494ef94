"""Whoever holds a letter and knows its code: no account, no name, and nothing but this one letter."""

import hmac
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import rules

from apps.notices.models import Notice

# A day is over when it is over everywhere: nobody is late for the time zone of our servers.
LAST_ZONE = ZoneInfo("Etc/GMT+12")

NO_CODE = "\0"


@dataclass(frozen=True)
class Recipient:
    """Who acts with a letter's number and code; what they may do is the role `recipient`."""

    notice: Notice

    actor_kind = "recipient"
    roles = ("recipient",)
    is_active = True

    @property
    def actor(self) -> str:
        return f"recipient:{self.notice.ref}"

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return rules.has_perm(perm, self, obj)

    def __str__(self) -> str:
        return f"the recipient of {self.notice.ref}"


def letter_with(ref: str, code: str) -> Notice | None:
    """The issued letter of this number, if this is its code. Written as people do: any case, with or without dashes.

    A number that nobody has costs what a wrong code costs.
    """
    found = Notice.objects.filter(ref__iexact=ref.strip(), state=Notice.State.ISSUED).first()
    known = _bare(found.appeal_code) if found else NO_CODE
    return found if hmac.compare_digest(known.encode(), _bare(code).encode()) else None


def _bare(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())


def last_day(notice: Notice) -> date | None:
    """Until when the measure that a letter tells of can be appealed; None where it tells of none."""
    until = notice.facts.get("appeal_until")
    return date.fromisoformat(until) if until else None


def is_in_time(notice: Notice, now: datetime) -> bool:
    until = last_day(notice)
    return until is not None and now.astimezone(LAST_ZONE).date() <= until
