"""Standing texts of a demand, as data that counsel reads and edits: nothing here is legal advice."""

LEGAL_GROUNDS = (
    "Breach of contract: the clauses quoted above, which formed part of the contract under which the account was used.",
    "Access without permission: any access after the day of this letter, by any account.",
    "Improper means: collection of output at a scale and in a manner that the contract forbids.",
)

DEMANDS = (
    "Stop all automated collection of our models' output, through any account and any intermediary.",
    "Close every account opened for that purpose, and name those we have not listed.",
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

REVIEWER_PROMISE = "A person who took no part in this decision will read it and answer within 14 days, with reasons."
DATA_PROMISE = "While the account is suspended you can download your data and ask for a refund of unused credit."
DISPUTE_BODY = "a certified out-of-court dispute settlement body"
ORIGIN = "We looked into this on our own initiative; no notice from outside led to it."
TERRITORY = "worldwide"
