"""Verbs of service."""

from apps.service.actions.attempts import (
    acknowledge,
    begin_sending,
    email_letter,
    give_up,
    lose_track,
    note_bounced,
    note_delivered,
    note_refused,
    note_sent,
    open_by_code,
    open_by_link,
    put_off,
    record_attempt,
)
from apps.service.actions.deadlines import note_answer, set_calendar, set_deadlines, settle_deadlines
from apps.service.actions.returns import file_return, open_return, take_return

__all__ = [
    "acknowledge",
    "begin_sending",
    "email_letter",
    "file_return",
    "give_up",
    "lose_track",
    "note_answer",
    "note_bounced",
    "note_delivered",
    "note_refused",
    "note_sent",
    "open_by_code",
    "open_by_link",
    "open_return",
    "put_off",
    "record_attempt",
    "set_calendar",
    "set_deadlines",
    "settle_deadlines",
    "take_return",
]
