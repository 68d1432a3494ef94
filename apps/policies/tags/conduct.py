"""Kinds of conduct that terms speak of when they speak of extraction, and the words by which each is recognised."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Conduct(StrEnum):
    EXTRACTION = "extraction"
    COMPETING_MODEL = "competing_model"
    AUTOMATED_ACCESS = "automated_access"
    MULTIPLE_ACCOUNTS = "multiple_accounts"
    RESALE = "resale"
    CIRCUMVENTION = "circumvention"
    REGION = "region"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of conduct in people's words."""

    title: str
    means: str
    words: re.Pattern[str]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def _near(letters: int) -> str:
    """Up to so many letters of the same part of a sentence."""
    return rf"[^.;\n]{{0,{letters}}}?"


_MODEL = r"(?:models?|algorithms?|AI systems?|neural networks?|LLMs?)"
_AI = (
    r"(?:AI|artificial[- ]intelligence|machine[- ]learning|ML|foundation|(?:large )?language|generative"
    r"|deep[- ]learning)"
)
_TRAIN = r"(?:(?:pre-?|re)?train(?:s|ing)?|fine[- ]?tun(?:e|es|ing)|distil(?:l|ls|ling)?)(?! ?-?data)"
_MAKE = r"(?:develop|creat|build|buil[dt]|improv|produc|mak|enhanc)\w*"
_OURS = rf"(?!{_near(30)}\bour\b{_near(20)}\bmodel)"
_LIMITS = (
    r"(?:rate[- ]?limit\w*|restrict\w*|limit(?:s|ations?)?|quotas?|safe-?guards?|guard-?rails?|safety|filters?"
    r"|measures?|mechanisms?|controls?|bans?|detection|protections?|security|features|verification|suspension)"
)
_EVADE = r"(?:circumvent|bypass|evad|overrid|defeat|sidestep|work(?:s|ing)? around|get(?:s|ting)? around)\w*"
_PLACE = r"(?:countr(?:y|ies)|territor(?:y|ies)|regions?|geograph(?:y|ies)|jurisdictions?)"

KINDS: dict[Conduct, Kind] = {
    Conduct.EXTRACTION: Kind(
        "Extraction",
        "taking the model, its data or its output out of the service: scraping, distillation, reverse engineering",
        _any(
            r"\b(?:model[- ])?scrap(?:e|es|ed|ing|ers?)\b",
            r"\bcrawl(?:s|ed|ing|ers?)?\b|\bspider(?:s|ed|ing)?\b|\bdata[- ]min(?:e|ing)\b",
            rf"\bextract(?:s|ed|ing|ion)?\b(?={_near(60)}\b(?:data|outputs?|contents?|models?|weights"
            rf"|parameters|secrets|information|tool))",
            rf"\bharvest(?:s|ed|ing)?\b(?!{_near(30)}\bpersonal)(?={_near(50)}\b(?:data|outputs?|contents?"
            rf"|information))|\bweb harvesting\b",
            r"\b(?:model|knowledge)[- ](?:extraction|stealing|theft|distillation|inversion)\b|\bstealing attacks?\b",
            r"\bdistil(?:l|ls|led|ling|lation)?\b|\bsystematic(?:ally)? quer(?:y|ying|ies)\b",
            r"\breverse[- ](?:engineer|assembl|compil)\w*\b|\bdecompil\w+\b|\bdisassembl\w+\b",
            rf"\b(?:replicat|duplicat|imitat|mimic|clon)\w*\b(?={_near(30)}\b(?:models?|services?))",
        ),
    ),
    Conduct.COMPETING_MODEL: Kind(
        "Competing model",
        "using the service or its output to train or build models, products or services of one's own",
        _any(
            r"\b(?:models?|model\(s\)|products?|services?|technolog\w+|algorithms?|offerings?"
            r"|systems?)(?:,?\s+\w+){0,6}?\s+competes?\b|\bcompetitive with\b",
            rf"\bcompet(?:ing|itive)\b{_near(40)}\b(?:models?|products?|services?|offerings?|technolog\w+|AI"
            rf"|analysis)\b",
            r"\bin (?:direct or indirect |direct |indirect )?competition with\b",
            rf"\b{_TRAIN}\b{_OURS}{_near(80)}\b{_MODEL}\b",
            rf"\b{_MAKE}\b{_OURS}{_near(50)}\b{_AI}\b{_near(40)}\b{_MODEL}\b",
            rf"\b{_AI}\b{_near(40)}\btraining\b(?! data)",
            rf"\b(?:build|develop|creat)\w*\b{_near(60)}\bsimilar\b{_near(30)}\b(?:products?|services?|models?)\b",
            rf"\b(?:build|develop|creat|provid)\w*\b{_near(60)}\b(?:products?|services?"
            rf"|models?)\b{_near(20)}\bsimilar to\b",
        ),
    ),
    Conduct.AUTOMATED_ACCESS: Kind(
        "Automated access",
        "reaching the service by robots, scripts or other automated means",
        _any(
            r"\b(?:automated|automatic|programmatic|non-human)\s+(?:or\s+\w+\s+)?(?:means|methods?"
            r"|tools? to (?:access|extract|collect|scrape|query)|scripts?|process(?:es)?|access|quer\w+"
            r"|requests?|data collection)\b",
            r"\b(?:automatically|programmatically)\s+(?:or\s+\w+\s+)?(?:extract|access|quer|scrap|collect"
            r"|retriev|download)\w*",
            r"\b(?:bots?|robots?(?!\.txt)|spiders?|crawlers?|scrapers?)\b|\b(?:crawl|spider)(?:s|ing)?\b",
            rf"\bautomated\b{_near(30)}\bscraping\b",
        ),
    ),
    Conduct.MULTIPLE_ACCOUNTS: Kind(
        "Multiple accounts",
        "several, false or borrowed accounts, or a new one after a ban",
        _any(
            r"\b(?:more than one|multiple|several|duplicate|fake|false|fraudulent"
            r"|numerous)\s+(?:\(\d+\)\s+)?(?:\w+\s+)?accounts?\b",
            rf"\b(?:circumvent|evad|avoid|bypass|ban|banned|suspen|terminat)\w*\b{_near(60)}\b(?:different"
            rf"|another|new)\s+account\b",
            r"\baccounts? (?:on behalf of|in the name of) another\b",
            rf"\b(?:creat|open|regist)\w*\b{_near(20)}\baccounts?\b{_near(20)}\b(?:in bulk|by automated"
            rf"|through automated)",
        ),
    ),
    Conduct.RESALE: Kind(
        "Resale",
        "passing access on to others: selling, leasing, sublicensing, sharing accounts or keys",
        _any(
            r"\bre-?sell(?:s|ing)?\b|\bre-?sold\b|\bre-?sale\b|\bsub-?licen[cs](?:es?|ed|ing)\b"
            r"|\btime[- ]?sharing\b|\bservice bureau\b|\bwhite[- ]label\w*",
            rf"\b(?:sell|selling|leas(?:e|ing)|rent|renting|lend|lending|loan"
            rf"|loaning)\b(?={_near(90)}\b(?:services?|access|accounts?|keys?|apps?|software|outputs?)\b)",
            rf"\btransfer(?:ring)?\b(?={_near(30)}\b(?:api keys?|accounts?|credentials?)\b)",
            r"\bshar(?:e|ing)\s+(?:[\w’']+\s+){0,3}?(?:accounts?|credentials?|log-?in|api keys?|passwords?)\b",
            rf"\bmak(?:e|ing)\b{_near(20)}\baccounts?\b{_near(20)}\bavailable\b",
        ),
    ),
    Conduct.CIRCUMVENTION: Kind(
        "Circumvention",
        "getting around limits, bans, safeguards or protective measures",
        _any(
            rf"\b{_EVADE}\b(?! regulatory)(?!{_near(30)}\bmedical)(?!{_near(60)}\bof other platforms)"
            rf"(?={_near(100)}\b{_LIMITS}\b)",
            rf"\bexceed(?:s|ing)?\b(?={_near(40)}\b(?:rate[- ]?limits?|quotas?|usage limits?)\b)",
            rf"\b(?:bypass|circumvent)(?:ing)?\b(?={_near(30)}\b(?:systems|those limitations)\b)"
            rf"|\bjail-?break(?:s|ing)?\b",
        ),
    ),
    Conduct.REGION: Kind(
        "Region",
        "use from, or for, places where the service is not offered",
        _any(
            rf"\b(?:un)?supported\b{_near(25)}\b{_PLACE}\b|\b(?:embargoed|sanctioned|restricted"
            rf"|prohibited)\s+(?:country or territory|{_PLACE})\b",
            rf"\b{_PLACE}\b{_near(60)}\b(?:(?:not |un|currently )?support(?:s|ed)\b|embargoed\b|(?:do"
            rf"|does) not offer\b|(?:is|are) not (?:available|offered)\b)",
            rf"\boutside\b{_near(20)}\b(?:un)?supported\b{_near(15)}\b{_PLACE}\b",
        ),
    ),
}  # fmt: skip


def mentions(text: str) -> Iterator[tuple[Conduct, int, int]]:
    """Where a text uses words of a conduct: the conduct, start and end."""
    for conduct, kind in KINDS.items():
        for match in kind.words.finditer(text):
            yield conduct, match.start(), match.end()
