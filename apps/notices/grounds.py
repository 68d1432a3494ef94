"""Standing sentences of the letters, as data that counsel reads and edits: nothing here is legal advice."""

from apps.cases.models import Decision, Explanation, Party
from apps.notices.letter.facts import Restriction

# The sentence that opens a letter about a measure: once it has begun, and before.
MEASURES = {
    Decision.Action.WARN: ("We warn you about the use of your account.", "We warn you about the use of your account."),
    Decision.Action.LIMIT: (
        "We have limited your use of our service.",
        "We are going to limit your use of our service.",
    ),
    Decision.Action.CHALLENGE: (
        "We ask for a challenge before your use of our service goes on.",
        "We are going to ask for a challenge before your use of our service goes on.",
    ),
    Decision.Action.DEGRADE: (
        "We have limited what our service answers you.",
        "We are going to limit what our service answers you.",
    ),
    Decision.Action.REGION_BLOCK: (
        "We have suspended your access to our service from some countries.",
        "We are going to suspend your access to our service from some countries.",
    ),
    Decision.Action.VERIFY_IDENTITY: (
        "We ask you to verify who uses your account.",
        "We ask you to verify who uses your account.",
    ),
    Decision.Action.SUSPEND: (
        "We have suspended your access to our service.",
        "We are going to suspend your access to our service.",
    ),
    Decision.Action.TERMINATE: (
        "We have ended your contract and closed your account.",
        "We are going to end your contract and close your account.",
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
PRESERVATION_DEMAND = "We ask you to keep them, and demand it where the law lets us."
DEMAND_ALONE = "We demand that the activity described here stop."
DEMAND_AFTER_BLOCKING = "We have suspended the accounts concerned, and we demand that the activity described here stop."

# Why a demand goes to a party, by the part it is taken to have.
PARTS = {
    Party.Role.OPERATOR: "We write to you as the one whom we take to operate these accounts",
    Party.Role.BENEFICIARY: "We write to you as the one whom we take to benefit from this activity",
    Party.Role.RESELLER: "We write to you as the one whom we take to have passed on the access",
    Party.Role.INFRASTRUCTURE: "We write to you as the owner of infrastructure that we take to have been used",
    Party.Role.IDENTITY_VICTIM: "We write to you because your identity was used for these accounts, as we take it",
    Party.Role.COUNSEL: "We write to you as counsel, as we take it, of a party to this matter",
}

# What became of each innocent explanation; how its reader knows it is in the register of the cases.
OUTCOMES = {
    Explanation.Status.REFUTED: "This does not fit.",
    Explanation.Status.NOT_EXCLUDED: "We could not exclude this.",
    Explanation.Status.SUPPORTED: "This fits what we saw.",
    Explanation.Status.OPEN: "We could not test this, and do not exclude it.",
}

LEGAL_GROUNDS = (
    "Breach of contract: the clauses quoted above, which formed part of the contract under which the account was used.",
    "Access without permission: any access after the day of this letter, by any account.",
    "Improper means: collection of output at a scale and in a manner that the contract forbids.",
)

DEMANDS = (
    "Stop all automated collection of our models' output, through any account and any intermediary.",
    "Close every account opened for that purpose, and name each of them to us.",
    "Stop using the output collected, and set apart, then delete, every data set, checkpoint and fine-tuned model "
    "derived from it.",
    "Name the providers of accounts or of access that were used, and everyone to whom the output or anything derived "
    "from it was passed on.",
    "Certify in writing what was done to meet these demands.",
)

PRESERVATION = (
    "prompts, outputs and the data sets made of them",
    "scripts, schedules and configurations used to send requests",
    "contracts and correspondence with resellers and providers of access",
    "payment records and the logs of cloud and network providers",
    "model parameters, checkpoints and training records",
    "messages about this activity on any system, including those that delete themselves",
)

# Days to answer a demand; months to appeal a measure (Art. 20 DSA: at least six).
DAYS_TO_RESPOND = 14
MONTHS_TO_APPEAL = 6
DAYS_TO_ANSWER = 14

REVIEWER_PROMISE = (
    f"A person who took no part in this decision will read it and answer within {DAYS_TO_ANSWER} days, with reasons."
)
DATA_PROMISES = {
    Decision.Action.SUSPEND: "While the account is suspended you can download your data and ask for a refund of unused"
    " credit.",
    Decision.Action.TERMINATE: "You can download your data and ask for a refund of unused credit until the account is"
    " deleted, and we do not delete it before the time for an appeal is over.",
}
DISPUTE_BODY = "a certified out-of-court dispute settlement body"
ORIGIN_REPORTED = "A report from outside was among what led us to look into this."
ORIGIN = "We looked into this on our own initiative; no notice from outside led to it."
