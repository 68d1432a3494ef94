"""What is done about what has to stay and what has to go."""

from apps.records.actions.erasures import (
    drop_spare_keys,
    erase_subject,
    reapply_erasure,
    refuse_erasure,
    request_erasure,
    withdraw_erasure,
)
from apps.records.actions.holds import (
    acknowledge_hold,
    ask_release,
    issue_hold,
    refuse_release,
    release_hold,
    tell_custodians,
    widen_hold,
)
from apps.records.actions.retention import carry_on, confirm_rule, start_run, stop_run

__all__ = [
    "acknowledge_hold",
    "ask_release",
    "carry_on",
    "confirm_rule",
    "drop_spare_keys",
    "erase_subject",
    "issue_hold",
    "reapply_erasure",
    "refuse_erasure",
    "refuse_release",
    "release_hold",
    "request_erasure",
    "start_run",
    "stop_run",
    "tell_custodians",
    "widen_hold",
    "withdraw_erasure",
]
