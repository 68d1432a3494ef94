"""From a decision and its finding to the facts of a letter: everything it says, each taken from a record."""

from datetime import date

from django.conf import settings

from apps.accounts.models import Acceptance, Account
from apps.cases.models import Confidence, Decision, Finding, FindingAccount, Party
from apps.notices import grounds
from apps.notices.letter import Clause, Explanation, Fact, Letterhead, NoticeFacts, long_date

RESTRICTIONS = {
    Decision.Action.SUSPEND: "account_suspended",
    Decision.Action.TERMINATE: "account_terminated",
    Decision.Action.LIMIT: "service_limited",
}

# What was done, in the sentence that opens the letter.
SENTENCES = {
    Decision.Action.WARN: "This is a warning: your access has not been restricted.",
    Decision.Action.LIMIT: "We have limited your access to our service.",
    Decision.Action.VERIFY_IDENTITY: "We ask you to verify your identity before you go on using our service.",
    Decision.Action.SUSPEND: "We have suspended your access to our service.",
    Decision.Action.TERMINATE: "We have ended your access to our service.",
    Decision.Action.CEASE_AND_DESIST: "We have blocked the accounts that we found.",
    Decision.Action.PRESERVE: "We ask you to keep what bears on this matter.",
    Decision.Action.REFER: "We have referred this matter to an authority.",
}

LIKELIHOOD = {
    Confidence.ROUGHLY_EVEN: "roughly even chance",
    Confidence.LIKELY: "likely",
    Confidence.VERY_LIKELY: "very likely",
    Confidence.ALMOST_CERTAIN: "almost certain",
}

# What stands in a draft where the issued letter has its number, code and date.
NOT_YET = "(assigned when issued)"


def facts_for_account(decision: Decision, account: Account, recipient: tuple[str, ...], on: date) -> NoticeFacts:
    """What a letter to one account says about that account."""
    figures = decision.finding.accounts.filter(account=account).first()
    own = [_own_activity(figures)] if figures and figures.queries else []
    accepted = (
        Acceptance.objects.filter(
            account=account,
            document__versions__in=[c.version_id for c in decision.finding.clauses.all()],
            accepted_at__date__lte=decision.finding.conduct_to,
        )
        .order_by("-accepted_at")
        .first()
    )
    return _facts(
        decision,
        recipient=recipient or (f"Account holder of {account.ref}", "c/o the e-mail address on the account"),
        account_ref=account.ref,
        delivery="e-mail and in the account",
        on=on,
        own=own,
        accepted_on=accepted.accepted_at.date() if accepted else None,
        active_from=figures.first_day if figures else None,
        active_until=figures.last_day if figures else None,
        data_promise=grounds.DATA_PROMISE,
    )


def facts_for_party(decision: Decision, party: Party, recipient: tuple[str, ...], on: date) -> NoticeFacts:
    """What a demand to a party says about the accounts of the finding."""
    finding, provider = decision.finding, settings.PROVIDER
    first = finding.accounts.select_related("account").order_by("account__ref").first()
    counted = f"The finding covers {finding.account_count:,} accounts; the first is {first.account.ref}."
    return _facts(
        decision,
        recipient=recipient or (party.name, *party.address.splitlines()),
        account_ref=f"{first.account.ref} and {finding.account_count - 1:,} others"
        if finding.account_count > 1
        else first.account.ref,
        delivery="registered post and e-mail",
        on=on,
        own=[Fact(f"{counted} The activity fell between {_span(finding)}.")],
        standing=f"{provider['legal_name']} operates the service and is the contracting party of its terms of use.",
        legal_grounds=grounds.LEGAL_GROUNDS,
        demands=grounds.DEMANDS,
        preservation=grounds.PRESERVATION,
        respond_by=on.fromordinal(on.toordinal() + grounds.DAYS_TO_RESPOND),
    )


def _facts(decision: Decision, *, own: list[Fact], on: date, **particular) -> NoticeFacts:
    finding, provider = decision.finding, settings.PROVIDER
    exhibits = [row.exhibit for row in finding.exhibits.select_related("exhibit").order_by("exhibit__number")]
    return NoticeFacts(
        provider_name=provider["legal_name"],
        desk=provider["unit"],
        signatory=(provider["unit"],),
        reference=NOT_YET,
        case_ref=finding.case.ref,
        issued_on=on,
        contact_address=provider["contact"],
        restriction=RESTRICTIONS.get(decision.action, "none"),
        action_sentence=SENTENCES[decision.action],
        scope=decision.scope,
        territory=grounds.TERRITORY,
        starts_on=decision.starts_on,
        ends_on=decision.ends_on,
        facts=(*own, *(Fact(_sentence(exhibit.shows), (exhibit.label,)) for exhibit in exhibits)),
        clauses=tuple(_clauses(finding)),
        explanations_considered=tuple(
            Explanation(f"{row.explanation.get_hypothesis_display()}.", _sentence(row.conclusion))
            for row in finding.explanations.select_related("explanation").order_by("explanation__hypothesis")
        ),
        confidence_term=LIKELIHOOD[finding.confidence],
        finding=finding.conduct.rstrip(". "),
        limits=_sentence(finding.limits),
        detected_automatically=finding.case.groups.exists(),
        decided_automatically="not",
        origin=grounds.ORIGIN,
        appeal_until=_months_after(on, grounds.MONTHS_TO_APPEAL),
        appeal_address=provider["appeals_url"].removeprefix("https://"),
        appeal_code=NOT_YET,
        reviewer_promise=grounds.REVIEWER_PROMISE,
        dispute_body=grounds.DISPUTE_BODY,
        enclosures=(
            f"Exhibits {', '.join(exhibit.label for exhibit in exhibits)} (summary)",
            "Statement of reasons as data (JSON, attached to this file)",
        ),
        verification_address=provider["appeals_url"].removeprefix("https://"),
        verification_code=NOT_YET,
        **particular,
    )


def _own_activity(figures: FindingAccount) -> Fact:
    return Fact(
        f"Between {long_date(figures.first_day)} and {long_date(figures.last_day)} this account sent "
        f"{figures.queries:,} requests, as our records of its daily activity count them."
    )


def _clauses(finding: Finding) -> list[Clause]:
    rows = finding.clauses.select_related("version__document", "version__text", "clause").order_by("clause__ordinal")
    return [
        Clause(
            document=row.version.document.name,
            address=row.clause.number or row.clause.heading or row.clause.address,
            text=row.quote,
            version_date=row.version.effective_from or row.version.recorded_at.date(),
            sha256=row.version.text.sha256,
        )
        for row in rows
    ]


def _span(finding: Finding) -> str:
    return f"{long_date(finding.conduct_from)} and {long_date(finding.conduct_to)}"


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last day; never a shorter time."""
    year, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def letterhead() -> Letterhead:
    provider = settings.PROVIDER
    return Letterhead(
        name=provider["name"],
        lines=(f"{provider['legal_name']} · {provider['unit']}", ", ".join(provider["address"])),
        return_line=f"{provider['legal_name']} · {' · '.join(provider['address'])}",
    )
