"""What a notice states: plain data, checked when it is made."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from urllib.parse import urlencode

from django.utils.dateformat import format as date_format
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.cases.findings.wording import LIKELIHOODS
from apps.notices.letter.profiles import Profile


@dataclass(frozen=True)
class Fact:
    """One sentence or two, and the exhibits that carry it, or the record it was taken from."""

    text: str
    exhibits: tuple[str, ...] = ()
    record: str = ""


@dataclass(frozen=True)
class Clause:
    """A clause as it read on the day. `sha256` is of the document version's exact bytes, in hex.

    `lead_in` are the words that introduce the list it is an item of, "" where there is none. It is quoted in the
    language of the terms, whatever that of the letter is.
    """

    document: str
    address: str
    text: str
    version_date: date
    sha256: str
    lead_in: str = ""
    language: str = "en"

    @property
    def quotation(self) -> str:
        """All the words that are quoted, a paragraph a line."""
        return f"{self.lead_in}\n{self.text}" if self.lead_in else self.text


@dataclass(frozen=True)
class Explanation:
    """An innocent explanation, and why it does or does not fit."""

    text: str
    outcome: str


@dataclass(frozen=True)
class Translation:
    """A sentence that somebody wrote for the case, and how it reads in the letter. `name` says which one it is."""

    name: str
    source: str
    text: str


@dataclass(frozen=True)
class AccountList:
    """The accounts that a letter to a party lists in its annex. `sha256` is of the attached file, in hex; `erased` are
    those that it leaves out because nothing is known of them any more."""

    count: int
    sha256: str
    erased: int = 0


LIST_FILE = "accounts.csv"

Restriction = Literal["account_suspended", "account_terminated", "service_limited", "none"]
Automation = Literal["not", "partially", "fully"]


@dataclass(frozen=True)
class NoticeFacts:
    """Everything that a notice may say. None means: not the case here, and only a text's [when name] may name it."""

    # who writes to whom
    provider_name: str
    desk: str
    signatory: tuple[str, ...]
    recipient: tuple[str, ...]
    account_ref: str
    # the notice
    reference: str
    case_ref: str
    issued_on: date
    delivery: str
    contact_address: str
    # what is decided
    restriction: Restriction
    action_sentence: str
    scope: str
    territory: str
    starts_on: date
    # what it rests on
    facts: tuple[Fact, ...]
    clauses: tuple[Clause, ...]
    explanations_considered: tuple[Explanation, ...]
    confidence_term: str
    finding: str
    limits: str
    detected_automatically: bool
    decided_automatically: Automation
    # and what may or may not apply
    ends_on: date | None = None
    accepted_on: date | None = None
    active_from: date | None = None
    active_until: date | None = None
    origin: str | None = None
    appeal_until: date | None = None
    appeal_address: str | None = None
    appeal_code: str | None = None
    reviewer_promise: str | None = None
    dispute_body: str | None = None
    data_promise: str | None = None
    warned_on: date | None = None
    standing: str | None = None
    legal_grounds: tuple[str, ...] = ()
    demands: tuple[str, ...] = ()
    preservation: tuple[str, ...] = ()
    respond_by: date | None = None
    enclosures: tuple[str, ...] = ()
    # what an answer to an appeal says
    appeal_ref: str | None = None
    appealed_on: date | None = None
    measure_ref: str | None = None
    measure_issued_on: date | None = None
    upheld_on: date | None = None
    lifted_on: date | None = None
    appeal_reasons: tuple[str, ...] = ()
    verification_address: str | None = None
    verification_code: str | None = None
    # by which rules it is written, and what those ask for
    profile: Profile = "eu"
    is_voluntary: bool = True
    form_note: str | None = None
    ground_sentence: str | None = None
    judicial_redress: str | None = None
    # whom it goes to among those that one kind of letter is for, and why to them
    sort: str | None = None
    sort_sentence: str | None = None
    steps: tuple[str, ...] = ()
    reinstatement_reasons: tuple[str, ...] = ()
    language: str = "en"
    translations: tuple[Translation, ...] = ()
    # the accounts concerned, where its recipient has to know which they are
    listed: AccountList | None = None
    accounts_csv: str = ""

    def __post_init__(self):
        if self.confidence_term not in LIKELIHOODS:
            raise ValueError(f"{self.confidence_term!r} is no likelihood word; use one of: {', '.join(LIKELIHOODS)}")
        if self.ends_on and self.ends_on < self.starts_on:
            raise ValueError(f"the restriction would end on {self.ends_on}, before it starts on {self.starts_on}")

    @property
    def confidence_range(self) -> str:
        low, high = LIKELIHOODS[self.confidence_term]
        return f"{low}–{high} %"

    @property
    def until_phrase(self) -> str:
        return _("until {day}").format(day=long_date(self.ends_on)) if self.ends_on else _("until further notice")

    @property
    def duration_days(self) -> int | None:
        return (self.ends_on - self.starts_on).days if self.ends_on else None

    @property
    def appeal_link(self) -> str:
        """Where one appeals, with the number of the letter; its code is typed, so that no link opens it by itself."""
        return f"https://{self.appeal_address}/?{urlencode({'letter': self.reference})}"

    @property
    def verification_link(self) -> str:
        """Where anybody is told whether this letter was issued, and is unaltered."""
        return f"https://{self.verification_address}/{self.verification_code}"

    @property
    def detection_sentence(self) -> str:
        if self.detected_automatically:
            return _("Automated systems that watch for unusual patterns of use drew our attention to this activity.")
        return _("People, not an automated system, noticed this activity.")

    @property
    def decision_sentence(self) -> str:
        return {
            "not": _("A person reviewed the material and took this decision; no automated system decided."),
            "partially": _("A person confirmed this decision; an automated system had proposed it."),
            "fully": _("This decision was taken by an automated system."),
        }[self.decided_automatically]


def shown(value: str | date | int) -> str:
    if isinstance(value, date):
        return long_date(value)
    if isinstance(value, int):
        return str(number_format(value, use_l10n=True, force_grouping=True))
    return value


def long_date(day: date) -> str:
    """19 March 2026, or 19. März 2026, as the language in use has it; with spaces that do not break."""
    form = _DAYS.get(get_language() or "", _DAYS["en"])
    return date_format(day, form).replace(" ", "\u00a0")


_DAYS = {"en": "j F Y", "de": "j. F Y"}
