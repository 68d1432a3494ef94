"""What letters say of records, sentence by sentence, each with its source, in the language of the letter."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.conf import settings
from django.db.models import Max, Min, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.cases.models import (
    Decision,
    Exhibit,
    Explanation,
    Finding,
    FindingAccount,
    FindingClause,
    FindingExplanation,
    Party,
)
from apps.cases.queries import accounts_of_finding
from apps.notices import grounds
from apps.notices.languages import SOURCE, Sentences, number
from apps.notices.letter import LIST_FILE, AccountList, Clause, Fact, NoticeFacts, long_date
from apps.notices.letter import Explanation as Considered
from apps.policies.queries import lead_in

# The sentence in which a case says what a party's part rests on.
BASIS = "what the part of the party rests on"

# First words that stand in small letters when a sentence goes on as part of another; a name keeps its capital.
SMALL = frozenset(
    {"a", "access", "accounts", "all", "an", "any", "automated", "between", "both", "each", "every", "from", "in", "it",
     "its", "many", "most", "no", "on", "one", "over", "requests", "several", "some", "that", "the", "their", "these",
     "they", "this", "those", "two", "use", "we"}
)  # fmt: skip


def action_sentence(decision: Decision, on: date) -> str:
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


def conduct(finding: Finding, say: Sentences, *, is_one_of_many: bool = False) -> str:
    """What is found. English takes it as a clause of its own sentence; other languages quote it as sentences."""
    conduct = say("what the accounts did", finding.conduct)
    if say.manner.language == SOURCE:
        return within(conduct) + (", and that this account was one of them" if is_one_of_many else "")
    return f"{sentence(conduct)} {_('This account was one of them.')}" if is_one_of_many else sentence(conduct)


def own_activity(finding: Finding, figures: FindingAccount) -> Fact:
    if not (figures.queries and figures.first_day and figures.last_day):
        none = _("{period}, our records of daily activity hold no count of requests for this account.")
        return Fact(none.format(period=days(finding.conduct_from, finding.conduct_to)), (), "activity")
    sent = _(
        "{period}, this account sent {requests}, as our records of its daily activity count them (in days of UTC)."
    )
    return Fact(
        sent.format(period=days(figures.first_day, figures.last_day), requests=requests(figures.queries)),
        record="activity",
    )


def of_the_group(finding: Finding) -> Fact:
    many = _(
        "The finding is about {count} accounts, and this account is one of them. What follows was seen in these"
        " accounts together; it does not say how much of it each of them did alone."
    )
    return Fact(many.format(count=number(finding.account_count)), record="finding")


def activity_together(finding: Finding) -> Fact:
    done = accounts_of_finding(finding).aggregate(sent=Sum("queries"), first=Min("first_day"), last=Max("last_day"))
    count = accounts_of_finding(finding).count()
    if not done["sent"]:
        fell = _("The activity came from {accounts} of our service and fell into this period: {period}.")
        period = days(finding.conduct_from, finding.conduct_to)
        return Fact(fell.format(accounts=count_of_accounts(count), period=within(period)), (), "finding")
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
            period=days(done["first"], done["last"]),
            accounts=count_of_accounts(count),
            requests=requests(done["sent"]),
        ),
        record="activity",
    )


def use_of_details(finding: Finding) -> Fact:
    used = _("Your details were used on {accounts} of our service, which were active in this period: {period}.")
    period = days(finding.conduct_from, finding.conduct_to)
    return Fact(
        used.format(accounts=count_of_accounts(accounts_of_finding(finding).count()), period=within(period)),
        record="finding",
    )


def listed(accounts: AccountList) -> Fact:
    """That the letter names the accounts, where, and what for."""
    named = ngettext(
        "{count} account concerned is named at the end of this letter. Its file has the same list attached as {file}.",
        "{count} accounts concerned are named at the end of this letter. Its file has the same list attached as"
        " {file}.",
        accounts.count,
    )
    purpose = _("This list is given to you for what this letter is about, and for nothing else.")
    gone = ngettext(
        "{count} other account is not named, because what we held of it was erased.",
        "{count} other accounts are not named, because what we held of them was erased.",
        accounts.erased,
    )
    sentences = [named.format(count=number(accounts.count), file=LIST_FILE), purpose]
    if accounts.erased:
        sentences.append(gone.format(count=number(accounts.erased)))
    return Fact(" ".join(sentences), record="finding")


def why_them(party: Party, say: Sentences) -> Fact:
    rests = _("That it was yours rests on this: {basis}")
    return Fact(rests.format(basis=sentence(say(BASIS, party.basis))), record="party")


def part_of(party: Party, say: Sentences) -> Fact:
    """Why this letter goes to this party. A part is what somebody alleges until it is adjudicated."""
    part = _(grounds.PARTS[Party.Role(party.role)])
    decided = "" if party.status == Party.Status.ADJUDICATED else _("; nobody has decided that yet")
    rests = _("{part}{decided}. What this rests on: {basis}")
    return Fact(rests.format(part=part, decided=decided, basis=sentence(say(BASIS, party.basis))), record="party")


def shown(exhibit: Exhibit, say: Sentences) -> Fact:
    shows = say(f"what exhibit {exhibit.label} shows", exhibit.shows)
    return Fact(sentence(shows), (exhibit.label,))


def considered(rows: Iterable[FindingExplanation], say: Sentences) -> Iterator[Considered]:
    for row in rows:
        named = row.explanation.register.letter
        conclusion = say(f"the conclusion on “{within(named)}”", row.conclusion)
        yield Considered(_(named), f"{_(grounds.OUTCOMES[Explanation.Status(row.status)])} {sentence(conclusion)}")


def reasons(reasons: tuple[str, ...], say: Sentences) -> tuple[str, ...]:
    return tuple(say(f"reason {n}", reason) for n, reason in enumerate(reasons, 1))


def clause(cited: FindingClause) -> Clause:
    version, clause = cited.version, cited.clause
    return Clause(
        document=version.document.name,
        address=clause.place,
        text=cited.quote,
        lead_in=lead_in(clause),
        version_date=version.effective_from or version.seen_at.date(),
        sha256=version.text.sha256,
    )


def origin(*, is_reported: bool) -> str:
    """Art. 17(3)(b) DSA: own initiative or a notice. Who sent it is named only where that is strictly necessary."""
    return _(grounds.ORIGIN_REPORTED if is_reported else grounds.ORIGIN)


def appeals_address() -> str:
    return without_scheme(settings.PROVIDER["appeals_url"])


def without_scheme(url: str) -> str:
    return url.removeprefix("https://").rstrip("/")


def days(first: date, last: date) -> str:
    if first == last:
        return _("On {day}").format(day=long_date(first))
    return _("Between {first} and {last}").format(first=long_date(first), last=long_date(last))


def extent(decision: Decision, say: Sentences) -> str:
    """What exactly is done, with the number where it has one."""
    scope = say("the scope of the decision", decision.scope)
    if decision.requests_per_day is None:
        return scope
    limited = _("{scope}, to {requests} a day")
    return limited.format(scope=scope.rstrip(" ."), requests=requests(decision.requests_per_day))


def requests(count: int) -> str:
    return ngettext("{count} request", "{count} requests", count).format(count=number(count))


def count_of_accounts(count: int) -> str:
    return ngettext("{count} account", "{count} accounts", count).format(count=number(count))


def accounts(finding: Finding) -> str:
    """The first account of a finding by its reference, and how many others there are."""
    concerned = accounts_of_finding(finding).order_by("account__ref")
    first, others = concerned[0].account.ref, concerned.count() - 1
    also = ngettext("{first} and {count} other", "{first} and {count} others", others)
    return also.format(first=first, count=number(others)) if others else first


def sources(facts: NoticeFacts, said: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences of an earlier draft as they were written, before somebody translated them."""
    written = {item.text: item.source for item in facts.translations}
    return tuple(written.get(sentence, sentence) for sentence in said)


def within(text: str) -> str:
    """A sentence as part of another: no full stop, and a small first letter unless a name begins it."""
    text = text.strip().rstrip(". ")
    first = text.partition(" ")[0].rstrip(",")
    is_small = first.lower() in SMALL and (first == "A" or not first.isupper())
    return text[:1].lower() + text[1:] if is_small else text


def sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last day (as periods in months end under Regulation 1182/71, Art. 3)."""
    year, month = divmod(day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(day.year + year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
