"""What a test means in a population: who is hit rightly and wrongly, and what a prior makes of a likelihood ratio."""

from dataclasses import dataclass

from apps.core.later import special


@dataclass(frozen=True, slots=True)
class Flagged:
    """Whom a test of a whole population flags, in expectation."""

    rightly: float
    wrongly: float

    @property
    def ppv(self) -> float:
        """The share of those flagged that is flagged rightly (positive predictive value)."""
        flagged = self.rightly + self.wrongly
        return self.rightly / flagged if flagged else 0.0


def flagged(population: int, bad: int, true_positive_rate: float, false_positive_rate: float) -> Flagged:
    """The expected outcome of testing everybody. Raises ValueError when more are bad than there are."""
    if not 0 <= bad <= population:
        raise ValueError(f"`bad` is {bad}, but there are {population} accounts.")
    return Flagged(bad * true_positive_rate, (population - bad) * false_positive_rate)


def false_hits(tested: int, z: float) -> float:
    """How many of so many innocent accounts exceed a normal score by chance."""
    return tested * float(special.ndtr(-z))


def critical_z(level: float, tested: int) -> float:
    """The normal score that one of so many tests has to reach to hold `level` over all of them (Bonferroni)."""
    return float(-special.ndtri(level / tested))


def posterior(prior: float, log10_lr: float) -> float:
    """The probability after the evidence, for planning how much evidence is enough; a report never states one."""
    against = (1 - prior) / prior * 10.0**-log10_lr
    return 1 / (1 + against)
