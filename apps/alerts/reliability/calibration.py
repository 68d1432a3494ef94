"""How often a detector is wrong, from how often it was wrong: the exact binomial interval. No Django here."""

from functools import lru_cache

from apps.core.later import special


@lru_cache(maxsize=1024)
def false_positive_rate(false_positives: float, n: float, confidence: float = 0.95) -> tuple[float, float, float]:
    """(estimate, lower, upper) of the rate, 0 to 1: the two-sided Clopper-Pearson interval (Biometrika 26, 1934).

    Raises ValueError when the counts are impossible.
    """
    if not 0 <= false_positives <= n or n == 0:
        raise ValueError(f"{false_positives} false positives among {n} cases")
    tail, right = (1 - confidence) / 2, n - false_positives
    lower = 0.0 if false_positives == 0 else float(special.betaincinv(false_positives, right + 1, tail))
    upper = 1.0 if right == 0 else float(special.betaincinv(false_positives + 1, right, 1 - tail))
    return false_positives / n, lower, upper
