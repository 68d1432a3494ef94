"""Grades of claims by the Admiralty system: the source and the information each by itself, in the words of the scale.

R12: what a single origin says is graded 3 (possibly true) at best, until an independent origin says the same. The same
wire story printed twice has one origin.
"""

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from apps.cases.models import Claim, ClaimLink, Exhibit
from apps.cases.models.claim import BEST_OF_ONE_ORIGIN
from apps.evidence.fingerprints import scales
from apps.evidence.models import Item

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


# --- a claim is no evidence of what it says ---------------------------------------------------------------------------


def refuse_strength(item: Item, log10_lr: float | None) -> None:
    if item.only_says and log10_lr is not None:
        raise ValidationError(
            {
                "log10_lr": f"{item.ref} is the capture of a page: it proves that something was said, not that it is "
                "true, so it carries no likelihood ratio. Put what it says to a test of your own, or leave this "
                "empty. (R12)"
            }
        )


def refuse_captures_alone(exhibits: Iterable[Exhibit]) -> None:
    """A claim never becomes a finding by itself."""
    chosen = list(exhibits)
    if chosen and all(exhibit.item.only_says for exhibit in chosen):
        raise ValidationError(
            {
                "exhibits": f"{', '.join(exhibit.label for exhibit in chosen)} prove only that something was said: a "
                "claim is no evidence of what it says. Add an exhibit of your own: a log, a test run. (R12)"
            }
        )
