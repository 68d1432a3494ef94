"""Maximum mean discrepancy: do two samples come from one distribution? Unbiased estimates, seeded resampling.

Gretton et al., A Kernel Two-Sample Test, 2012. Kernels: Gaussian mixture for embeddings; for completions the share of
equal positions within one prompt (Gao et al., Model Equality Testing, ICLR 2025).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
_BANDWIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)  # multiples of the median distance within the reference


# --- embeddings -------------------------------------------------------------------------------------------------------


def against_benign(window: Matrix, benign: Matrix, resamples: int, seed: int) -> tuple[float, Matrix]:
    """MMD² of a window from benign traffic, and MMD² of as many random benign windows from the rest of it.

    The observed distance is taken from a benign part as large as the rest that each benign window is compared with.
    """
    rng = np.random.default_rng(seed)
    m, n = len(window), len(benign)
    squared = _squared_distances(benign, benign)
    median = float(np.median(squared[np.triu_indices(n, 1)])) or 1.0
    within = _gaussian(squared, median)
    rest = rng.permutation(n)[: n - m]
    observed = unbiased(
        _gaussian(_squared_distances(window, window), median),
        within[np.ix_(rest, rest)],
        _gaussian(_squared_distances(window, benign[rest]), median),
    )
    return observed, _benign_windows(within, m, resamples, rng)


def unbiased(xx: Matrix, yy: Matrix, xy: Matrix) -> float:
    """MMD² from three kernel matrices, without the pairs of a point with itself."""
    m, n = len(xx), len(yy)
    inside_x = (float(xx.sum()) - float(np.trace(xx))) / (m * (m - 1))
    inside_y = (float(yy.sum()) - float(np.trace(yy))) / (n * (n - 1))
    return inside_x + inside_y - 2 * float(xy.mean())


def _benign_windows(within: Matrix, m: int, resamples: int, rng: np.random.Generator) -> Matrix:
    n = len(within)
    bare = within - np.diag(np.diag(within))
    chosen = np.zeros((n, resamples))
    for column in range(resamples):
        chosen[rng.permutation(n)[:m], column] = 1.0
    return _split_statistic(bare, chosen, m, n - m)


def _split_statistic(bare: Matrix, chosen: Matrix, m: int, n: int) -> Matrix:
    """MMD² of each split of one sample into the m chosen points and the n others; `bare` has no diagonal."""
    reach = bare @ chosen
    inside_x = np.einsum("ij,ij->j", chosen, reach)
    across = reach.sum(axis=0) - inside_x
    inside_y = float(bare.sum()) - inside_x - 2 * across
    return np.asarray(inside_x / (m * (m - 1)) + inside_y / (n * (n - 1)) - 2 * across / (m * n))


def _squared_distances(x: Matrix, y: Matrix) -> Matrix:
    squared = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1)[None, :] - 2 * (x @ y.T)
    return np.maximum(squared, 0.0)


def _gaussian(squared: Matrix, median: float) -> Matrix:
    kernels = [np.exp(-squared / (2 * median * width**2)) for width in _BANDWIDTHS]
    return np.asarray(sum(kernels) / len(kernels))


# --- completions ------------------------------------------------------------------------------------------------------


def hamming(groups: Sequence[tuple[Sequence[str], Sequence[str]]], resamples: int, seed: int) -> tuple[float, Matrix]:
    """MMD² of two samples of completions, prompt by prompt, and of as many relabellings within each prompt."""
    rng = np.random.default_rng(seed)
    longest = max(len(text) for ours, theirs in groups for text in (*ours, *theirs))
    sums = np.zeros((3, resamples + 1))
    pairs = np.zeros(3)
    for ours, theirs in groups:
        m, n = len(ours), len(theirs)
        bare = _matches([*ours, *theirs], longest)
        chosen = _relabellings(m, n, resamples, rng)
        reach = bare @ chosen
        inside_x = np.einsum("ij,ij->j", chosen, reach)
        across = reach.sum(axis=0) - inside_x
        sums += np.array([inside_x, float(bare.sum()) - inside_x - 2 * across, across])
        pairs += np.array([m * (m - 1), n * (n - 1), m * n])
    values = sums[0] / pairs[0] + sums[1] / pairs[1] - 2 * sums[2] / pairs[2]
    return float(values[0]), values[1:]


def _relabellings(m: int, n: int, resamples: int, rng: np.random.Generator) -> Matrix:
    """Column 0 is the truth, the others are random."""
    chosen = np.zeros((m + n, resamples + 1))
    chosen[:m, 0] = 1.0
    for column in range(1, resamples + 1):
        chosen[rng.permutation(m + n)[:m], column] = 1.0
    return chosen


def _matches(texts: list[str], longest: int) -> Matrix:
    """The share of equal positions of each pair, shorter ones padded; nothing on the diagonal."""
    codes = np.full((len(texts), longest), -1, dtype=np.int32)
    for row, text in enumerate(texts):
        codes[row, : len(text)] = np.frombuffer(text.encode("utf-32-le"), dtype=np.int32)
    shares = np.array([(codes == row).mean(axis=1) for row in codes])
    np.fill_diagonal(shares, 0.0)
    return shares
