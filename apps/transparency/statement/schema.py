"""The rules of the DSA Transparency Database for one statement (API v1, the schema in force since 1 July 2025).

Source: docs and validation rules of digital-services-act/transparency-database. A field that is null counts as absent.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

SHORT, LONG, LONGEST = 500, 2000, 5000  # characters of a text
PUID = re.compile(r"[a-zA-Z0-9-_]+")

Rule = Callable[[Any], str]  # what is wrong with a value, "" when nothing is


@dataclass(frozen=True)
class Problem:
    field: str
    says: str

    def __str__(self) -> str:
        return f"{self.field}: {self.says}"


def _named(prefix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}_{name}" for name in names.split())


VISIBILITY = _named(
    "DECISION_VISIBILITY",
    "CONTENT_REMOVED CONTENT_DISABLED CONTENT_DEMOTED CONTENT_AGE_RESTRICTED CONTENT_INTERACTION_RESTRICTED"
    " CONTENT_LABELLED OTHER",
)
MONETARY = _named("DECISION_MONETARY", "SUSPENSION TERMINATION OTHER")
PROVISION = _named("DECISION_PROVISION", "PARTIAL_SUSPENSION TOTAL_SUSPENSION PARTIAL_TERMINATION TOTAL_TERMINATION")
ACCOUNT = _named("DECISION_ACCOUNT", "SUSPENDED TERMINATED")
ACCOUNT_TYPE = _named("ACCOUNT_TYPE", "BUSINESS PRIVATE")
GROUND = _named("DECISION_GROUND", "ILLEGAL_CONTENT INCOMPATIBLE_CONTENT")
CONTENT_TYPE = _named("CONTENT_TYPE", "APP AUDIO IMAGE PRODUCT SYNTHETIC_MEDIA TEXT VIDEO OTHER")
CATEGORY = _named(
    "STATEMENT_CATEGORY",
    "ANIMAL_WELFARE CONSUMER_INFORMATION CYBER_VIOLENCE CYBER_VIOLENCE_AGAINST_WOMEN"
    " DATA_PROTECTION_AND_PRIVACY_VIOLATIONS ILLEGAL_OR_HARMFUL_SPEECH INTELLECTUAL_PROPERTY_INFRINGEMENTS"
    " NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS NOT_SPECIFIED_NOTICE OTHER_VIOLATION_TC PROTECTION_OF_MINORS"
    " RISK_FOR_PUBLIC_SECURITY SCAMS_AND_FRAUD SELF_HARM UNSAFE_AND_PROHIBITED_PRODUCTS VIOLENCE",
)
KEYWORD = _named(
    "KEYWORD",
    "ADULT_SEXUAL_MATERIAL AGE_SPECIFIC_RESTRICTIONS AGE_SPECIFIC_RESTRICTIONS_MINORS ANIMAL_HARM"
    " BIOMETRIC_DATA_BREACH BULLYING_AGAINST_GIRLS CHILD_SEXUAL_ABUSE_MATERIAL CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE"
    " CONTENT_PROMOTING_EATING_DISORDERS COORDINATED_HARM COPYRIGHT_INFRINGEMENT CYBER_BULLYING_INTIMIDATION"
    " CYBER_HARASSMENT CYBER_HARASSMENT_AGAINST_WOMEN CYBER_INCITEMENT CYBER_STALKING CYBER_STALKING_AGAINST_WOMEN"
    " DATA_FALSIFICATION DEFAMATION DESIGN_INFRINGEMENT DISCRIMINATION FEMALE_GENDERED_DISINFORMATION"
    " GEOGRAPHICAL_REQUIREMENTS GEOGRAPHIC_INDICATIONS_INFRINGEMENT GOODS_SERVICES_NOT_PERMITTED"
    " GROOMING_SEXUAL_ENTICEMENT_MINORS HATE_SPEECH HIDDEN_ADVERTISEMENT HUMAN_EXPLOITATION HUMAN_TRAFFICKING"
    " ILLEGAL_ORGANIZATIONS IMPERSONATION_ACCOUNT_HIJACKING INAUTHENTIC_ACCOUNTS INAUTHENTIC_LISTINGS"
    " INAUTHENTIC_USER_REVIEWS INCITEMENT_AGAINST_WOMEN INCITEMENT_VIOLENCE_HATRED"
    " INSUFFICIENT_INFORMATION_ON_TRADERS LANGUAGE_REQUIREMENTS MISINFORMATION_DISINFORMATION"
    " MISLEADING_INFO_CONSUMER_RIGHTS MISLEADING_INFO_GOODS_SERVICES MISSING_PROCESSING_GROUND"
    " NONCOMPLIANCE_PRICING NON_CONSENSUAL_IMAGE_SHARING NON_CONSENSUAL_IMAGE_SHARING_AGAINST_WOMEN"
    " NON_CONSENSUAL_MATERIAL_DEEPFAKE NON_CONSENSUAL_MATERIAL_DEEPFAKE_AGAINST_WOMEN NUDITY OTHER"
    " PATENT_INFRINGEMENT PHISHING PROHIBITED_PRODUCTS PYRAMID_SCHEMES RIGHT_TO_BE_FORGOTTEN"
    " RISK_ENVIRONMENTAL_DAMAGE RISK_PUBLIC_HEALTH SELF_MUTILATION STALKING SUICIDE TERRORIST_CONTENT"
    " TRADEMARK_INFRINGEMENT TRADE_SECRET_INFRINGEMENT TRAFFICKING_WOMEN_GIRLS UNLAWFUL_SALE_ANIMALS"
    " UNSAFE_CHALLENGES UNSAFE_PRODUCTS VIOLATION_EU_LAW VIOLATION_NATIONAL_LAW",
)
TERRITORY = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()  # noqa: SIM905
)
SOURCE = {"SOURCE_ARTICLE_16", "SOURCE_TRUSTED_FLAGGER", "SOURCE_VOLUNTARY", "SOURCE_TYPE_OTHER_NOTIFICATION"}
AUTOMATED = {f"AUTOMATED_DECISION_{name}" for name in ("FULLY", "PARTIALLY", "NOT_AUTOMATED")}
YES_NO = {"Yes", "No"}


# --- values ----------------------------------------------------------------------------------------------------------


def one_of(allowed: Collection[str]) -> Rule:
    return lambda value: "" if isinstance(value, str) and value in allowed else "is not one of the values allowed"


def some_of(allowed: Collection[str]) -> Rule:
    def rule(value: Any) -> str:
        if not isinstance(value, list):
            return "is a list"
        return next(filter(None, map(one_of(allowed), value)), "")

    return rule


def text(longest: int) -> Rule:
    def rule(value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            return "says something"
        return f"has {len(value):,} characters, and {longest:,} at most are taken" if len(value) > longest else ""

    return rule


def day(first: date = date.min, last: date = date.max) -> Rule:
    def rule(value: Any) -> str:
        try:
            if not isinstance(value, str) or date.fromisoformat(value).isoformat() != value:
                return "is a day such as 2026-03-19"
        except ValueError:
            return "is a day such as 2026-03-19"
        return "" if first <= date.fromisoformat(value) <= last else f"lies between {first} and {last}"

    return rule


def puid(value: Any) -> str:
    if not isinstance(value, str) or not PUID.fullmatch(value):
        return "has letters, digits, - and _ alone"
    return text(SHORT)(value)


def url(value: Any) -> str:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    if not parts or parts.scheme not in ("http", "https") or not parts.hostname:
        return "is a whole address"
    return text(SHORT)(value)


def language(value: Any) -> str:
    return "" if isinstance(value, str) and re.fullmatch("[A-Z]{2}", value) else "is a code of ISO 639-1 in capitals"


def content_id(value: Any) -> str:
    if not isinstance(value, dict) or set(value) != {"EAN-13"}:
        return "has the one key EAN-13"
    return "" if re.fullmatch("[0-9]{13}", str(value["EAN-13"])) else "has 13 digits"


LAST = date(2038, 1, 1)

FIELDS: Mapping[str, Rule] = {
    "puid": puid,
    "decision_visibility": some_of(VISIBILITY),
    "decision_visibility_other": text(SHORT),
    "decision_monetary": one_of(MONETARY),
    "decision_monetary_other": text(SHORT),
    "decision_provision": one_of(PROVISION),
    "decision_account": one_of(ACCOUNT),
    "account_type": one_of(ACCOUNT_TYPE),
    "decision_ground": one_of(GROUND),
    "decision_ground_reference_url": url,
    "illegal_content_legal_ground": text(SHORT),
    "illegal_content_explanation": text(LONG),
    "incompatible_content_ground": text(SHORT),
    "incompatible_content_explanation": text(LONG),
    "incompatible_content_illegal": one_of(YES_NO),
    "content_type": some_of(CONTENT_TYPE),
    "content_type_other": text(SHORT),
    "category": one_of(CATEGORY),
    "category_addition": some_of(CATEGORY),
    "category_specification": some_of(KEYWORD),
    "category_specification_other": text(SHORT),
    "territorial_scope": some_of(TERRITORY),
    "content_language": language,
    "content_date": day(date(2000, 1, 1), LAST),
    "application_date": day(date(2020, 1, 1), LAST),
    "end_date_account_restriction": day(),
    "end_date_monetary_restriction": day(),
    "end_date_service_restriction": day(),
    "end_date_visibility_restriction": day(),
    "decision_facts": text(LONGEST),
    "source_type": one_of(SOURCE),
    "source_identity": text(SHORT),
    "automated_detection": one_of(YES_NO),
    "automated_decision": one_of(AUTOMATED),
    "content_id": content_id,
}

REQUIRED = (
    "puid", "decision_ground", "content_type", "category", "content_date", "application_date", "decision_facts",
    "source_type", "automated_detection", "automated_decision",
)  # fmt: skip
DECISIONS = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")

# Text that is there exactly when a value is chosen: the field that has the value, the value, the text.
SAID_WITH = (
    ("decision_visibility", "DECISION_VISIBILITY_OTHER", "decision_visibility_other"),
    ("decision_monetary", "DECISION_MONETARY_OTHER", "decision_monetary_other"),
    ("decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT", "illegal_content_legal_ground"),
    ("decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT", "illegal_content_explanation"),
    ("decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT", "incompatible_content_ground"),
    ("decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT", "incompatible_content_explanation"),
    ("content_type", "CONTENT_TYPE_OTHER", "content_type_other"),
    ("category_specification", "KEYWORD_OTHER", "category_specification_other"),
)


# --- a statement -----------------------------------------------------------------------------------------------------


def problems(statement: Mapping[str, Any]) -> list[Problem]:
    """What the database would refuse of a statement, in the order of its fields; an empty list when nothing."""
    given = {name: value for name, value in statement.items() if value is not None}
    return [*_values(given), *_missing(given), *_conditions(given)]


def _values(given: Mapping[str, Any]) -> Iterator[Problem]:
    for name, value in given.items():
        if name not in FIELDS:
            yield Problem(name, "is no field of the database")
        elif says := FIELDS[name](value):
            yield Problem(name, says)


def _missing(given: Mapping[str, Any]) -> Iterator[Problem]:
    for name in REQUIRED:
        if given.get(name) in (None, []):
            yield Problem(name, "is required")
    if not any(given.get(name) for name in DECISIONS):
        yield Problem("decision_account", "or another decision is required")


def _conditions(given: Mapping[str, Any]) -> Iterator[Problem]:
    for field, value, said in SAID_WITH:
        chosen = given.get(field)
        is_chosen = value in chosen if isinstance(chosen, list) else value == chosen
        if is_chosen and said not in given:
            yield Problem(said, f"is required with {value}")
        elif not is_chosen and said in given:
            yield Problem(said, f"stands with {value} only")
    if "incompatible_content_illegal" in given and "incompatible_content_ground" not in given:
        yield Problem("incompatible_content_illegal", "stands with DECISION_GROUND_INCOMPATIBLE_CONTENT only")
    if given.get("source_type") == "SOURCE_VOLUNTARY" and "source_identity" in given:
        yield Problem("source_identity", "is not given with SOURCE_VOLUNTARY")
