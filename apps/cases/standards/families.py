"""Families of evidence: what can go wrong in one does not go wrong in another (R4 counts them).

A test run has the family of its test; every other item that of its kind.
"""

FAMILIES = {
    "watermark": "watermarks",
    "canary": "canaries",
    "provenance": "model provenance",
    "behaviour": "behaviour of a model",
    "membership": "membership in training data",
    "logits": "logits",
    "prompts": "prompts",
    "timing": "timing",
    "traffic": "traffic",
    "identity": "claimed identity",
    "expert": "expert opinion",
    "publication": "publications",
    "statement": "statements",
    "other": "other",
}
# Shows that something was said, not that it is so: never one of the families that carry a finding.
SAID = ("publication", "statement")
OF_KIND = {
    "query_log": "traffic",
    "behavioural_similarity": "behaviour",
    "expert_assessment": "expert",
    "capture": "publication",
    "correspondence": "statement",
}
OTHER = "other"


def of_kind(kind: str) -> str:
    return OF_KIND.get(kind, OTHER)
