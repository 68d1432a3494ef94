"""How strong the evidence of a case is: each exhibit, each group of exhibits that depend on one another, and the whole.

`of(case)` is the one place that says so; letters and reports take their figures and their sentences from it, and pages
from `known(case)`, which remembers.
"""

from apps.cases.strength.corrected import Attempt, Corrected, Verdict, correct
from apps.cases.strength.reading import Strength, known, of
from apps.cases.strength.weighing import LARGEST, Combined, Line, Reruns, Weighed, combine, mean

__all__ = [
    "LARGEST",
    "Attempt",
    "Combined",
    "Corrected",
    "Line",
    "Reruns",
    "Strength",
    "Verdict",
    "Weighed",
    "combine",
    "correct",
    "known",
    "mean",
    "of",
]
