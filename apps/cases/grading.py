"""Grades of claims by the Admiralty system: the source and the information each by itself, in the words of the scale.

R12: what a single origin says is graded 3 (possibly true) at best, until an independent origin says the same. The same
wire story printed twice has one origin.
"""

from collections.abc import Iterable

from apps.cases.models import Claim, ClaimLink
from apps.cases.models.claim import BEST_OF_ONE_ORIGIN
from apps.evidence.fingerprints import scales

SOURCE, INFORMATION = "admiralty-source", "admiralty-information"


def choices(scale: str) -> list[tuple[str, str]]:
    return [(step.code or "", f"{step.code}: {step.words}") for step in scales.scale(scale).steps]


def words(claim: Claim) -> str:
    """“usually reliable source; possibly true”, for the letters and numbers beside it."""
    return f"source {_of(SOURCE, claim.source_grade)}; information {_of(INFORMATION, str(claim.information))}"


def _of(scale: str, code: str) -> str:
    return next(step.words for step in scales.scale(scale).steps if step.code == code)


def origin_key(text: str) -> str:
    """One way of writing an origin, so that two ways are not taken for two origins."""
    return " ".join(text.split()).lower()


def corroborators(claim: Claim, links: Iterable[ClaimLink]) -> list[Claim]:
    """Claims that say the same and come from another origin. The links are those that stand, with their claims."""
    others = (
        link.other if link.claim_id == claim.pk else link.claim
        for link in links
        if link.kind == ClaimLink.Kind.REPEATS and claim.pk in (link.claim_id, link.other_id)
    )
    return [other for other in others if other.origin != claim.origin and other.withdrawn_at is None]


def is_capped(information: int, carried_by: list[Claim]) -> bool:
    return information < BEST_OF_ONE_ORIGIN and not carried_by
