import rules

from apps.cases.rules import is_open
from apps.counsel.models import Counsel, Element, Theory
from apps.staff.rules import may


@rules.predicate
def still_acts(principal, counsel=None) -> bool:
    return not isinstance(counsel, Counsel) or counsel.acts_until is None


@rules.predicate
def is_pursued(principal, obj=None) -> bool:
    """A theory that was withdrawn stays as it was then."""
    theory = obj.theory if isinstance(obj, Element) else obj
    return not isinstance(theory, Theory) or not theory.is_withdrawn


rules.add_perm("counsel.view", may("counsel.view"))
rules.add_perm("counsel.view_privileged", may("counsel.view_privileged"))
rules.add_perm("counsel.open_theory", may("counsel.open_theory"))

rules.add_perm("counsel.record_counsel", may("counsel.record_counsel") & is_open)
rules.add_perm("counsel.correct_counsel", may("counsel.correct_counsel") & is_open)
rules.add_perm("counsel.end_engagement", may("counsel.end_engagement") & is_open & still_acts)

rules.add_perm("counsel.adopt_theory", may("counsel.adopt_theory") & is_open)
rules.add_perm("counsel.weigh_element", may("counsel.weigh_element") & is_open & is_pursued)
rules.add_perm("counsel.withdraw_theory", may("counsel.withdraw_theory") & is_open & is_pursued)
rules.add_perm("counsel.add_note", may("counsel.add_note"))
