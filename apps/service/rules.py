import rules

from apps.notices.models import Notice
from apps.service.models import Attempt, Dispatch
from apps.staff.rules import may


@rules.predicate
def of_own_letter(principal, obj: Attempt | Notice | None = None) -> bool:
    """The recipient of a letter acts on that one letter; others are asked what their role may do."""
    if principal.actor_kind != "recipient" or obj is None:
        return True
    return (obj.notice_id if isinstance(obj, Attempt) else obj.pk) == principal.notice.pk


@rules.predicate
def link_is_unused(principal, attempt: Attempt | None = None) -> bool:
    """Asked when the row is locked: of two who press the button at the same moment, one gets in."""
    return attempt is None or attempt.link_used_at is None


@rules.predicate
def is_paused(principal, dispatch: Dispatch | None = None) -> bool:
    return dispatch is None or dispatch.is_paused


rules.add_perm("service.view", may("service.view"))
rules.add_perm("service.email_letter", may("service.email_letter"))
rules.add_perm("service.record_attempt", may("service.record_attempt"))
rules.add_perm("service.note_delivered", may("service.note_delivered"))
rules.add_perm("service.acknowledge", may("service.acknowledge"))
rules.add_perm("service.note_bounced", may("service.note_bounced"))
rules.add_perm("service.note_refused", may("service.note_refused"))
rules.add_perm("service.give_up", may("service.give_up"))
rules.add_perm("service.start_dispatch", may("service.start_dispatch"))
rules.add_perm("service.retry_dispatch", may("service.retry_dispatch"))
rules.add_perm("service.pause_dispatch", may("service.pause_dispatch") & ~is_paused)
rules.add_perm("service.resume_dispatch", may("service.resume_dispatch") & is_paused)
rules.add_perm("service.cancel_dispatch", may("service.cancel_dispatch"))
rules.add_perm("service.carry_on_dispatch", may("service.carry_on_dispatch"))
rules.add_perm("service.withdraw_part", may("service.withdraw_part"))
rules.add_perm("service.begin_sending", may("service.begin_sending"))
rules.add_perm("service.note_sent", may("service.note_sent"))
rules.add_perm("service.put_off", may("service.put_off"))
rules.add_perm("service.lose_track", may("service.lose_track"))
rules.add_perm("service.open_by_link", may("service.open_by_link") & of_own_letter & link_is_unused)
rules.add_perm("service.open_by_code", may("service.open_by_code") & of_own_letter)
rules.add_perm("service.take_return", may("service.take_return"))
rules.add_perm("service.open_return", may("service.open_return"))
rules.add_perm("service.file_return", may("service.file_return"))
rules.add_perm("service.set_deadlines", may("service.set_deadlines"))
rules.add_perm("service.settle_deadlines", may("service.settle_deadlines"))
rules.add_perm("service.set_calendar", may("service.set_calendar"))
rules.add_perm("service.note_answer", may("service.note_answer") & of_own_letter)
