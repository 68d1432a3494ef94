"""What kinds of conduct a clause speaks of, and whether it prohibits or permits them: proposed by its words. Pure.

A keyword is not a prohibition. "You may use Output to train models" has every word of a clause against it, and an item
of a list says what its lead-in makes of it ("You may not:", "You may:"). `propose` therefore finds the words of a
conduct first (`conduct`), and then what governs them (`polarity`); where nothing does, it proposes nothing. A person
confirms or rejects each proposal, with the matching words before their eyes.
"""

from apps.policies.tags.conduct import KINDS, Conduct, Kind
from apps.policies.tags.polarity import Polarity
from apps.policies.tags.proposals import Cue, Proposal, propose

__all__ = ["KINDS", "Conduct", "Cue", "Kind", "Polarity", "Proposal", "propose"]
