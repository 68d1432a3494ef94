"""Where a score stands among those of controls: a p-value with a floor, whatever the scores' distribution.

p = (1 + number of controls at least as extreme) / (1 + number of controls): valid when suspect and controls are
exchangeable under the null hypothesis (Phipson and Smyth 2010). N controls give no p below 1 / (N + 1).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from .schema import Tail


def tail(score: float, controls: ArrayLike, method: str, *, small: bool = False) -> Tail:
    """p of a score among controls; `small` when low scores speak for the proposition, as distances do."""
    values = np.asarray(controls, dtype=float)
    tie = 1e-12 * max(1.0, abs(score))  # the same sum in another order is the same score
    extreme = int(np.sum(values <= score + tie)) if small else int(np.sum(values >= score - tie))
    n = len(values)
    return Tail(math.log10((1 + extreme) / (1 + n)), 1 / (1 + n), method)


def power(known: Sequence[float], controls: ArrayLike, alpha: float, *, small: bool = False) -> float | None:
    """The share of known positives that the test would have found at this level; None without any."""
    if not known:
        return None
    found = [tail(score, controls, "", small=small).log10 <= math.log10(alpha) + 1e-12 for score in known]
    return sum(found) / len(found)
