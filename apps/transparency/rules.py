import rules

from apps.staff.rules import may


@rules.predicate
def is_paused(principal, export=None) -> bool:
    return export is None or export.is_paused


rules.add_perm("transparency.view", may("transparency.view"))
rules.add_perm("transparency.start_export", may("transparency.start_export"))
rules.add_perm("transparency.send_export", may("transparency.send_export"))
rules.add_perm("transparency.pause_export", may("transparency.pause_export") & ~is_paused)
rules.add_perm("transparency.resume_export", may("transparency.resume_export") & is_paused)
rules.add_perm("transparency.retry_export", may("transparency.retry_export"))
rules.add_perm("transparency.write_general_text", may("transparency.write_general_text"))
rules.add_perm("transparency.collect_part", may("transparency.collect_part"))
rules.add_perm("transparency.write_part", may("transparency.write_part"))
rules.add_perm("transparency.end_export", may("transparency.end_export"))
rules.add_perm("transparency.begin_sending", may("transparency.begin_sending"))
rules.add_perm("transparency.begin_asking", may("transparency.begin_asking"))
rules.add_perm("transparency.note_taken", may("transparency.note_taken"))
rules.add_perm("transparency.set_apart", may("transparency.set_apart"))
rules.add_perm("transparency.put_off", may("transparency.put_off"))
rules.add_perm("transparency.stop_sending", may("transparency.stop_sending"))
rules.add_perm("transparency.lose_track", may("transparency.lose_track"))
rules.add_perm("transparency.give_up", may("transparency.give_up"))
