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
from apps.service.actions.dispatches import (
    cancel_dispatch,
    carry_on_dispatch,
    pause_dispatch,
    resume_dispatch,
    retry_dispatch,
    start_dispatch,
    withdraw_part,
)
from apps.service.actions.returns import file_return, open_return, take_return

__all__ = [
    "acknowledge",
    "begin_sending",
    "cancel_dispatch",
    "carry_on_dispatch",
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
    "pause_dispatch",
    "put_off",
    "record_attempt",
    "resume_dispatch",
    "retry_dispatch",
    "set_calendar",
    "set_deadlines",
    "settle_deadlines",
    "start_dispatch",
    "take_return",
    "withdraw_part",
]
