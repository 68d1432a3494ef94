"""From a decision and its finding to the facts of a letter: everything it says, each taken from a record."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Max, Min, Sum

from apps.accounts.models import Acceptance, Account
from apps.alerts.models import Kind as AlertKind
from apps.cases.findings.wording import term
from apps.cases.models import Decision, Explanation, Finding, FindingAccount, FindingClause, Party
from apps.cases.queries import accounts_of_finding, clauses_of_finding, exhibits_of_finding
from apps.notices import grounds
from apps.notices.letter import Clause, Fact, Letterhead, NoticeFacts, long_date
from apps.notices.letter import Explanation as Considered
from apps.notices.models import Notice, NoticeTemplate
from apps.policies.queries import lead_in

# What its account holder is asked to answer.
ANSWERED = (Decision.Action.VERIFY_IDENTITY,)

# What stands in a draft where the issued letter has its number and codes.
NOT_YET = "(assigned when issued)"

# First words that stand in small letters when a sentence goes on as part of another; a name keeps its capital.
SMALL = frozenset(
    {"a", "access", "accounts", "all", "an", "any", "automated", "between", "both", "each", "every", "from", "in", "it",
     "its", "many", "most", "no", "on", "one", "over", "requests", "several", "some", "that", "the", "their", "these",
     "they", "this", "those", "two", "use", "we"}
)  # fmt: skip


def facts_for_account(decision: Decision, account: Account, recipient: tuple[str, ...], on: date) -> NoticeFacts:
    """What a letter to one account says about that account."""
    finding = decision.finding
    figures = finding.accounts.get(account=account)
    cited = list(clauses_of_finding(finding))
    own_terms = [row for row in cited if row.version.document.service == account.product]
    is_one_of_many = finding.account_count > 1
    return _facts(
        decision,
        recipient=recipient or (f"Account holder of {account.ref}", "c/o the e-mail address on the account"),
        account_ref=account.ref,
        delivery="e-mail and in the account",
        on=on,
        own=[_own_activity(finding, figures), *([_of_the_group(finding)] if is_one_of_many else [])],
        finding=within(finding.conduct) + (", and that this account was one of them" if is_one_of_many else ""),
        cited=own_terms or cited,
        restriction=grounds.RESTRICTIONS[decision.action],
        warned_on=_warned_on(account),
        respond_by=on + timedelta(days=grounds.DAYS_TO_RESPOND) if decision.action in ANSWERED else None,
        accepted_on=_accepted_on(account, own_terms or cited, finding.conduct_to),
        active_from=figures.first_day,
        active_until=figures.last_day,
        appeal_until=_months_after(on, grounds.MONTHS_TO_APPEAL),
        appeal_address=_appeals_address(),
        appeal_code=NOT_YET,
        reviewer_promise=grounds.REVIEWER_PROMISE,
        dispute_body=grounds.DISPUTE_BODY,
        data_promise=grounds.DATA_PROMISES.get(Decision.Action(decision.action)),
        enclosures=("Statement of reasons as data (JSON, attached to the file of this letter)",),
    )


def facts_for_party(decision: Decision, party: Party, recipient: tuple[str, ...], on: date) -> NoticeFacts:
    """What a demand to a party says about the accounts of the finding."""
    finding = decision.finding
    concerned = accounts_of_finding(finding).order_by("account__ref")
    first, others = concerned[0].account.ref, concerned.count() - 1
    also = f" and {others:,} other{'s' if others > 1 else ''}" if others else ""
    return _facts(
        decision,
        recipient=recipient or (party.name, *filter(None, map(str.strip, party.address.splitlines()))),
        account_ref=f"{first}{also}",
        delivery="registered post and e-mail",
        on=on,
        own=[_activity_together(finding), _part_of(party)],
        finding=within(finding.conduct),
        cited=list(clauses_of_finding(finding)),
        restriction="none",
        standing=f"{settings.PROVIDER['legal_name']} operates the service and is the contracting party of its terms.",
        legal_grounds=grounds.LEGAL_GROUNDS,
        demands=grounds.DEMANDS,
        preservation=grounds.PRESERVATION,
        respond_by=on + timedelta(days=grounds.DAYS_TO_RESPOND),
        enclosures=("The facts of this letter as data (JSON, attached to its file)",),
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
            facts.appeal_reasons,
        )


def facts_for_answer(
    decision: Decision, account: Account, answered: Answered, recipient: tuple[str, ...], on: date
) -> NoticeFacts:
    """What the answer to an appeal says: the reviewer's decision and reasons, beside what was decided first."""
    return replace(
        facts_for_account(decision, account, recipient, on),
        restriction="none",
        appeal_until=None,
        appeal_address=None,
        appeal_code=None,
        reviewer_promise=None,
        appeal_ref=answered.appeal_ref,
        appealed_on=answered.appealed_on,
        measure_ref=answered.measure_ref,
        measure_issued_on=answered.measure_issued_on,
        upheld_on=None if answered.is_lifted else answered.decided_on,
        lifted_on=answered.decided_on if answered.is_lifted else None,
        appeal_reasons=answered.reasons,
        enclosures=("The decision on the appeal as data (JSON, attached to the file of this letter)",),
    )


def dated(facts: NoticeFacts, decision: Decision, on: date) -> NoticeFacts:
    """The same facts in a letter of another day: its terms run from then."""
    return replace(
        facts,
        issued_on=on,
        action_sentence=_action_sentence(decision, on),
        appeal_until=facts.appeal_until and _months_after(on, grounds.MONTHS_TO_APPEAL),
        respond_by=facts.respond_by and on + timedelta(days=grounds.DAYS_TO_RESPOND),
    )


def letterhead() -> Letterhead:
    provider = settings.PROVIDER
    return Letterhead(
        name=provider["name"],
        lines=(f"{provider['legal_name']} · {provider['unit']}", ", ".join(provider["address"])),
        return_line=f"{provider['legal_name']} · {' · '.join(provider['address'])}",
    )


def _facts(decision: Decision, *, own: list[Fact], cited: list[FindingClause], on: date, **particular) -> NoticeFacts:
    finding, provider = decision.finding, settings.PROVIDER
    exhibits = [row.exhibit for row in exhibits_of_finding(finding)]
    return NoticeFacts(
        provider_name=provider["legal_name"],
        desk=provider["unit"],
        signatory=(provider["unit"],),
        reference=NOT_YET,
        case_ref=finding.case.ref,
        issued_on=on,
        contact_address=provider["contact"],
        action_sentence=_action_sentence(decision, on),
        scope=within(decision.scope),
        territory=grounds.TERRITORY,
        starts_on=decision.starts_on,
        ends_on=decision.ends_on,
        facts=(*own, *(Fact(_sentence(exhibit.shows), (exhibit.label,)) for exhibit in exhibits)),
        clauses=tuple(_clause(row) for row in cited),
        explanations_considered=tuple(_considered(finding)),
        confidence_term=term(finding.confidence),
        limits=_sentence(finding.limits),
        detected_automatically=finding.case.groups.exists(),
        decided_automatically="not",
        origin=_origin(finding),
        verification_address=_without_scheme(settings.PROVIDER["verify_url"]),
        verification_code=NOT_YET,
        **particular,
    )


# --- sentences -------------------------------------------------------------------------------------------------------


def _action_sentence(decision: Decision, on: date) -> str:
    if decision.action == Decision.Action.PRESERVE:
        return grounds.PRESERVATION_DEMAND
    if decision.action == Decision.Action.CEASE_AND_DESIST:
        blocked = decision.finding.decisions.filter(
            state=Decision.State.APPROVED,
            action__in=(Decision.Action.SUSPEND, Decision.Action.TERMINATE),
            starts_on__lte=on,
        ).exists()
        return grounds.DEMAND_AFTER_BLOCKING if blocked else grounds.DEMAND_ALONE
    now, later = grounds.MEASURES[Decision.Action(decision.action)]
    return now if decision.starts_on <= on else later


def _own_activity(finding: Finding, figures: FindingAccount) -> Fact:
    if not (figures.queries and figures.first_day and figures.last_day):
        period = _days(finding.conduct_from, finding.conduct_to)
        return Fact(
            f"{period}, our records of daily activity hold no count of requests for this account.", (), "activity"
        )
    requests = "1 request" if figures.queries == 1 else f"{figures.queries:,} requests"
    return Fact(
        f"{_days(figures.first_day, figures.last_day)}, this account sent {requests}, as our records of its daily"
        " activity count them (in days of UTC).",
        record="activity",
    )


def _of_the_group(finding: Finding) -> Fact:
    return Fact(
        f"The finding is about {finding.account_count:,} accounts, and this account is one of them. What follows was"
        " seen in these accounts together; it does not say how much of it each of them did alone.",
        record="finding",
    )


def _activity_together(finding: Finding) -> Fact:
    done = accounts_of_finding(finding).aggregate(sent=Sum("queries"), first=Min("first_day"), last=Max("last_day"))
    count = accounts_of_finding(finding).count()
    accounts = "1 account" if count == 1 else f"{count:,} accounts"
    if not done["sent"]:
        period = _days(finding.conduct_from, finding.conduct_to)
        return Fact(
            f"The activity came from {accounts} of our service and fell into this period: {within(period)}.",
            (),
            "finding",
        )
    together = "" if count == 1 else " together"
    return Fact(
        f"{_days(done['first'], done['last'])}, {accounts} of our service{together} sent {done['sent']:,} requests, as"
        " our records of their daily activity count them (in days of UTC).",
        record="activity",
    )


def _part_of(party: Party) -> Fact:
    """Why this letter goes to this party. A part is what somebody alleges until it is adjudicated."""
    part = grounds.PARTS[Party.Role(party.role)]
    decided = "" if party.status == Party.Status.ADJUDICATED else "; nobody has decided that yet"
    return Fact(f"{part}{decided}. What this rests on: {_sentence(party.basis)}", record="party")


def _considered(finding: Finding) -> list[Considered]:
    rows = finding.explanations.select_related("explanation").order_by("explanation__raised_at", "id")
    return [
        Considered(
            row.explanation.register.letter,
            f"{grounds.OUTCOMES[Explanation.Status(row.status)]} {_sentence(row.conclusion)}",
        )
        for row in rows
    ]


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
    return grounds.ORIGIN_REPORTED if reported else grounds.ORIGIN


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
    return f"On {long_date(first)}" if first == last else f"Between {long_date(first)} and {long_date(last)}"


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
