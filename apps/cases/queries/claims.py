"""What is said about a case, and what contradicts what."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import QuerySet
from django.db.models.functions import Lower

from apps.cases.claims import grading
from apps.cases.models import Case, Claim, ClaimLink, Quantity


def visible_claims(user) -> QuerySet[Claim]:
    claims = Claim.objects.select_related("case", "capture", "recorded_by", "graded_by", "withdrawn_by")
    return claims if user.has_perm("cases.view") else claims.none()


def visible_links(user) -> QuerySet[ClaimLink]:
    links = ClaimLink.objects.select_related("case", "claim", "other")
    return links if user.has_perm("cases.view") else links.none()


def claims(case: Case) -> QuerySet[Claim]:
    return case.claims.select_related("case", "capture", "recorded_by", "graded_by").order_by(Lower("topic"), "number")


def standing_links(case: Case) -> list[ClaimLink]:
    """Links that were not withdrawn, with both claims. One query."""
    links = case.claim_links.filter(withdrawn_at=None, claim__withdrawn_at=None, other__withdrawn_at=None)
    return list(links.select_related("case", "claim", "other").order_by("linked_at"))


def withdrawn(case: Case) -> QuerySet[Claim]:
    return case.claims.exclude(withdrawn_at=None).select_related("withdrawn_by").order_by("number")


def quantities(case: Case) -> QuerySet[Quantity]:
    return case.quantities.select_related("claim", "run").order_by("what", "recorded_at")


@dataclass(frozen=True)
class Said:
    """A claim with what others make of it."""

    claim: Claim
    grade_words: str
    repeated_by: list[tuple[ClaimLink, Claim]]
    carried_by: list[Claim]  # of those that say the same, the ones of another origin
    contradicted_by: list[tuple[ClaimLink, Claim]]


@dataclass(frozen=True)
class Matter:
    """All that is said about one thing."""

    topic: str
    said: list[Said]

    @property
    def origins(self) -> int:
        return len({one.claim.origin for one in self.said})


def matters(case: Case) -> list[Matter]:
    """Claims by what they are about. Two queries, however many there are."""
    links = standing_links(case)
    by_claim: dict[object, list[tuple[ClaimLink, Claim]]] = {}
    for link in links:
        by_claim.setdefault(link.claim_id, []).append((link, link.other))
        by_claim.setdefault(link.other_id, []).append((link, link.claim))

    def told(claim: Claim) -> Said:
        mine = by_claim.get(claim.pk, [])
        return Said(
            claim,
            grading.words(claim),
            [pair for pair in mine if pair[0].kind == ClaimLink.Kind.REPEATS],
            grading.corroborators(claim, [link for link, _ in mine]),
            [pair for pair in mine if pair[0].kind == ClaimLink.Kind.CONTRADICTS],
        )

    standing = [claim for claim in claims(case) if claim.withdrawn_at is None]
    groups = (list(group) for _, group in groupby(standing, lambda claim: claim.topic.lower()))
    return [Matter(group[0].topic, [told(claim) for claim in group]) for group in groups]


def contradictions(case: Case) -> list[ClaimLink]:
    return [link for link in standing_links(case) if link.kind == ClaimLink.Kind.CONTRADICTS]
