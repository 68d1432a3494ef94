"""The likelihoods in which a finding may be stated, weakest first: terms of ICD 203 (2015), section D.6.e.2.a."""

TERMS = ("roughly_even", "likely", "very_likely", "almost_certain")
SUBSTANTIATED = frozenset(TERMS[1:])  # a confirmed finding of these is called substantiated


def rank(confidence: str) -> int:
    """Its place on the scale; 0 where nothing was said."""
    return TERMS.index(confidence) + 1 if confidence in TERMS else 0


def weakest(confidences: "list[str]") -> str:
    """The least of them; a link of which nothing was said is the weakest there can be."""
    return min(confidences, key=rank)
