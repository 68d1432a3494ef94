"""An account's queries: do they look like customers', or like somebody who explores a model?

Query distribution (MMD² on embeddings), PRADA, SEAT and VarDetect compare with benign traffic: a score stands somewhere
among benign scores, and N benign ones give no p below 1 / (N + 1). Such a p can never pass a correction for thousands
of accounts, and the result says so by its floor.
"""

from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from apps.evidence.fingerprints import background, kernels, ranks, wording
from apps.evidence.fingerprints.background import Background
from apps.evidence.fingerprints.binomial import Numbers
from apps.evidence.fingerprints.schema import (
    Computed,
    Count,
    FingerprintTest,
    Inputs,
    InvalidInputs,
    Positive,
    Rate,
    Route,
)

from .benign import AVERAGED, BENIGN, WORDS

Score = Annotated[float, Meta(ge=-1e12, le=1e12)]
Scores = list[Score]
Vector = Annotated[list[Score], Meta(min_length=1, max_length=4096)]
_MOST_CELLS = 400_000  # a second for each 100,000, spent on the canonical digest of the inputs

# --- query distribution -----------------------------------------------------------------------------------------------


class Distribution(Inputs, frozen=True, kw_only=True):
    """Embeddings of the window and of benign queries, or the distance with its benign-versus-benign distances."""

    window: Annotated[list[Vector], Meta(max_length=3_000, description="embeddings of the window's queries")] = []
    benign: Annotated[list[Vector], Meta(max_length=6_000, description="embeddings of benign queries")] = []
    mmd2: Annotated[Score | None, Meta(description="squared distance of the window, if computed elsewhere")] = None
    null: Annotated[
        Scores, Meta(max_length=100_000, description="squared distances of benign windows from benign traffic")
    ] = []
    positives: Annotated[
        Scores, Meta(max_length=100_000, description="squared distances of known hostile windows, for the power")
    ] = []
    queries: Annotated[Positive | None, Meta(description="queries in the window, where `mmd2` is given")] = None
    resamples: Annotated[int, Meta(ge=19, le=5_000, description="benign windows drawn for the null")] = 199
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="seed of the draws")] = 1


def distribution(inputs: Distribution) -> Computed:
    """MMD² of the window against benign traffic, among the MMD² of benign windows against benign traffic."""
    if inputs.mmd2 is not None:
        if len(inputs.null) < 19 or inputs.queries is None or inputs.window or inputs.benign:
            raise InvalidInputs("`mmd2` goes with `queries` and at least 19 `null` distances, and without embeddings.")
        return _distance(inputs, inputs.mmd2, np.array(inputs.null), inputs.queries)
    window, benign = _matrix(inputs.window, "window"), _matrix(inputs.benign, "benign")
    if window.shape[1] != benign.shape[1]:
        raise InvalidInputs(f"`window` has {window.shape[1]} dimensions, `benign` {benign.shape[1]}.")
    if len(benign) < 2 * len(window):
        raise InvalidInputs(f"`benign` needs at least twice as many queries as `window`, {2 * len(window)}.")
    observed, null = kernels.against_benign(window, benign, inputs.resamples, inputs.seed)
    return _distance(inputs, observed, null, len(window))


def _matrix(rows: list[list[float]], name: str) -> Any:
    if len(rows) < 2 or len({len(row) for row in rows}) != 1:
        raise InvalidInputs(f"`{name}` needs at least two embeddings, all of one length.")
    if len(rows) * len(rows[0]) > _MOST_CELLS:
        raise InvalidInputs(f"`{name}` has more than {_MOST_CELLS:,} numbers; reduce its dimensions first.")
    return np.array(rows, dtype=float)


def _distance(inputs: Distribution, observed: float, null: Any, queries: int) -> Computed:
    high = float(np.quantile(null, 0.95))
    return Computed(
        n=queries,
        statistic=observed,
        statistic_name="MMD², unbiased",
        found=f"The window of {wording.count(queries)} queries is at a squared distance (MMD²) of {observed:.4g} from "
        f"benign traffic; of {wording.count(len(null))} benign windows, 95 % stay below {high:.4g}.",
        p=ranks.tail(observed, null, "rank among benign windows"),
        effect=observed - float(np.median(null)),
        effect_name="MMD² above the median of benign windows",
        power=ranks.power(inputs.positives, null, inputs.alpha),
        shown={"large_enough": "held" if queries >= 500 else "violated"},
        figures={"mmd2": observed, "null_median": float(np.median(null)), "null_95": high, "windows": float(len(null))},
    )


# --- scores among benign scores ---------------------------------------------------------------------------------------


class Ranked(Inputs, frozen=True, kw_only=True):
    """A score of this account's traffic and the scores of benign accounts."""

    score: Annotated[Score, Meta(description="score of this account")]
    benign: Annotated[
        Scores, Meta(min_length=1, max_length=100_000, description="scores of benign accounts, computed the same way")
    ]
    positives: Annotated[
        Scores, Meta(max_length=100_000, description="scores of known hostile accounts, for the power")
    ] = []


def shift(inputs: Ranked) -> Computed:
    """Where the latent shift stands among those of benign accounts."""
    return _ranked(
        inputs, f"The account's shift in the latent space is {inputs.score:.4g}.", "latent shift", small=False
    )


def _ranked(inputs: Ranked, found: str, name: str, *, small: bool) -> Computed:
    median = float(np.median(inputs.benign))
    return Computed(
        n=len(inputs.benign),
        statistic=inputs.score,
        statistic_name=name,
        found=f"{found} The median of {wording.count(len(inputs.benign))} benign accounts is {median:.4g}.",
        p=ranks.tail(inputs.score, inputs.benign, "rank among benign accounts", small=small),
        effect=inputs.score - median,
        effect_name=f"{name} against the benign median",
        power=ranks.power(inputs.positives, inputs.benign, inputs.alpha, small=small),
        power_effect=None,
        figures={"benign_median": median},
    )


class Prada(Inputs, frozen=True, kw_only=True):
    """The smallest distances of an account's queries to its earlier ones, as PRADA collects them."""

    distances: Annotated[Scores, Meta(min_length=3, max_length=5_000, description="smallest distances, one a query")]
    threshold: Annotated[Rate, Meta(description="W below which PRADA alarms (delta)")] = 0.95
    benign_w: Annotated[Scores, Meta(max_length=100_000, description="W of benign accounts, for the p-value")] = []
    positives_w: Annotated[
        Scores, Meta(max_length=100_000, description="W of known hostile accounts, for the power")
    ] = []


def prada(inputs: Prada) -> Computed:
    """Shapiro-Wilk W of the distances. Its own p is about normality, which benign traffic may lack: a figure only."""
    if max(inputs.distances) == min(inputs.distances):
        raise InvalidInputs("`distances` are all equal, so that their distribution has no shape.")
    from scipy import stats  # slow to import: only where it is used

    w, shapiro_p = (float(value) for value in stats.shapiro(inputs.distances))
    alarm = "below" if w < inputs.threshold else "not below"
    against = f"; it is compared with {wording.count(len(inputs.benign_w))} benign accounts" if inputs.benign_w else ""
    return Computed(
        n=len(inputs.distances),
        statistic=w,
        statistic_name="Shapiro-Wilk W",
        found=f"The distances between the account's queries have W = {w:.4f}, {alarm} the threshold of "
        f"{inputs.threshold:g}{against}.",
        p=ranks.tail(w, inputs.benign_w, "rank among benign accounts", small=True) if inputs.benign_w else None,
        effect=w - inputs.threshold,
        effect_name="W against the threshold",
        power=ranks.power(inputs.positives_w, inputs.benign_w, inputs.alpha, small=True) if inputs.benign_w else None,
        figures={"w": w, "shapiro_p": shapiro_p, "alarm": float(w < inputs.threshold)},
    )


class Duplicates(Background, frozen=True, kw_only=True):
    """Queries that have a near-duplicate among the account's others."""

    queries: Annotated[Positive, Meta(description="queries of the account (n)")]
    near_duplicates: Annotated[Count, Meta(description="of these, with a near-duplicate within the threshold (k)")]


def duplicates(inputs: Duplicates) -> Computed:
    """Near-duplicates against the rate of benign accounts."""
    k, n = inputs.near_duplicates, inputs.queries
    found = f"{wording.count(k)} of {wording.count(n)} queries have a near-duplicate among the account's others."
    return background.compute(inputs, k, n, names=("near_duplicates", "queries"), found=found)


def duplicates_accounts(inputs: Duplicates, columns: dict[str, Any]) -> tuple[Numbers, Numbers, dict[Route, Numbers]]:
    return background.accounts(inputs, columns["near_duplicates"], columns["queries"], columns["background_rate"])


# --- the tests --------------------------------------------------------------------------------------------------------

DISTRIBUTION = FingerprintTest(
    id="query-distribution",
    version="1.0",
    title="Query distribution, MMD² against benign traffic",
    question="Were these queries drawn from the traffic that customers send?",
    null_hypothesis="The window is drawn from benign traffic.",
    chance="A window of benign traffic is so far from the rest of it or further",
    statistic="Unbiased MMD² with a mixture of Gaussian kernels; p = (1 + benign windows >= it) / (1 + number)",
    inputs=Distribution,
    compute=distribution,
    assumptions=BENIGN
    | {"large_enough": "The window has at least 500 queries; below, the test rarely finds anything."},
    example={"mmd2": 0.0214, "queries": 1500, "null": [round(0.0002 * i, 4) for i in range(-10, 20)]},
    routes=("e_value", "at_most"),
    publication="Gretton et al., A Kernel Two-Sample Test, JMLR 2012; arXiv:2606.05725 for queries to language models",
    standard="Kernel and embedding fixed on benign traffic; null from benign windows of the same size; seed kept.",
    published=(
        f"False positive rate .0029 and true positive rate .905, {AVERAGED}.",
        "True positive rate .561 at windows of 100 queries, .790 at 500 and .936 at 1,500: smaller windows miss more.",
    ),
    **WORDS,
)

PRADA = FingerprintTest(
    id="prada",
    version="1.0",
    title="PRADA, shape of distances between queries",
    question="Are the distances between the account's queries distributed as those of customers?",
    null_hypothesis="W is one of those that benign accounts have.",
    chance="A benign account has so small a W or smaller",
    statistic="Shapiro-Wilk W of smallest distances; p = (1 + benign W <= it) / (1 + N), and none without benign "
    "accounts",
    inputs=Prada,
    compute=prada,
    assumptions=BENIGN,
    example={
        "distances": [0.11, 0.52, 0.13, 0.12, 0.91, 0.14, 0.1, 0.12, 0.13, 0.88, 0.11, 0.12],
        "benign_w": [0.981, 0.964, 0.973, 0.955, 0.969, 0.978, 0.961, 0.984, 0.972],
    },
    routes=("e_value", "at_most"),
    publication="Juuti et al., PRADA: Protecting Against DNN Model Stealing Attacks, EuroS&P 2019",
    standard="Threshold fixed on benign traffic; the p of the normality test itself is a figure and no evidence.",
    published=(
        f"Adapted to text: false positive rate .073 and true positive rate .493, original .516 and .490, {AVERAGED}; "
        'the "no false positives" of 2019 were images.',
    ),
    **WORDS,
)

SEAT = FingerprintTest(
    id="seat",
    version="1.0",
    title="SEAT, near-duplicate queries",
    question="Does the account send variations of one query more often than customers do?",
    null_hypothesis="A query has a near-duplicate at the background rate of benign accounts.",
    chance="A benign account sends so many or more",
    statistic="k of n queries with a near-duplicate; exact binomial tail, or Fisher where benign queries were counted",
    inputs=Duplicates,
    compute=duplicates,
    accounts=duplicates_accounts,
    columns={
        "queries": "queries of this account (n)",
        "near_duplicates": "of these, with a near-duplicate (k)",
        "background_rate": "rate of benign accounts; one number for all rows, or one a row",
    },
    assumptions=BENIGN | {"deduplicated": "Retries of failed requests were left out."},
    example={"queries": 1200, "near_duplicates": 310, "controls_tried": 40_000, "controls_hit": 2_100},
    routes=("e_value", "at_most"),
    publication="Zhang et al., SEAT: Similarity Encoder by Adversarial Training for Detecting Model Extraction Attack "
    "Queries, AISec 2021",
    standard="Encoder and threshold fixed on benign traffic.",
    published=(
        f"Adapted: false positive rate .136 and true positive rate .775, original .143 and .127, {AVERAGED}; "
        "evading it "
        "costs an attacker 3.8 to 16 times more queries or accounts (2021, images).",
    ),
    **WORDS,
)

VARDETECT = FingerprintTest(
    id="vardetect",
    version="1.0",
    title="VarDetect, shift in a latent space",
    question="Is the account's traffic shifted in the latent space further than customers' is?",
    null_hypothesis="The shift is one of those that benign accounts have.",
    chance="A benign account is shifted so far or further",
    statistic="Latent shift; p = (1 + benign shifts >= it) / (1 + N)",
    inputs=Ranked,
    compute=shift,
    assumptions=BENIGN,
    example={"score": 4.1, "benign": [0.8, 1.1, 0.9, 1.4, 1.2, 0.7, 1.0, 1.3, 1.1]},
    routes=("e_value", "at_most"),
    publication="Pal et al., Stateful Detection of Model Extraction Attacks, 2021",
    standard="Autoencoder trained on benign traffic only and fixed before the account was seen.",
    published=("Measured on images; no figure for language-model traffic is published.",),
    **WORDS,
)

TESTS = (DISTRIBUTION, PRADA, SEAT, VARDETECT)
