"""The subspace of a model's logits: its dimension is the hidden size, and its image is that of the output matrix.

Carlini et al. (2024) and Finlayson et al. (2024). It identifies the same weights or a relay, and says nothing of
distillation: a student has its own output matrix.
"""

from itertools import pairwise
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from apps.evidence.fingerprints import wording
from apps.evidence.fingerprints.schema import Computed, FingerprintTest, Inputs, InvalidInputs

Row = Annotated[list[Annotated[float, Meta(ge=-1e6, le=1e6)]], Meta(min_length=2, max_length=20_000)]
_MOST_CELLS = 400_000  # a second for each 100,000, spent on the canonical digest of the inputs


class Subspace(Inputs, frozen=True, kw_only=True):
    """Singular values of the suspect's logit matrix, or logits of both sides."""

    hidden_size: Annotated[int, Meta(ge=1, le=10**6, description="hidden size of our model")]
    singular_values: Annotated[
        list[Annotated[float, Meta(ge=0, le=1e12)]],
        Meta(max_length=20_000, description="of the suspect's logit matrix, one row a query; instead of `logits`"),
    ] = []
    logits: Annotated[list[Row], Meta(max_length=5_000, description="the suspect's logits, one row a query")] = []
    ours: Annotated[list[Row], Meta(max_length=5_000, description="our model's logits over the same tokens")] = []


def subspace(inputs: Subspace) -> Computed:
    """The rank by the largest gap of singular values, and how much of the suspect's logits lies outside our image."""
    if bool(inputs.singular_values) == bool(inputs.logits):
        raise InvalidInputs("Give either `singular_values` or `logits`.")
    suspect = _matrix(inputs.logits, "logits") if inputs.logits else None
    values = _descending(inputs.singular_values) if suspect is None else _singular_values(suspect)
    rank, gap = largest_gap(values)
    figures = {"rank": float(rank), "log_gap": gap, "hidden_size": float(inputs.hidden_size)}
    outside = ""
    if inputs.ours:
        if suspect is None:
            raise InvalidInputs("`ours` goes with `logits`: singular values alone have no image.")
        figures["residual"] = residual(suspect, _matrix(inputs.ours, "ours"))
        outside = f" {wording.percent(figures['residual'])} of the suspect's logits lies outside the image of ours."
    same = "equals" if rank == inputs.hidden_size else "differs from"
    return Computed(
        n=len(values),
        statistic=rank,
        statistic_name="rank of the logit matrix",
        found=f"The suspect's logits span {wording.count(rank)} dimensions (gap of {gap:.2f} in the logarithm of "
        "singular "
        f"values), which {same} the hidden size of our model, {wording.count(inputs.hidden_size)}.{outside}",
        effect=float(rank - inputs.hidden_size),
        effect_name="rank above our hidden size",
        figures=figures,
    )


def _singular_values(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.svd(matrix, compute_uv=False), dtype=np.float64)


def largest_gap(values: NDArray[np.float64]) -> tuple[int, float]:
    """The number of singular values before the largest drop of their logarithms, and that drop."""
    positive = np.maximum(values, np.finfo(float).tiny)
    drops = -np.diff(np.log(positive))
    rank = int(np.argmax(drops)) + 1
    return rank, float(drops[rank - 1])


def residual(suspect: NDArray[np.float64], ours: NDArray[np.float64]) -> float:
    """The share of the suspect's squared logits outside the row space of ours."""
    if suspect.shape[1] != ours.shape[1]:
        raise InvalidInputs(f"`logits` has {suspect.shape[1]} tokens a row, `ours` {ours.shape[1]}.")
    _, values, image = np.linalg.svd(ours, full_matrices=False)
    basis = image[values > values[0] * 1e-9]
    outside = suspect - suspect @ basis.T @ basis
    whole = float(np.sum(suspect**2))
    if whole == 0:
        raise InvalidInputs("`logits` are all 0.")
    return float(np.sum(outside**2)) / whole


def _descending(values: list[float]) -> NDArray[np.float64]:
    if len(values) < 2 or any(later > earlier for earlier, later in pairwise(values)):
        raise InvalidInputs("`singular_values` needs at least two, the largest first.")
    return np.array(values)


def _matrix(rows: list[list[float]], name: str) -> NDArray[np.float64]:
    if len(rows) < 2 or len({len(row) for row in rows}) != 1:
        raise InvalidInputs(f"`{name}` needs at least two rows, all of one length.")
    if len(rows) * len(rows[0]) > _MOST_CELLS:
        raise InvalidInputs(f"`{name}` has more than {_MOST_CELLS:,} numbers; give `singular_values` instead.")
    return np.array(rows, dtype=float)


_EXAMPLE: dict[str, Any] = {"hidden_size": 4, "singular_values": [310.0, 120.0, 80.5, 33.0, 0.0021, 0.0017, 0.0009]}

SUBSPACE = FingerprintTest(
    id="logit-subspace",
    version="1.0",
    family="logits",
    title="Logit subspace: same output matrix?",
    question="Does the endpoint serve our weights?",
    proposition="the endpoint serves our weights or relays our service",
    alternative="the endpoint serves another output matrix",
    null_hypothesis="The suspect's output matrix is not ours.",
    chance="",
    statistic="Rank by the largest gap of log singular values; share of squared logits outside our image. No p-value",
    inputs=Subspace,
    compute=subspace,
    assumptions={
        "enough_queries": "More queries were made than the hidden size, so that the rank can show.",
        "true_logits": "The endpoint returned its logits or log probabilities and did not round or perturb them.",
    },
    example=_EXAMPLE,
    publication="Carlini et al., Stealing Part of a Production Language Model, ICML 2024; Finlayson, Ren and "
    "Swayamdipta, "
    "Logits of API-Protected LLMs Leak Proprietary Information, 2024",
    validation_study="Named with each run: models whose hidden size is known.",
    error_rate="No rate of error was published for the comparison of two images; a controlled study belongs to the "
    "run.",
    standard="More queries than dimensions; the gap is shown, and the residual against our image where both are given.",
    acceptance="Published and reproduced on production services.",
    limits="Identifies the same weights or a relay. It says nothing of distillation: a student has its own matrix.",
    published=(
        "Hidden sizes of 1,024 and 2,048 were recovered for less than 20 dollars and about 4,096 for less than 2,000; "
        "needs log probabilities or logit bias (Carlini et al., ICML 2024).",
    ),
)

TESTS = (SUBSPACE,)
