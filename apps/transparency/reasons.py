"""What statements about a decision say, taken from its finding, and what of that must not leave the house."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import override as in_language

from apps.cases.findings.wording import LIKELIHOODS, term
from apps.cases.models import Decision, Finding, Party
from apps.notices import phrases
from apps.notices.basis import Basis
from apps.notices.languages import SOURCE, Manner, Sentences
from apps.transparency.models import GeneralText
from apps.transparency.statement import personal
from apps.transparency.statement.mapping import Reasons, Told, Words, ground, words

FACTS, EXPLANATION, GROUND = "decision_facts", "incompatible_content_explanation", "incompatible_content_ground"

Found = list[list[str]]  # a field, and what kind of thing is in it


@dataclass(frozen=True)
class Public:
    """Of one decision: its reasons, the words that its statements use, and what is in them that may not be."""

    reasons: Reasons
    words: Words
    found: Found
    names: tuple[str, ...]


def of_decisions(ids: Iterable[UUID]) -> dict[UUID, Public]:
    found = Decision.objects.filter(pk__in=set(ids)).select_related("finding__case")
    return {decision.pk: of_decision(decision) for decision in found}


def of_decision(decision: Decision) -> Public:
    because = reasons(decision)
    written = GeneralText.objects.filter(decision=decision).first()
    said = Words(written.facts, written.explanation) if written else words(because)
    return Public(because, said, named_in(decision, said), tuple(names(decision.case_id)))


def reasons(decision: Decision) -> Reasons:
    finding, basis = decision.finding, Basis.of(decision)
    sure = term(finding.confidence)
    low, high = LIKELIHOODS[sure]
    return Reasons(
        conduct=finding.conduct,
        conduct_from=finding.conduct_from,
        conduct_to=finding.conduct_to,
        likelihood=f"{sure} ({low}–{high} %)",
        shown=tuple(exhibit.shows for exhibit in basis.exhibits),
        explanations=tuple(_considered(basis)),
        limits=finding.limits,
        bases=_bases(finding),
        territory=tuple(decision.territory),
        was_reported=basis.is_reported,
    )


def _considered(basis: Basis) -> Iterable[tuple[str, str]]:
    with in_language(SOURCE):
        for item in phrases.considered(basis.explanations, Sentences(Manner())):
            yield item.text, item.outcome


def _bases(finding: Finding) -> frozenset[str]:
    """Theories of which everything that is necessary was shown."""
    rows = list(finding.elements.values_list("theory", "is_necessary", "confidence"))
    with_gap = {theory for theory, is_necessary, confidence in rows if is_necessary and not confidence}
    return frozenset(theory for theory, _, _ in rows) - with_gap


# --- what may not be in it -------------------------------------------------------------------------------------------


def named_in(decision: Decision, said: Words) -> Found:
    """What the texts say that could tell who somebody is: field and kind, never the thing itself."""
    known = names(decision.case_id)
    return [
        [field, kind]
        for field, text in ((FACTS, said.facts), (EXPLANATION, said.explanation))
        for kind in personal.kinds(
            text, names=[*known, *_holders_in(decision, text)], references=references_in(decision, text)
        )
    ]


def in_ground(told: Told, public: Public) -> Found:
    """The same of the clauses that a letter cites."""
    return [[GROUND, kind] for kind in personal.kinds(ground(told.clauses), names=public.names)]


def names(case_id: UUID) -> list[str]:
    """Of the parties of the case."""
    return list(Party.objects.filter(case=case_id).values_list("name", flat=True))


# Any account by its exact reference; those of the finding, and their contracts, in whatever case. What stands there as
# a part of another word is sorted out by `personal`.
REFERENCES = """
    SELECT ref FROM accounts_account WHERE ref = ANY(%(tokens)s)
    UNION SELECT a.ref FROM accounts_account a JOIN cases_findingaccount f ON f.account_id = a.id
    WHERE f.finding_id = %(finding)s AND strpos(lower(%(text)s), lower(a.ref)) > 0
    UNION SELECT a.contract FROM accounts_account a JOIN cases_findingaccount f ON f.account_id = a.id
    WHERE f.finding_id = %(finding)s AND a.contract ~ '[0-9]' AND strpos(lower(%(text)s), lower(a.contract)) > 0"""

# Whoever holds an account of the finding, where the text has a word of their name, or all of it.
HOLDERS = """
    SELECT DISTINCT a.organisation FROM accounts_account a JOIN cases_findingaccount f ON f.account_id = a.id
    WHERE f.finding_id = %(finding)s AND a.organisation <> ''
      AND (regexp_split_to_array(lower(a.organisation), '\\W+') && %(words)s
           OR strpos(lower(%(text)s), lower(a.organisation)) > 0)"""


def references_in(decision: Decision, text: str) -> list[str]:
    shown = personal.plain(text)
    return _asked(REFERENCES, {"finding": decision.finding_id, "text": shown, "tokens": _tokens(shown)})


def _holders_in(decision: Decision, text: str) -> list[str]:
    shown = personal.plain(text)
    spelled = re.findall(r"\w+", shown.lower())
    return _asked(HOLDERS, {"finding": decision.finding_id, "text": shown, "words": spelled})


def _asked(statement: str, params: dict[str, Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [row[0] for row in cursor.fetchall()]


def _tokens(text: str) -> list[str]:
    """Words as a reference may stand there, with and without the punctuation around them."""
    found = text.split()
    return list({*found, *(token.strip(".,;:!?()[]{}<>\"'“”„‚‘’`") for token in found)})
