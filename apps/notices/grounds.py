"""Standing sentences of the letters, as data that counsel reads and edits: nothing here is legal advice.

`N_` marks what the catalogues of other languages translate when a letter is put together.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_noop as N_

from apps.cases.models import Decision, Explanation, Party
from apps.notices.letter.facts import Restriction
from apps.notices.letter.profiles import Profile
from apps.notices.models import NoticeTemplate

NoticeKind = NoticeTemplate.Kind

# The sentence that opens a letter about a measure: once it has begun, and before.
MEASURES = {
    Decision.Action.WARN: (
        N_("We warn you about the use of your account."),
        N_("We warn you about the use of your account."),
    ),
    Decision.Action.LIMIT: (
        N_("We have limited your use of our service."),
        N_("We are going to limit your use of our service."),
    ),
    Decision.Action.CHALLENGE: (
        N_("We ask for a challenge before your use of our service goes on."),
        N_("We are going to ask for a challenge before your use of our service goes on."),
    ),
    Decision.Action.DEGRADE: (
        N_("We have limited what our service answers you."),
        N_("We are going to limit what our service answers you."),
    ),
    Decision.Action.REGION_BLOCK: (
        N_("We have suspended your access to our service from some countries."),
        N_("We are going to suspend your access to our service from some countries."),
    ),
    Decision.Action.VERIFY_IDENTITY: (
        N_("We ask you to verify who uses your account."),
        N_("We ask you to verify who uses your account."),
    ),
    Decision.Action.SUSPEND: (
        N_("We have suspended your access to our service."),
        N_("We are going to suspend your access to our service."),
    ),
    Decision.Action.TERMINATE: (
        N_("We have ended your contract and closed your account."),
        N_("We are going to end your contract and close your account."),
    ),
}
# What each of them is in the words of Art. 17(1) DSA. A warning and a request restrict nothing.
RESTRICTIONS: dict[str, Restriction] = {
    Decision.Action.WARN: "none",
    Decision.Action.LIMIT: "service_limited",
    Decision.Action.CHALLENGE: "service_limited",
    Decision.Action.DEGRADE: "service_limited",
    Decision.Action.REGION_BLOCK: "service_limited",
    Decision.Action.VERIFY_IDENTITY: "none",
    Decision.Action.SUSPEND: "account_suspended",
    Decision.Action.TERMINATE: "account_terminated",
}
PRESERVATION_DEMAND = N_("We ask you to keep them, and demand it where the law lets us.")
DEMAND_ALONE = N_("We demand that the activity described here stop.")
DEMAND_AFTER_BLOCKING = N_(
    "We have suspended the accounts concerned, and we demand that the activity described here stop."
)

# Why a demand goes to a party, by the part it is taken to have.
PARTS = {
    Party.Role.OPERATOR: N_("We write to you as the one whom we take to operate these accounts"),
    Party.Role.BENEFICIARY: N_("We write to you as the one whom we take to benefit from this activity"),
    Party.Role.RESELLER: N_("We write to you as the one whom we take to have passed on the access"),
    Party.Role.INFRASTRUCTURE: N_("We write to you as the owner of infrastructure that we take to have been used"),
    Party.Role.IDENTITY_VICTIM: N_("We write to you because your identity was used for these accounts, as we take it"),
    Party.Role.COUNSEL: N_("We write to you as counsel, as we take it, of a party to this matter"),
}

# What became of each innocent explanation; how its reader knows it is in the register of the cases.
OUTCOMES = {
    Explanation.Status.REFUTED: N_("This does not fit."),
    Explanation.Status.NOT_EXCLUDED: N_("We could not exclude this."),
    Explanation.Status.SUPPORTED: N_("This fits what we saw."),
    Explanation.Status.OPEN: N_("We could not test this, and do not exclude it."),
}

_CONTRACT = N_(
    "Breach of contract: the clauses quoted above, which formed part of the contract under which the account was used."
)
_ACCESS = N_("Access without permission: any access after the day of this letter, by any account.")
LEGAL_GROUNDS: dict[Profile, tuple[str, ...]] = {
    "eu": (
        _CONTRACT,
        _ACCESS,
        N_(
            "Unlawful acquisition of trade secrets, in the sense of Directive (EU) 2016/943: collection of output at a"
            " scale and in a manner that the contract forbids."
        ),
    ),
    "us": (
        _CONTRACT,
        _ACCESS,
        N_(
            "Improper means, in the sense of 18 U.S.C. 1839(6): collection of output at a scale and in a manner that"
            " the contract forbids."
        ),
    ),
    "other": (
        _CONTRACT,
        _ACCESS,
        N_("Improper means: collection of output at a scale and in a manner that the contract forbids."),
    ),
}

DEMANDS = (
    N_("Stop all automated collection of our models' output, through any account and any intermediary."),
    N_("Close every account opened for that purpose, and name each of them to us."),
    N_(
        "Stop using the output collected, and set apart, then delete, every data set, checkpoint and fine-tuned model"
        " derived from it."
    ),
    N_(
        "Name the providers of accounts or of access that were used, and everyone to whom the output or anything"
        " derived from it was passed on."
    ),
    N_("Certify in writing what was done to meet these demands."),
)

# What a party to a dispute is asked to keep.
PRESERVATION = (
    N_("prompts, outputs and the data sets made of them"),
    N_("scripts, schedules and configurations used to send requests"),
    N_("contracts and correspondence with resellers and providers of access"),
    N_("payment records and the logs of cloud and network providers"),
    N_("model parameters, checkpoints and training records"),
    N_("messages about this activity on any system, including those that delete themselves"),
)


@dataclass(frozen=True)
class Sort:
    """One of the recipients that a kind of letter is for: its name in the form, why this letter goes to it, and the
    items that are said to it alone; and for our own file, why it is told which accounts they are, unless it is not."""

    label: str
    sentence: str
    items: tuple[str, ...]
    listed_why: str = ""


# Whoever holds records of others' accounts cannot keep the right ones from their number alone. All others are told the
# number, and no more of account holders than they need: an operator knows its accounts, and is not told which we found.
_KEPT_BY_ACCOUNT = "It keeps its records by account, and can set apart the right ones only if it knows which they are."


PRESERVERS = {
    "account_holder": Sort(
        "Account holder",
        N_("We write because the activity described below went through accounts that are yours, as we take it."),
        PRESERVATION,
    ),
    "reseller": Sort(
        "Reseller or provider of access",
        N_("We write because you may have passed on the access through which the activity described below went."),
        (
            N_("contracts, orders and correspondence with those to whom you gave access"),
            N_("which account or key was given to whom, and from when until when"),
            N_("logs of the requests that went through your systems, with addresses and times"),
            N_("payment records of that access"),
            N_("messages about it on any system, including those that delete themselves"),
        ),
        _KEPT_BY_ACCOUNT,
    ),
    "cloud": Sort(
        "Cloud or network provider",
        N_("We write because the activity described below came, in part, from systems that you host."),
        (
            N_("records of who rented the systems from which the requests came, and from when until when"),
            N_("network flow records of those systems in that time, with addresses, ports and volumes"),
            N_("images and snapshots of their disks, as they are when this letter reaches you"),
            N_("logs of sign-ins to the accounts that manage them"),
            N_("payment records of those accounts"),
        ),
        _KEPT_BY_ACCOUNT,
    ),
    "payment": Sort(
        "Payment provider",
        N_("We write because the accounts described below were paid for through you."),
        (
            N_("records of the payments to us, and of the cards or accounts that they were made with"),
            N_("what was given and checked when those cards or accounts were opened"),
            N_("disputes, chargebacks and reports of fraud about them"),
            N_("addresses and devices from which the payments were made"),
        ),
        _KEPT_BY_ACCOUNT,
    ),
}
# The part that a party is taken to have suggests the sort; whoever drafts may choose another.
SORT_OF_PARTY = {
    Party.Role.OPERATOR: "account_holder",
    Party.Role.BENEFICIARY: "account_holder",
    Party.Role.RESELLER: "reseller",
    Party.Role.INFRASTRUCTURE: "cloud",
    Party.Role.COUNSEL: "account_holder",
}

_WATCH = N_("keep this letter: it shows that you were told, and when")
VICTIMS = {
    "identity": Sort(
        "Their identity was used",
        N_("We write because your name or other details of yours were used, as we take it, to open accounts with us."),
        (
            N_("report it to the police, and keep the number of the report"),
            N_("ask a credit agency to mark your file, so that nobody opens accounts in your name"),
            N_("replace an identity document whose number or picture may be known to others"),
            _WATCH,
        ),
    ),
    "card": Sort(
        "Their card was used",
        N_("We write because a card or bank account of yours was used, as we take it, to pay for accounts with us."),
        (
            N_("ask your bank to block the card, and to give you another"),
            N_("dispute payments to us that you did not make; we do not contest such a dispute"),
            N_("look through your statements for payments to others that you did not make"),
            _WATCH,
        ),
    ),
}
SORTS = {NoticeKind.PRESERVATION: PRESERVERS, NoticeKind.VICTIM: VICTIMS}


def preserver(role: str, sort: str = "") -> Sort:
    """Which recipient of a demand to preserve a party is, unless its drafter says so."""
    return PRESERVERS[sort or SORT_OF_PARTY.get(Party.Role(role), "account_holder")]


# What was done about accounts that used somebody's details.
DONE_FOR_VICTIMS = {
    Decision.Action.LIMIT: N_("We have limited what these accounts can do."),
    Decision.Action.VERIFY_IDENTITY: N_("We have asked whoever uses these accounts to show who they are."),
    Decision.Action.CHALLENGE: N_("We ask for a challenge before these accounts can go on."),
    Decision.Action.DEGRADE: N_("We have limited what these accounts are answered."),
    Decision.Action.REGION_BLOCK: N_("We have suspended these accounts in some countries."),
    Decision.Action.SUSPEND: N_("We have suspended these accounts."),
    Decision.Action.TERMINATE: N_("We have closed these accounts."),
}

# What a letter to an account holder says of itself and of its ground; where one may sue.
FORM_NOTES = {
    "voluntary": N_(
        "This letter has the form of a statement of reasons under Art. 17(3) of Regulation (EU) 2022/2065 (DSA). We"
        " provide it voluntarily."
    ),
    "required": N_("This letter is a statement of reasons under Art. 17 of Regulation (EU) 2022/2065 (DSA)."),
    "us": N_(
        "This letter is a notice under the contract. It does not limit any right that the law of your state gives you."
    ),
}
GROUND = N_("This rests on the contract between us. It is not a finding that you broke a law.")
COURTS: dict[Profile, str] = {
    "eu": N_("a court"),
    "us": N_("a court, or to arbitration where our contract provides for it"),
    "other": N_("a court"),
}

# Days to answer a demand; months to appeal a measure (Art. 20 DSA: at least six).
DAYS_TO_RESPOND = 14
MONTHS_TO_APPEAL = 6
DAYS_TO_ANSWER = 14

REVIEWER_PROMISE = N_(
    "A person who took no part in this decision will read it and answer within {days} days, with reasons."
)
DATA_PROMISES = {
    Decision.Action.SUSPEND: N_(
        "While the account is suspended you can download your data and ask for a refund of unused credit."
    ),
    Decision.Action.TERMINATE: N_(
        "You can download your data and ask for a refund of unused credit until the account is deleted, and we do not"
        " delete it before the time for an appeal is over."
    ),
}
DISPUTE_BODY = N_("a certified out-of-court dispute settlement body")
ORIGIN_REPORTED = N_("A report from outside was among what led us to look into this.")
ORIGIN = N_("We looked into this on our own initiative; no notice from outside led to it.")
TERRITORY = N_("worldwide")
