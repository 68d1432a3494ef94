"""From a decision and its finding to the facts of a letter: everything it says, each taken from a record."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max, Min, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation import override as in_language

from apps.accounts.models import Acceptance, Account
from apps.alerts.models import Kind as AlertKind
from apps.cases.findings.wording import term
from apps.cases.models import Decision, Exhibit, Explanation, Finding, FindingAccount, FindingClause, Party
from apps.cases.queries import accounts_of_finding, clauses_of_finding, exhibits_of_finding
from apps.notices import grounds
from apps.notices.languages import SOURCE, Manner, Sentences, number
from apps.notices.letter import Clause, Fact, Letterhead, NoticeFacts, Profile, long_date, profile_for
from apps.notices.letter import Explanation as Considered
from apps.notices.models import Notice, NoticeTemplate
from apps.policies.queries import lead_in

# What its account holder is asked to answer.
ANSWERED = (Decision.Action.VERIFY_IDENTITY,)

PLAIN = Manner()

# The sentence in which a case says what a party's part rests on.
BASIS = "what the part of the party rests on"

# What stands in a draft where the issued letter has its number and codes.
NOT_YET = "(assigned when issued)"

# First words that stand in small letters when a sentence goes on as part of another; a name keeps its capital.
SMALL = frozenset(
    {"a", "access", "accounts", "all", "an", "any", "automated", "between", "both", "each", "every", "from", "in", "it",
     "its", "many", "most", "no", "on", "one", "over", "requests", "several", "some", "that", "the", "their", "these",
     "they", "this", "those", "two", "use", "we"}
)  # fmt: skip


def lines(recipient: str) -> tuple[str, ...]:
    """An address block as lines."""
    return tuple(line.strip() for line in recipient.splitlines() if line.strip())


def facts_for(
    kind: str, decision: Decision, to: Account | Party | None, recipient: tuple[str, ...], on: date, manner: Manner
) -> NoticeFacts:
    """What the letter says that carries out a decision."""
    if isinstance(to, Account):
        return facts_for_account(decision, to, recipient, on, manner)
    if isinstance(to, Party):
        say = facts_for_victim if kind == NoticeTemplate.Kind.VICTIM else facts_for_party
        return say(decision, to, recipient, on, manner)
    raise ValueError("a letter goes to an account or to a party")


def again(
    notice: Notice, facts: NoticeFacts, recipient: tuple[str, ...] = (), *, on: date | None = None
) -> NoticeFacts:
    """What a letter says as the records are now, in the manner of an earlier draft of it."""
    decision, account, day = notice.decision, notice.account, on or facts.issued_on
    manner = Manner(facts.language, facts.profile, facts.sort or "", facts.translations)
    if notice.kind == NoticeTemplate.Kind.APPEAL_DECISION:
        assert account, "an answer goes to an account"
        return facts_for_answer(decision, account, Answered.by(facts), recipient, day, manner)
    if notice.kind == NoticeTemplate.Kind.REINSTATEMENT:
        assert account, "an account is given back"
        return facts_for_reinstatement(decision, account, GivenBack.by(facts), recipient, day, manner)
    return facts_for(notice.kind, decision, account or notice.party, recipient, day, manner)


def facts_for_account(
    decision: Decision, account: Account, recipient: tuple[str, ...], on: date, manner: Manner = PLAIN
) -> NoticeFacts:
    """What a letter to one account says about that account."""
    finding = decision.finding
    figures = finding.accounts.get(account=account)
    cited = list(clauses_of_finding(finding))
    own_terms = [row for row in cited if row.version.document.service == account.product]
    is_one_of_many = finding.account_count > 1
    profile = manner.profile or profile_for(account.country)
    with in_language(manner.language):
        say = Sentences(manner)
        return _facts(
            decision,
            say,
            recipient=recipient or _account_holder(account),
            account_ref=account.ref,
            delivery=_("e-mail and in the account"),
            on=on,
            own=[_own_activity(finding, figures), *([_of_the_group(finding)] if is_one_of_many else [])],
            finding=_conduct(finding, say, is_one_of_many=is_one_of_many),
            cited=own_terms or cited,
            restriction=grounds.RESTRICTIONS[Decision.Action(decision.action)],
            warned_on=_warned_on(account),
            respond_by=on + timedelta(days=grounds.DAYS_TO_RESPOND) if decision.action in ANSWERED else None,
            accepted_on=_accepted_on(account, own_terms or cited, finding.conduct_to),
            active_from=figures.first_day,
            active_until=figures.last_day,
            appeal_until=_months_after(on, grounds.MONTHS_TO_APPEAL),
            appeal_address=_appeals_address(),
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
    finding = decision.finding
    profile = manner.profile or profile_for("")
    with in_language(manner.language):
        say = Sentences(manner)
        sort = grounds.PRESERVERS[manner.sort or grounds.SORT_OF_PARTY.get(Party.Role(party.role), "account_holder")]
        return _facts(
            decision,
            say,
            recipient=recipient or _party_lines(party),
            account_ref=_accounts(finding),
            delivery=_("registered post and e-mail"),
            on=on,
            own=[_activity_together(finding), _part_of(party, say)],
            finding=_conduct(finding, say),
            cited=list(clauses_of_finding(finding)),
            restriction="none",
            standing=_("{provider} operates the service and is the contracting party of its terms.").format(
                provider=settings.PROVIDER["legal_name"]
            ),
            legal_grounds=_all(grounds.LEGAL_GROUNDS[profile]),
            demands=_all(grounds.DEMANDS),
            **_preservation(decision, sort),
            respond_by=on + timedelta(days=grounds.DAYS_TO_RESPOND),
            profile=profile,
            enclosures=(_("The facts of this letter as data (JSON, attached to its file)"),),
        )


def facts_for_victim(
    decision: Decision, party: Party, recipient: tuple[str, ...], on: date, manner: Manner = PLAIN
) -> NoticeFacts:
    """What somebody is told whose card or identity was used: what of theirs, on how many accounts, and what was done;
    nothing about anybody else, and no accusation."""
    finding, profile = decision.finding, manner.profile or profile_for("")
    sort = grounds.VICTIMS[manner.sort or "identity"]
    with in_language(manner.language):
        say = Sentences(manner)
        facts = _facts(
            decision,
            say,
            recipient=recipient or _party_lines(party),
            account_ref=_accounts(finding),
            delivery=_("post"),
            on=on,
            own=[_use_of_details(finding), _why_them(party, say)],
            finding=_conduct(finding, say),
            cited=[],
            restriction="none",
            sort_sentence=_(sort.sentence),
            steps=_all(sort.items),
            profile=profile,
        )
        told = say.asked.get(BASIS)
        return replace(
            facts,
            action_sentence=_(grounds.DONE_FOR_VICTIMS[Decision.Action(decision.action)]),
            facts=facts.facts[:2],
            explanations_considered=(),
            translations=(told,) if told else (),
        )


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
            facts.measure_ref, facts.measure_issued_on, facts.lifted_on, _sources(facts, facts.reinstatement_reasons)
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
    facts = facts_for_account(decision, account, recipient, on, manner)
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
            reinstatement_reasons=_reasons(given_back.reasons, say),
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
            _sources(facts, facts.appeal_reasons),
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
    facts = facts_for_account(decision, account, recipient, on, manner)
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
            appeal_reasons=_reasons(answered.reasons, say),
            translations=(*(() if answered.is_lifted else facts.translations), *say.translations),
            enclosures=(_("The decision on the appeal as data (JSON, attached to the file of this letter)"),),
        )


def dated(facts: NoticeFacts, decision: Decision, on: date) -> NoticeFacts:
    """The same facts in a letter of another day: its terms run from then."""
    with in_language(facts.language):
        begun = _action_sentence(decision, on)
        return replace(
            facts,
            issued_on=on,
            action_sentence=facts.action_sentence if facts.steps else begun,
            appeal_until=facts.appeal_until and _months_after(on, grounds.MONTHS_TO_APPEAL),
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
    decision: Decision, say: Sentences, *, own: list[Fact], cited: list[FindingClause], on: date, **particular: Any
) -> NoticeFacts:
    finding, provider = decision.finding, settings.PROVIDER
    exhibits = [row.exhibit for row in exhibits_of_finding(finding)]
    facts = (*own, *(_shown(exhibit, say) for exhibit in exhibits))
    scope, limits = _extent(decision, say), say("the limits of the finding", finding.limits)
    return NoticeFacts(
        provider_name=provider["legal_name"],
        desk=provider["unit"],
        signatory=(provider["unit"],),
        reference=NOT_YET,
        case_ref=finding.case.ref,
        issued_on=on,
        contact_address=provider["contact"],
        action_sentence=_action_sentence(decision, on),
        scope=within(scope) if say.manner.language == SOURCE else scope,
        territory=", ".join(decision.territory) or _(grounds.TERRITORY),
        starts_on=decision.starts_on,
        ends_on=decision.ends_on,
        facts=facts,
        clauses=tuple(_clause(row) for row in cited),
        explanations_considered=tuple(_considered(finding, say)),
        confidence_term=term(finding.confidence),
        limits=_sentence(limits),
        detected_automatically=finding.case.groups.exists(),
        decided_automatically="not",
        origin=_origin(finding),
        verification_address=_without_scheme(settings.PROVIDER["verify_url"]),
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


def _party_lines(party: Party) -> tuple[str, ...]:
    return (party.name, *filter(None, map(str.strip, party.address.splitlines())))


def _all(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(_(sentence) for sentence in sentences)


def _maybe(sentence: str | None) -> str | None:
    return _(sentence) if sentence else None


# --- sentences -------------------------------------------------------------------------------------------------------


def _action_sentence(decision: Decision, on: date) -> str:
    if decision.action == Decision.Action.PRESERVE:
        return _(grounds.PRESERVATION_DEMAND)
    if decision.action == Decision.Action.CEASE_AND_DESIST:
        blocked = decision.finding.decisions.filter(
            state=Decision.State.APPROVED,
            action__in=(Decision.Action.SUSPEND, Decision.Action.TERMINATE),
            starts_on__lte=on,
        ).exists()
        return _(grounds.DEMAND_AFTER_BLOCKING if blocked else grounds.DEMAND_ALONE)
    now, later = grounds.MEASURES[Decision.Action(decision.action)]
    return _(now if decision.starts_on <= on else later)


def _conduct(finding: Finding, say: Sentences, *, is_one_of_many: bool = False) -> str:
    """What is found. English takes it as a clause of its own sentence; other languages quote it as sentences."""
    conduct = say("what the accounts did", finding.conduct)
    if say.manner.language == SOURCE:
        return within(conduct) + (", and that this account was one of them" if is_one_of_many else "")
    return f"{_sentence(conduct)} {_('This account was one of them.')}" if is_one_of_many else _sentence(conduct)


def _own_activity(finding: Finding, figures: FindingAccount) -> Fact:
    if not (figures.queries and figures.first_day and figures.last_day):
        none = _("{period}, our records of daily activity hold no count of requests for this account.")
        return Fact(none.format(period=_days(finding.conduct_from, finding.conduct_to)), (), "activity")
    sent = _(
        "{period}, this account sent {requests}, as our records of its daily activity count them (in days of UTC)."
    )
    return Fact(
        sent.format(period=_days(figures.first_day, figures.last_day), requests=_requests(figures.queries)),
        record="activity",
    )


def _of_the_group(finding: Finding) -> Fact:
    many = _(
        "The finding is about {count} accounts, and this account is one of them. What follows was seen in these"
        " accounts together; it does not say how much of it each of them did alone."
    )
    return Fact(many.format(count=number(finding.account_count)), record="finding")


def _activity_together(finding: Finding) -> Fact:
    done = accounts_of_finding(finding).aggregate(sent=Sum("queries"), first=Min("first_day"), last=Max("last_day"))
    count = accounts_of_finding(finding).count()
    if not done["sent"]:
        fell = _("The activity came from {accounts} of our service and fell into this period: {period}.")
        period = _days(finding.conduct_from, finding.conduct_to)
        return Fact(fell.format(accounts=_count_of_accounts(count), period=within(period)), (), "finding")
    one = _(
        "{period}, {accounts} of our service sent {requests}, as our records of its daily activity count them (in days"
        " of UTC)."
    )
    many = _(
        "{period}, {accounts} of our service together sent {requests}, as our records of their daily activity count"
        " them (in days of UTC)."
    )
    return Fact(
        (one if count == 1 else many).format(
            period=_days(done["first"], done["last"]),
            accounts=_count_of_accounts(count),
            requests=_requests(done["sent"]),
        ),
        record="activity",
    )


def _use_of_details(finding: Finding) -> Fact:
    used = _("Your details were used on {accounts} of our service, which were active in this period: {period}.")
    period = _days(finding.conduct_from, finding.conduct_to)
    return Fact(
        used.format(accounts=_count_of_accounts(accounts_of_finding(finding).count()), period=within(period)),
        record="finding",
    )


def _why_them(party: Party, say: Sentences) -> Fact:
    rests = _("That it was yours rests on this: {basis}")
    return Fact(rests.format(basis=_sentence(say(BASIS, party.basis))), record="party")


def _part_of(party: Party, say: Sentences) -> Fact:
    """Why this letter goes to this party. A part is what somebody alleges until it is adjudicated."""
    part = _(grounds.PARTS[Party.Role(party.role)])
    decided = "" if party.status == Party.Status.ADJUDICATED else _("; nobody has decided that yet")
    rests = _("{part}{decided}. What this rests on: {basis}")
    return Fact(rests.format(part=part, decided=decided, basis=_sentence(say(BASIS, party.basis))), record="party")


def _shown(exhibit: Exhibit, say: Sentences) -> Fact:
    shows = say(f"what exhibit {exhibit.label} shows", exhibit.shows)
    return Fact(_sentence(shows), (exhibit.label,))


def _considered(finding: Finding, say: Sentences) -> Iterator[Considered]:
    rows = finding.explanations.select_related("explanation").order_by("explanation__raised_at", "id")
    for row in rows:
        named = row.explanation.register.letter
        conclusion = say(f"the conclusion on “{within(named)}”", row.conclusion)
        yield Considered(_(named), f"{_(grounds.OUTCOMES[Explanation.Status(row.status)])} {_sentence(conclusion)}")


def _reasons(reasons: tuple[str, ...], say: Sentences) -> tuple[str, ...]:
    return tuple(say(f"reason {n}", reason) for n, reason in enumerate(reasons, 1))


def _clause(cited: FindingClause) -> Clause:
    version, clause = cited.version, cited.clause
    return Clause(
        document=version.document.name,
        address=clause.place,
        text=cited.quote,
        lead_in=lead_in(clause),
        version_date=version.effective_from or version.seen_at.date(),
        sha256=version.text.sha256,
    )


def _origin(finding: Finding) -> str:
    """Art. 17(3)(b) DSA: own initiative or a notice. Who sent it is named only where that is strictly necessary."""
    reported = finding.case.groups.filter(group__alerts__kind=AlertKind.EXTERNAL_REPORT).exists()
    return _(grounds.ORIGIN_REPORTED if reported else grounds.ORIGIN)


def _accepted_on(account: Account, cited: list[FindingClause], until: date) -> date | None:
    """The day by which the account had accepted every document that is cited; None when one acceptance is missing."""
    documents = {row.version.document_id for row in cited}
    found = Acceptance.objects.filter(account=account, document__in=documents, accepted_at__date__lte=until)
    last = dict(found.values_list("document").annotate(at=Max("accepted_at")))
    return max(last.values()).date() if last.keys() == documents else None


def _warned_on(account: Account) -> date | None:
    """The day of the last warning that went to the account."""
    warnings = Notice.objects.filter(account=account, kind=NoticeTemplate.Kind.WARNING, state=Notice.State.ISSUED)
    last = warnings.aggregate(at=Max("issued_at"))["at"]
    return last.date() if last else None


def _appeals_address() -> str:
    return _without_scheme(settings.PROVIDER["appeals_url"])


def _without_scheme(url: str) -> str:
    return url.removeprefix("https://").rstrip("/")


def _days(first: date, last: date) -> str:
    if first == last:
        return _("On {day}").format(day=long_date(first))
    return _("Between {first} and {last}").format(first=long_date(first), last=long_date(last))


def _extent(decision: Decision, say: Sentences) -> str:
    """What exactly is done, with the number where it has one."""
    scope = say("the scope of the decision", decision.scope)
    if decision.requests_per_day is None:
        return scope
    limited = _("{scope}, to {requests} a day")
    return limited.format(scope=scope.rstrip(" ."), requests=_requests(decision.requests_per_day))


def _requests(count: int) -> str:
    return ngettext("{count} request", "{count} requests", count).format(count=number(count))


def _count_of_accounts(count: int) -> str:
    return ngettext("{count} account", "{count} accounts", count).format(count=number(count))


def _accounts(finding: Finding) -> str:
    """The first account of a finding by its reference, and how many others there are."""
    concerned = accounts_of_finding(finding).order_by("account__ref")
    first, others = concerned[0].account.ref, concerned.count() - 1
    also = ngettext("{first} and {count} other", "{first} and {count} others", others)
    return also.format(first=first, count=number(others)) if others else first


def _sources(facts: NoticeFacts, said: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences of an earlier draft as they were written, before somebody translated them."""
    written = {item.text: item.source for item in facts.translations}
    return tuple(written.get(sentence, sentence) for sentence in said)


def within(text: str) -> str:
    """A sentence as part of another: no full stop, and a small first letter unless a name begins it."""
    text = text.strip().rstrip(". ")
    first = text.partition(" ")[0].rstrip(",")
    is_small = first.lower() in SMALL and (first == "A" or not first.isupper())
    return text[:1].lower() + text[1:] if is_small else text


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last day (as periods in months end under Regulation 1182/71, Art. 3)."""
    year, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
