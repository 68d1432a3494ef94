"""The scales of words, as data: a JSON file each, named by scale and edition. A new edition is a new file.

A document names the scale that its words come from, so no file is edited once a release carried it.
"""

import math
from functools import cache
from pathlib import Path

import msgspec


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """One line of a scale; which fields it has depends on what is graded."""

    words: str
    from_: float | None = None
    to: float | None = None
    code: str | None = None
    confidence: int | None = None


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words for numbers, with the document that defines them and its rule of use."""

    id: str
    kind: str
    title: str
    source: str
    rule: str
    steps: list[Step]

    def words(self, log10_lr: float) -> str:
        """The words for a likelihood ratio of at least 1 (log10 >= 0); turn a smaller one round first."""
        reached = [step for step in self.steps if step.from_ and log10_lr >= math.log10(step.from_) - 1e-12]
        return reached[-1].words

    def words_for_probability(self, probability: float) -> str:
        """The words for a probability; below the first range its first words, above the last its last."""
        return next((s.words for s in self.steps if s.to and probability < s.to), self.steps[-1].words)


LR_SCALE = "enfsi-2015"  # the one in use for likelihood ratios


@cache
def scale(name: str) -> Scale:
    """One scale. Raises FileNotFoundError for one that was never shipped."""
    return msgspec.json.decode((Path(__file__).parent / f"{name}.json").read_bytes(), type=Scale)


@cache
def names() -> tuple[str, ...]:
    return tuple(sorted(file.stem for file in Path(__file__).parent.glob("*.json")))
