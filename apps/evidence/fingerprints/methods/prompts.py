"""Prompt templates: do accounts share more wording than strangers do?

Prompts are compared by MinHash (Broder 1997): the share of equal hash minima estimates the Jaccard similarity J of
their shingles with a standard error of √(J (1 - J) / k). SimHash distance is given beside it. What counts is how many
prompts match the template, against the rate at which benign prompts do.
"""

import hashlib
import math
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from apps.evidence.fingerprints import background, wording
from apps.evidence.fingerprints.background import Background, Few
from apps.evidence.fingerprints.binomial import Numbers
from apps.evidence.fingerprints.schema import Computed, FingerprintTest, InvalidInputs, Positive, Rate, Route

Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
_SIMHASH_BITS = 64


class Template(Background, frozen=True, kw_only=True):
    """Either counts of prompts that match, or the prompts themselves with the template."""

    compared: Annotated[Positive | None, Meta(description="prompts compared with the template (n)")] = None
    shared: Annotated[Few | None, Meta(description="of these, how many match it (k)")] = None
    template: Annotated[Text | None, Meta(description="the template, normalised; instead of counts")] = None
    prompts: Annotated[list[Text], Meta(max_length=2_000, description="prompts of the accounts, normalised")] = []
    background_prompts: Annotated[
        list[Text], Meta(max_length=2_000, description="benign prompts of the same product, to count as controls")
    ] = []
    permutations: Annotated[int, Meta(ge=16, le=1024, description="hash functions of MinHash (k of its error)")] = 128
    shingle: Annotated[int, Meta(ge=1, le=50, description="words in a shingle")] = 3
    threshold: Annotated[Rate, Meta(description="estimated Jaccard similarity from which a prompt matches")] = 0.5
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="seed of the hash functions")] = 1


def template(inputs: Template) -> Computed:
    """Matches against the background rate: exact binomial, or Fisher where benign prompts were compared too."""
    if inputs.template is None:
        if inputs.compared is None or inputs.shared is None:
            raise InvalidInputs("Give `compared` and `shared`, or `template` with `prompts`.")
        return _counted(inputs, inputs.shared, inputs.compared, {})
    if not inputs.prompts or inputs.compared is not None or inputs.shared is not None:
        raise InvalidInputs("`template` goes with `prompts`, and without `compared` and `shared`.")
    similar = similarities(inputs.template, inputs.prompts, inputs.permutations, inputs.shingle, inputs.seed)
    shared = int(np.sum(similar >= inputs.threshold))
    return _counted(_with_benign(inputs), shared, len(similar), _text_figures(inputs, similar))


def _counted(inputs: Template, shared: int, compared: int, figures: dict[str, float]) -> Computed:
    found = f"{wording.count(shared)} of {wording.count(compared)} prompts match the template."
    return background.compute(
        inputs, shared, compared, names=("shared", "compared"), found=found, figures=figures, statistic_name="matches"
    )


def _with_benign(inputs: Template) -> Template:
    """The benign prompts, counted the same way, become the controls."""
    if not inputs.background_prompts:
        return inputs
    if inputs.controls_tried is not None or inputs.background_rate is not None:
        raise InvalidInputs("`background_prompts` replace `background_rate` and `controls_tried`: give one of them.")
    import msgspec

    assert inputs.template is not None
    similar = similarities(inputs.template, inputs.background_prompts, inputs.permutations, inputs.shingle, inputs.seed)
    hit = int(np.sum(similar >= inputs.threshold))
    return msgspec.structs.replace(inputs, controls_tried=len(similar), controls_hit=hit)


def similarities(template: str, prompts: list[str], permutations: int, shingle: int, seed: int) -> NDArray[np.float64]:
    """The estimated Jaccard similarity of each prompt's shingles to the template's."""
    from datasketch import MinHash  # slow to import: only where texts are compared

    bare = MinHash(num_perm=permutations, seed=seed)

    def sketch(text: str) -> MinHash:
        minima = bare.copy()
        minima.update_batch([part.encode() for part in shingles(text, shingle)])
        return minima

    reference = sketch(template)
    return np.array([reference.jaccard(sketch(prompt)) for prompt in prompts], dtype=float)


def shingles(text: str, words: int) -> list[str]:
    """Runs of so many words; the whole text where it is shorter."""
    split = text.split()
    return [" ".join(split[i : i + words]) for i in range(max(1, len(split) - words + 1))]


def standard_error(similarity: float, permutations: int) -> float:
    """Of a similarity that MinHash estimates with so many hash functions: √(J (1 - J) / k)."""
    return math.sqrt(similarity * (1 - similarity) / permutations)


def simhash(text: str, words: int) -> int:
    """Charikar's fingerprint of the shingles: similar texts differ in few of its 64 bits."""
    digests = [hashlib.blake2b(part.encode(), digest_size=8).digest() for part in shingles(text, words)]
    bits = np.unpackbits(np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(len(digests), 8), axis=1)
    majority = 2 * bits.sum(axis=0, dtype=np.int64) > len(digests)
    return int("".join("1" if bit else "0" for bit in majority), 2)


def _text_figures(inputs: Template, similar: NDArray[np.float64]) -> dict[str, float]:
    assert inputs.template is not None
    reference = simhash(inputs.template, inputs.shingle)
    distances = [(reference ^ simhash(prompt, inputs.shingle)).bit_count() for prompt in inputs.prompts]
    median = float(np.median(similar))
    return {
        "median_similarity": median,
        "similarity_se": standard_error(median, inputs.permutations),
        "median_simhash_distance": float(np.median(distances)),
        "simhash_bits": float(_SIMHASH_BITS),
    }


def template_accounts(inputs: Template, columns: dict[str, Any]) -> tuple[Numbers, Numbers, dict[Route, Numbers]]:
    """The same for many accounts, each with its own counts."""
    return background.accounts(inputs, columns["shared"], columns["compared"], columns["background_rate"])


TEMPLATE = FingerprintTest(
    id="prompt-template",
    version="1.0",
    family="prompts",
    title="Shared prompt template",
    question="Do these accounts use one prompt template more often than strangers do?",
    proposition="the prompts come from one template",
    alternative="their authors do not know each other",
    null_hypothesis="A prompt matches the template at the background rate of benign prompts.",
    chance="Unrelated prompts match so often or more often",
    statistic="k of n prompts with estimated Jaccard similarity of at least the threshold; exact binomial tail or "
    "Fisher",
    inputs=Template,
    compute=template,
    accounts=template_accounts,
    columns={
        "compared": "prompts of this account that were compared (n)",
        "shared": "of these, how many match the template (k)",
        "background_rate": "rate of benign prompts; one number for all rows, or one a row",
    },
    assumptions={
        "template_first": "The template was fixed before these prompts were compared with it.",
        "not_public": "The template is in no public library, documentation or benchmark.",
        "deduplicated": "Retries and copies of one prompt were counted once.",
    },
    example={"compared": 500, "shared": 431, "controls_tried": 10_000, "controls_hit": 2},
    routes=("densities", "bayes_factor", "e_value", "at_most"),
    publication="Broder, On the resemblance and containment of documents, 1997; Charikar, Similarity Estimation "
    "Techniques from Rounding Algorithms, 2002",
    validation_study="Named with each run: benign prompts of the same product that were compared the same way.",
    error_rate="One-sided 95 % bounds from the controls of the run; the estimate of a similarity errs by √(J (1 - "
    "J) / k).",
    standard="Prompts normalised the same way; template, shingle, threshold and seed declared with the run.",
    acceptance="Standard method of near-duplicate detection; says that texts share a source, not who wrote it.",
    limits="Public templates, tutorials, libraries and products built on the service make strangers share wording.",
    published=(
        "The standard error at J = .5 is .0625 with 64, .0442 with 128 and .03125 with 256 hash functions; it bounds "
        "the estimate only, not the question of who wrote the template.",
    ),
)

TESTS = (TEMPLATE,)
