import rules

from apps.appeals import queries
from apps.appeals.models import Appeal
from apps.notices.models import Notice
from apps.staff.rules import may


@rules.predicate
def is_its_recipient(principal, obj: Appeal | Notice | None = None) -> bool:
    """A letter and what is said about it are those of the one letter that the recipient holds."""
    letter = obj.notice_id if isinstance(obj, Appeal) else getattr(obj, "pk", None)
    return obj is None or letter == principal.notice.pk


@rules.predicate
def took_no_part(principal, appeal: Appeal | None = None) -> bool:
    """Who found, decided, wrote or approved does not review it (Art. 20(6) DSA: a qualified person decides)."""
    return appeal is None or principal.pk not in queries.took_part(appeal.notice)


@rules.predicate
def reviews_it(principal, appeal: Appeal | None = None) -> bool:
    return appeal is None or appeal.reviewer_id == principal.pk


rules.add_perm("appeals.open_letter", may("appeals.open_letter") & is_its_recipient)
rules.add_perm("appeals.file_appeal", may("appeals.file_appeal") & is_its_recipient)
rules.add_perm("appeals.add_words", may("appeals.add_words") & is_its_recipient)
rules.add_perm("appeals.withdraw_appeal", may("appeals.withdraw_appeal") & is_its_recipient)

rules.add_perm("appeals.view", may("appeals.view"))
rules.add_perm("appeals.open_appeal", may("appeals.open_appeal"))
rules.add_perm("appeals.take_appeal", may("appeals.take_appeal") & took_no_part)
rules.add_perm("appeals.put_back", may("appeals.put_back") & reviews_it)
rules.add_perm("appeals.ask_recipient", may("appeals.ask_recipient") & reviews_it)
rules.add_perm("appeals.uphold_decision", may("appeals.uphold_decision") & reviews_it)
rules.add_perm("appeals.reverse_decision", may("appeals.reverse_decision") & reviews_it)
rules.add_perm("appeals.write_answer", may("appeals.write_answer") & reviews_it)
