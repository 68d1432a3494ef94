"""From a decision and its finding to the facts of a letter: everything it says, each taken from a record."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override as in_language

from apps.accounts.models import Account
from apps.cases.findings.wording import term
from apps.cases.models import Decision, Finding, FindingClause, Party
from apps.counsel.queries import address_of
from apps.notices import annex, grounds, phrases
from apps.notices.basis import Basis, OnRecord, on_record
from apps.notices.languages import SOURCE, Manner, Sentences
from apps.notices.letter import Fact, Letterhead, NoticeFacts, Profile, profile_for
from apps.notices.models import Notice, NoticeTemplate

# What its account holder is asked to answer.
ANSWERED = (Decision.Action.VERIFY_IDENTITY,)

PLAIN = Manner()

# What stands in a draft where the issued letter has its number and codes.
NOT_YET = "(assigned when issued)"


def lines(recipient: str) -> tuple[str, ...]:
    """An address block as lines."""
    return tuple(line.strip() for line in recipient.splitlines() if line.strip())


def facts_for(
    kind: str, decision: Decision, to: Account | Party | None, recipient: tuple[str, ...], on: date, manner: Manner
) -> NoticeFacts:
    """What the letter says that carries out a decision."""
    if isinstance(to, Account):
        return facts_for_account(Basis.of(decision), to, recipient, on, manner)
    if isinstance(to, Party):
        say = facts_for_victim if kind == NoticeTemplate.Kind.VICTIM else facts_for_party
        return say(decision, to, recipient, on, manner)
    raise ValueError("a letter goes to an account or to a party")


def again(
    notice: Notice,
    facts: NoticeFacts,
    recipient: tuple[str, ...] = (),
    *,
    on: date | None = None,
    lists_accounts: bool = False,
) -> NoticeFacts:
    """What a letter says as the records are now, in the manner of an earlier draft of it."""
    decision, account, day = notice.decision, notice.account, on or facts.issued_on
    manner = Manner(facts.language, facts.profile, facts.sort or "", facts.translations, lists_accounts)
    if notice.kind == NoticeTemplate.Kind.APPEAL_DECISION:
        assert account, "an answer goes to an account"
        return facts_for_answer(decision, account, Answered.by(facts), recipient, day, manner)
    if notice.kind == NoticeTemplate.Kind.REINSTATEMENT:
        assert account, "an account is given back"
        return facts_for_reinstatement(decision, account, GivenBack.by(facts), recipient, day, manner)
    return facts_for(notice.kind, decision, account or notice.party, recipient, day, manner)


def facts_for_account(
    basis: Basis, account: Account, recipient: tuple[str, ...], on: date, manner: Manner = PLAIN
) -> NoticeFacts:
    """What a letter to one account says about that account."""
    [known] = on_record(basis.finding, [account])
    return facts_of_account(basis, known, recipient, on, manner)


def facts_of_account(
    basis: Basis, known: OnRecord, recipient: tuple[str, ...], on: date, manner: Manner = PLAIN
) -> NoticeFacts:
    """The same of what is known already: it asks the database for nothing."""
    decision, finding, account, figures = basis.decision, basis.finding, known.account, known.figures
    cited = basis.cited_for(account)
    is_one_of_many = finding.account_count > 1
    profile = manner.profile or profile_for(account.country)
    with in_language(manner.language):
        say = Sentences(manner)
        return _facts(
            basis,
            say,
            recipient=recipient or _account_holder(account),
            account_ref=account.ref,
            delivery=_("e-mail and in the account"),
            on=on,
            own=[phrases.own_activity(finding, figures), *([phrases.of_the_group(finding)] if is_one_of_many else [])],
            finding=phrases.conduct(finding, say, is_one_of_many=is_one_of_many),
            cited=cited,
            restriction=grounds.RESTRICTIONS[Decision.Action(decision.action)],
            warned_on=known.warned_on,
            respond_by=on + timedelta(days=grounds.DAYS_TO_RESPOND) if decision.action in ANSWERED else None,
            accepted_on=known.accepted_all(cited),
            active_from=figures.first_day,
            active_until=figures.last_day,
            appeal_until=phrases.months_after(on, grounds.MONTHS_TO_APPEAL),
            appeal_address=phrases.appeals_address(),
            appeal_code=NOT_YET,
            reviewer_promise=_(grounds.REVIEWER_PROMISE).format(days=grounds.DAYS_TO_ANSWER),
            data_promise=_maybe(grounds.DATA_PROMISES.get(Decision.Action(decision.action))),
            profile=profile,
            **_by_profile(profile),
            enclosures=(_("Statement of reasons as data (JSON, attached to the file of this letter)"),),
        )


def facts_for_party(
    decision: Decision, party: Party, recipient: tuple[str, ...], on: date, manner: Manner = PLAIN
) -> NoticeFacts:
    """What a demand to a party says about the accounts of the finding."""
    basis, finding = Basis.of(decision), decision.finding
    profile = manner.profile or profile_for("")
    with in_language(manner.language):
        say = Sentences(manner)
        listed = _listed(finding, manner)
        return _facts(
            basis,
            say,
            recipient=recipient or address_of(party, on),
            account_ref=phrases.accounts(finding),
            delivery=_("registered post and e-mail"),
            on=on,
            own=[phrases.activity_together(finding), *listed.said, phrases.part_of(party, say)],
            finding=phrases.conduct(finding, say),
            cited=basis.clauses,
            restriction="none",
            standing=_("{provider} operates the service and is the contracting party of its terms.").format(
                provider=settings.PROVIDER["legal_name"]
            ),
            legal_grounds=_all(grounds.LEGAL_GROUNDS[profile]),
            demands=_all(grounds.DEMANDS),
            **_preservation(decision, grounds.preserver(party.role, manner.sort)),
            respond_by=on + timedelta(days=grounds.DAYS_TO_RESPOND),
            profile=profile,
            enclosures=(_("The facts of this letter as data (JSON, attached to its file)"), *listed.enclosed),
            **listed.kept,
        )


def facts_for_victim(
    decision: Decision, party: Party, recipient: tuple[str, ...], on: date, manner: Manner = PLAIN
) -> NoticeFacts:
    """What somebody is told whose card or identity was used: what of theirs, on how many accounts, and what was done;
    nothing about anybody else, and no accusation."""
    finding, profile = decision.finding, manner.profile or profile_for("")
    sort = grounds.VICTIMS[manner.sort or "identity"]
    with in_language(manner.language):
        say, listed = Sentences(manner), _listed(finding, manner)
        own = [phrases.use_of_details(finding), *listed.said, phrases.why_them(party, say)]
        facts = _facts(
            Basis.of(decision),
            say,
            recipient=recipient or address_of(party, on),
            account_ref=phrases.accounts(finding),
            delivery=_("post"),
            on=on,
            own=own,
            finding=phrases.conduct(finding, say),
            cited=[],
            restriction="none",
            sort_sentence=_(sort.sentence),
            steps=_all(sort.items),
            profile=profile,
            enclosures=listed.enclosed,
            **listed.kept,
        )
        told = say.asked.get(phrases.BASIS)
        return replace(
            facts,
            action_sentence=_(grounds.DONE_FOR_VICTIMS[Decision.Action(decision.action)]),
            facts=facts.facts[: len(own)],
            explanations_considered=(),
            translations=(told,) if told else (),
        )


@dataclass(frozen=True)
class _Listed:
    """What a letter says of its list of accounts, what it encloses, and what it keeps; nothing where it has none."""

    said: tuple[Fact, ...] = ()
    enclosed: tuple[str, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)


def _listed(finding: Finding, manner: Manner) -> _Listed:
    if not manner.lists_accounts:
        return _Listed()
    accounts, csv = annex.of_finding(finding)
    enclosed = _("The accounts concerned (at the end of this letter, and as CSV attached to its file)")
    return _Listed((phrases.listed(accounts),), (enclosed,), {"listed": accounts, "accounts_csv": csv})


@dataclass(frozen=True)
class GivenBack:
    """An account that is given back: which letter told of the measure, from when it is lifted, and why."""

    measure_ref: str
    measure_issued_on: date
    lifted_on: date
    reasons: tuple[str, ...]

    @classmethod
    def by(cls, facts: NoticeFacts) -> "GivenBack":
        """As an earlier draft of the same letter had it. Raises ValueError where the letter gives nothing back."""
        if not (facts.measure_ref and facts.measure_issued_on and facts.lifted_on):
            raise ValueError(f"{facts.reference} gives no account back")
        return cls(
            facts.measure_ref,
            facts.measure_issued_on,
            facts.lifted_on,
            phrases.sources(facts, facts.reinstatement_reasons),
        )


def facts_for_reinstatement(
    decision: Decision,
    account: Account,
    given_back: GivenBack,
    recipient: tuple[str, ...],
    on: date,
    manner: Manner = PLAIN,
) -> NoticeFacts:
    """What the letter says that gives an account back: of which measure, from when, and why; no accusation again."""
    facts = facts_for_account(Basis.of(decision), account, recipient, on, manner)
    with in_language(manner.language):
        say = Sentences(manner)
        return replace(
            facts,
            restriction="none",
            **_NO_APPEAL,
            facts=(),
            explanations_considered=(),
            measure_ref=given_back.measure_ref,
            measure_issued_on=given_back.measure_issued_on,
            lifted_on=given_back.lifted_on,
            reinstatement_reasons=phrases.reasons(given_back.reasons, say),
            translations=say.translations,
            enclosures=(_("What this letter says as data (JSON, attached to its file)"),),
        )


@dataclass(frozen=True)
class Answered:
    """The appeal that a letter answers: about which letter, how it was decided, and why."""

    appeal_ref: str
    appealed_on: date
    measure_ref: str
    measure_issued_on: date
    decided_on: date
    is_lifted: bool
    reasons: tuple[str, ...]

    @classmethod
    def by(cls, facts: NoticeFacts) -> "Answered":
        """As an earlier draft of the same answer had it. Raises ValueError where the letter is no answer."""
        decided_on = facts.lifted_on or facts.upheld_on
        if not (facts.appeal_ref and facts.appealed_on and decided_on):
            raise ValueError(f"{facts.reference} answers no appeal")
        if not (facts.measure_ref and facts.measure_issued_on):
            raise ValueError(f"{facts.reference} does not say which letter the appeal was about")
        return cls(
            facts.appeal_ref,
            facts.appealed_on,
            facts.measure_ref,
            facts.measure_issued_on,
            decided_on,
            facts.lifted_on is not None,
            phrases.sources(facts, facts.appeal_reasons),
        )


def facts_for_answer(
    decision: Decision,
    account: Account,
    answered: Answered,
    recipient: tuple[str, ...],
    on: date,
    manner: Manner = PLAIN,
) -> NoticeFacts:
    """What the answer to an appeal says: the reviewer's decision and reasons, beside what was decided first."""
    facts = facts_for_account(Basis.of(decision), account, recipient, on, manner)
    with in_language(manner.language):
        say = Sentences(manner)
        return replace(
            facts,
            restriction="none",
            **_NO_APPEAL,
            appeal_ref=answered.appeal_ref,
            appealed_on=answered.appealed_on,
            measure_ref=answered.measure_ref,
            measure_issued_on=answered.measure_issued_on,
            upheld_on=None if answered.is_lifted else answered.decided_on,
            lifted_on=answered.decided_on if answered.is_lifted else None,
            appeal_reasons=phrases.reasons(answered.reasons, say),
            translations=(*(() if answered.is_lifted else facts.translations), *say.translations),
            enclosures=(_("The decision on the appeal as data (JSON, attached to the file of this letter)"),),
        )


def dated(facts: NoticeFacts, decision: Decision, on: date) -> NoticeFacts:
    """The same facts in a letter of another day: its terms run from then."""
    with in_language(facts.language):
        begun = phrases.action_sentence(decision, on)
        return replace(
            facts,
            issued_on=on,
            action_sentence=facts.action_sentence if facts.steps else begun,
            appeal_until=facts.appeal_until and phrases.months_after(on, grounds.MONTHS_TO_APPEAL),
            respond_by=facts.respond_by and on + timedelta(days=grounds.DAYS_TO_RESPOND),
        )


_NO_APPEAL: dict[str, Any] = dict.fromkeys(("appeal_until", "appeal_address", "appeal_code", "reviewer_promise"))


def letterhead() -> Letterhead:
    provider = settings.PROVIDER
    return Letterhead(
        name=provider["name"],
        lines=(f"{provider['legal_name']} · {provider['unit']}", ", ".join(provider["address"])),
        return_line=f"{provider['legal_name']} · {' · '.join(provider['address'])}",
    )


def _facts(
    basis: Basis, say: Sentences, *, own: list[Fact], cited: Iterable[FindingClause], on: date, **particular: Any
) -> NoticeFacts:
    decision, finding, provider = basis.decision, basis.finding, settings.PROVIDER
    facts = (*own, *(phrases.shown(exhibit, say) for exhibit in basis.exhibits))
    scope, limits = phrases.extent(decision, say), say("the limits of the finding", finding.limits)
    return NoticeFacts(
        provider_name=provider["legal_name"],
        desk=provider["unit"],
        signatory=(provider["unit"],),
        reference=NOT_YET,
        case_ref=finding.case.ref,
        issued_on=on,
        contact_address=provider["contact"],
        action_sentence=phrases.action_sentence(decision, on),
        scope=phrases.within(scope) if say.manner.language == SOURCE else scope,
        territory=", ".join(decision.territory) or _(grounds.TERRITORY),
        starts_on=decision.starts_on,
        ends_on=decision.ends_on,
        facts=facts,
        clauses=tuple(phrases.clause(row) for row in cited),
        explanations_considered=tuple(phrases.considered(basis.explanations, say)),
        confidence_term=term(finding.confidence),
        limits=phrases.sentence(limits),
        detected_automatically=basis.has_alerts,
        decided_automatically="not",
        origin=phrases.origin(is_reported=basis.is_reported),
        verification_address=phrases.without_scheme(settings.PROVIDER["verify_url"]),
        verification_code=NOT_YET,
        ground_sentence=_(grounds.GROUND),
        is_voluntary=settings.DSA_STATEMENTS == "voluntary",
        sort=say.manner.sort or None,
        language=say.manner.language,
        translations=say.translations,
        **particular,
    )


def _by_profile(profile: Profile) -> dict[str, str | None]:
    notes = {"eu": grounds.FORM_NOTES[settings.DSA_STATEMENTS], "us": grounds.FORM_NOTES["us"]}
    return {
        "form_note": _maybe(notes.get(profile)),
        "dispute_body": _(grounds.DISPUTE_BODY) if profile == "eu" else None,
        "judicial_redress": _(grounds.COURTS[profile]),
    }


def _preservation(decision: Decision, sort: grounds.Sort) -> dict[str, Any]:
    """A demand to preserve says why it goes to this recipient, and names what such a one has; a demand to cease names
    all that bears on a dispute."""
    if decision.action != Decision.Action.PRESERVE:
        return {"preservation": _all(grounds.PRESERVATION)}
    return {"preservation": _all(sort.items), "sort_sentence": _(sort.sentence)}


def _account_holder(account: Account) -> tuple[str, ...]:
    return (
        _("Account holder of {account}").format(account=account.ref),
        _("c/o the e-mail address on the account"),
    )


def _all(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(_(sentence) for sentence in sentences)


def _maybe(sentence: str | None) -> str | None:
    return _(sentence) if sentence else None
