"""What the text of a notice may name, the sections it may have, and what its kind must say: literals for lawyers."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "date", "number", "likelihood", "facts", "clauses", "explanations", "lines", "paragraphs"]
LISTS = ("facts", "clauses", "explanations", "lines", "paragraphs")


@dataclass(frozen=True)
class Placeholder:
    name: str
    kind: Kind
    meaning: str
    example: str


PLACEHOLDERS = {
    item.name: item
    for item in (
        Placeholder("provider_name", "text", "Legal name of the provider", "Northlight AI Ltd"),
        Placeholder("desk", "text", "Unit that answers for the notice", "Trust and Safety, enforcement desk"),
        Placeholder("account_ref", "text", "The account, as its holder knows it", "acct_7f3a91"),
        Placeholder("reference", "text", "Number of this notice", "N-2026-000317"),
        Placeholder("case_ref", "text", "Number of the case", "CASE-2026-0042"),
        Placeholder("issued_on", "date", "Day of issue", "19 March 2026"),
        Placeholder("contact_address", "text", "Where questions go", "legal@northlight.example"),
        Placeholder("action_sentence", "text", "What was decided, in one sentence", "We have suspended this account."),
        Placeholder("scope", "text", "What the decision covers", "the Northlight API"),
        Placeholder("territory", "text", "Where it applies", "worldwide"),
        Placeholder("starts_on", "date", "First day of the restriction", "19 March 2026"),
        Placeholder("ends_on", "date", "Last day of the restriction; none if open-ended", "17 June 2026"),
        Placeholder("until_phrase", "text", "Until the last day, or until further notice", "until 17 June 2026"),
        Placeholder("duration_days", "number", "Length of the restriction in days", "90"),
        Placeholder("active_from", "date", "First day of the activity", "4 February 2026"),
        Placeholder("active_until", "date", "Last day of the activity", "17 March 2026"),
        Placeholder("origin", "text", "What started the review", "We looked into it on our own initiative."),
        Placeholder("facts", "facts", "Numbered facts with their exhibits", "1. … E1"),
        Placeholder("detection_sentence", "text", "Whether automated means found it", "Automated systems …"),
        Placeholder("decision_sentence", "text", "Whether automated means decided it", "A person reviewed …"),
        Placeholder("accepted_on", "date", "Day on which the terms were accepted", "3 February 2026"),
        Placeholder("clauses", "clauses", "Clauses as they read on the day", "“You may not …” Usage Policy 3.2"),
        Placeholder("explanations_considered", "explanations", "Innocent explanations, weighed", "Heavy use: …"),
        Placeholder("finding", "text", "What is found, as a subordinate clause", "the account took part in …"),
        Placeholder("confidence_term", "likelihood", "How likely, in words", "very likely"),
        Placeholder("confidence_range", "text", "What the words mean in per cent", "80–95 %"),
        Placeholder("limits", "text", "What is not found", "We make no finding about who is behind it."),
        Placeholder("warned_on", "date", "Day of an earlier warning", "2 March 2026"),
        Placeholder("appeal_until", "date", "Last day for an appeal", "19 September 2026"),
        Placeholder("appeal_address", "text", "Where to appeal", "appeals.northlight.example"),
        Placeholder("appeal_code", "text", "Code that opens the appeal page", "7QK4-M2XD"),
        Placeholder("reviewer_promise", "text", "Who answers an appeal, by when", "Someone who took no part …"),
        Placeholder("dispute_body", "text", "Certified out-of-court body", "a certified dispute settlement body"),
        Placeholder("data_promise", "text", "What happens to data and credit", "You can download your data …"),
        Placeholder("standing", "text", "Why the provider may demand this", "Northlight AI Ltd operates …"),
        Placeholder("legal_grounds", "lines", "Legal grounds of a demand", "Breach of contract: …"),
        Placeholder("demands", "lines", "What is demanded", "Stop all automated collection …"),
        Placeholder("preservation", "lines", "What must be kept", "Training data and their sources"),
        Placeholder("respond_by", "date", "Deadline of the demands", "2 April 2026"),
        Placeholder("enclosures", "lines", "What is enclosed", "Exhibits E1, E2"),
        Placeholder("appeal_ref", "text", "Number of the appeal that is answered", "AP-2026-0007"),
        Placeholder("appealed_on", "date", "Day on which it was made", "2 April 2026"),
        Placeholder("measure_ref", "text", "Number of the letter that it is about", "N-2026-000317"),
        Placeholder("measure_issued_on", "date", "Day of that letter", "19 March 2026"),
        Placeholder("upheld_on", "date", "Day on which the decision was upheld; none if it was not", "9 April 2026"),
        Placeholder("lifted_on", "date", "Day from which the measure is lifted; none if it stands", "9 April 2026"),
        Placeholder("appeal_reasons", "paragraphs", "The reviewer's reasons", "You write that …"),
        Placeholder("form_note", "text", "What form the letter has, and by what rule", "This letter has the form of …"),
        Placeholder("ground_sentence", "text", "On what ground the decision rests", "This rests on the contract …"),
        Placeholder("judicial_redress", "text", "Where one may sue", "a court"),
        Placeholder("sort_sentence", "text", "Why this letter goes to this recipient", "You may hold records …"),
        Placeholder("steps", "lines", "What the recipient can do for themselves", "Ask your bank to …"),
        Placeholder("reinstatement_reasons", "paragraphs", "Why the account is given back", "Your appeal was right."),
        Placeholder("verification_address", "text", "Where a letter is verified", "verify.northlight.example"),
        Placeholder("verification_code", "text", "Code that verifies this letter", "M2XD-7QK4"),
    )
}

# What a reader copies letter by letter: a hyphen that is not theirs, or a line that ends in one, makes it wrong.
COPIED = {
    "account_ref", "reference", "case_ref", "appeal_ref", "measure_ref", "appeal_code", "verification_code",
    "contact_address", "appeal_address", "verification_address",
}  # fmt: skip

SECTIONS = {
    "opening": "salutation and the gist",
    "standing": "who writes, and by what right",
    "decision": "what was decided, where and for how long",
    "facts": "what was found",
    "means": "how it was found and who decided",
    "terms": "the clauses in force",
    "grounds": "the legal grounds of a demand",
    "reasons": "why the facts break the clauses, what was considered, how likely",
    "demands": "what must be done",
    "deadline": "by when, and how to confirm it",
    "preservation": "what must be kept",
    "steps": "what the recipient can do for themselves",
    "consequences": "what follows otherwise",
    "redress": "what the recipient can do",
    "reservation": "what is not waived",
    "closing": "whom to ask",
}

RESTRICTION = {
    "action_sentence": "Art. 17(3)(a) DSA: the restriction",
    "territory": "Art. 17(3)(a) DSA: its territorial scope",
    "starts_on": "Art. 17(3)(a) DSA: from when",
}
DURATION = {"until_phrase": "Art. 17(3)(a) DSA: its duration"}
WEIGHED = {
    "explanations_considered": "house rule: innocent explanations are weighed in the letter",
    "confidence_term": "house rule: a finding carries its likelihood",
    "confidence_range": "house rule: likelihood words are defined",
}
REASONS = WEIGHED | {
    "facts": "Art. 17(3)(b) DSA: facts and circumstances",
    "origin": "Art. 17(3)(b) DSA: notice or own initiative",
    "detection_sentence": "Art. 17(3)(c) DSA: automated means of detection",
    "decision_sentence": "Art. 17(3)(c) DSA: automated means of decision",
    "clauses": "Art. 17(3)(e) DSA: contractual ground",
    "finding": "Art. 17(3)(e) DSA: why the facts break it",
    "ground_sentence": "Art. 17(3)(d) and (e) DSA: contract, not law, is the ground",
    "appeal_until": "Art. 17(3)(f) and 20(1) DSA: until when",
    "appeal_address": "Art. 17(3)(f) DSA: redress",
    "appeal_code": "Art. 17(3)(f) DSA: redress",
    "reviewer_promise": "Art. 20(6) DSA: qualified people decide on a complaint",
    "judicial_redress": "Art. 17(3)(f) DSA: judicial redress",
}
OUT_OF_COURT = {"dispute_body": "Art. 17(3)(f) and 21 DSA: out-of-court settlement"}
FORM = {"form_note": "what form the letter has"}

# What a kind of notice must say wherever its recipient is, and by what rule.
EVERYWHERE: dict[str, dict[str, str]] = {
    "warning": {"action_sentence": "what this letter is", "scope": "what it is about"} | REASONS,
    "limit": RESTRICTION | DURATION | {"scope": "Art. 17(3)(a) DSA: what is limited"} | REASONS,
    "verification": {"scope": "what is asked for", "respond_by": "until when"} | REASONS,
    "suspension": RESTRICTION | DURATION | REASONS,
    "termination": RESTRICTION | {"scope": "Art. 17(3)(a) DSA: what is ended"} | REASONS,
    "preservation": {
        "standing": "the sender's right to demand",
        "facts": "facts with dates and volumes",
        "scope": "what the records bear on",
        "respond_by": "the deadline",
        "preservation": "what must be kept",
        "contact_address": "whom to ask",
        "sort_sentence": "why this recipient",
    }
    | WEIGHED,
    "victim": {
        "sort_sentence": "what of theirs was used",
        "action_sentence": "what was done about it",
        "facts": "what is known, and of what it rests on",
        "steps": "what they can do",
        "contact_address": "whom to ask",
    },
    "reinstatement": {
        "measure_ref": "which letter it takes back",
        "measure_issued_on": "of what day that letter was",
        "lifted_on": "Art. 20(4) DSA: the reversal, without undue delay",
        "reinstatement_reasons": "why",
        "contact_address": "whom to ask",
    },
    "cease_and_desist": {
        "standing": "the sender's right to demand",
        "facts": "facts with dates and volumes",
        "clauses": "contract and clauses with version date",
        "legal_grounds": "legal grounds",
        "demands": "what is demanded",
        "respond_by": "the deadline",
        "preservation": "what must be kept",
        "contact_address": "whom to ask",
    }
    | WEIGHED,
    "appeal_decision": {
        "appeal_ref": "which appeal is answered",
        "appealed_on": "when it was made",
        "measure_ref": "which letter it is about",
        "upheld_on": "Art. 20(5) DSA: the decision on the complaint",
        "lifted_on": "Art. 20(4) DSA: the reversal, without undue delay",
        "appeal_reasons": "Art. 20(5) DSA: a reasoned decision",
        "judicial_redress": "Art. 20(5) DSA: what else one may do",
        "contact_address": "whom to ask",
    },
}  # fmt: skip

# What is asked on top of it where the recipient is.
MEASURES = ("warning", "limit", "verification", "suspension", "termination")
IN_PROFILE: dict[str, dict[str, dict[str, str]]] = {
    "eu": dict.fromkeys(MEASURES, OUT_OF_COURT | FORM)
    | {"appeal_decision": {"dispute_body": "Art. 20(5) and 21 DSA: out-of-court settlement"}},
    "us": dict.fromkeys(MEASURES, FORM),
    "other": {},
}

# A text serves every profile: one that leaves out what any of them asks cannot be used.
REQUIRED = {
    kind: EVERYWHERE[kind] | {name: rule for rules in IN_PROFILE.values() for name, rule in rules.get(kind, {}).items()}
    for kind in EVERYWHERE
}


# Either of the two is said: a decision was upheld, or it was lifted.
OR_ELSE = {"upheld_on": "lifted_on", "lifted_on": "upheld_on"}


def required(kind: str, profile: str) -> dict[str, str]:
    """What a letter of this kind must say to a recipient there: placeholder and rule."""
    return EVERYWHERE[kind] | IN_PROFILE[profile].get(kind, {})
