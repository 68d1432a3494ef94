"""What is done with statements of reasons for the DSA Transparency Database."""

from apps.transparency.actions.batches import (
    begin_asking,
    begin_sending,
    give_up,
    lose_track,
    note_taken,
    put_off,
    set_apart,
    stop_sending,
)
from apps.transparency.actions.exports import (
    collect_part,
    end_export,
    pause_export,
    resume_export,
    retry_export,
    send_export,
    start_export,
    write_general_text,
    write_part,
)

__all__ = [
    "begin_asking",
    "begin_sending",
    "collect_part",
    "end_export",
    "give_up",
    "lose_track",
    "note_taken",
    "pause_export",
    "put_off",
    "resume_export",
    "retry_export",
    "send_export",
    "set_apart",
    "start_export",
    "stop_sending",
    "write_general_text",
    "write_part",
]
