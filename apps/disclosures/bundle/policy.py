"""What each recipient of a bundle gets: tables for lawyers to read. What is not in them is withheld from everybody.

An event is handed over byte for byte, or sealed: then only its hash and its place in the log are in the bundle, so that
nobody can leave it out unseen. A part of it cannot be blacked out, because then its hash would no longer be that of
the log. Personal data are not in the events; they lie beside them and are handed over one by one.
"""

AUDIENCES = ("court", "regulator", "partner")

# what: (court, regulator, partner)
CONTENTS = {
    "files": (True, True, False),  # of exhibits; without them the exhibits are described, and listed by hash
    "custody": (True, True, True),
    "people": (True, True, False),  # names of our staff beside their numbers in the events
    "notices": (True, True, False),
    "reports": (True, True, True),  # of those that were made for the same audience, or for the public
}

# table of the event's object: (court, regulator, partner). True: as hashed; False: sealed.
EVENTS = {
    "cases_case": (True, True, False),
    "cases_casegroup": (True, True, False),
    "cases_caseaccount": (True, True, False),
    "cases_memberset": (True, True, False),
    "cases_memberpart": (True, True, False),
    "cases_bulkstep": (True, True, False),
    "cases_bulkpart": (True, True, False),
    "cases_party": (True, True, False),
    "cases_task": (True, False, False),
    "cases_casenote": (True, False, False),  # that one was written; what it says is in VALUES
    "cases_exhibit": (True, True, False),
    "cases_explanation": (True, True, False),
    "cases_assessment": (True, True, False),
    "cases_independence": (True, True, False),
    "cases_finding": (True, True, False),
    "cases_findingclause": (True, True, False),
    "cases_findingaccount": (True, True, False),
    "cases_findingexhibit": (True, True, False),
    "cases_findingexplanation": (True, True, False),
    "cases_findingomission": (True, True, False),
    "cases_findingelement": (True, True, False),
    "cases_findinglevel": (True, True, False),
    "cases_invitation": (True, True, False),
    "cases_allowedwording": (True, True, False),
    "cases_decision": (True, True, False),
    "counsel_counsel": (True, True, False),  # that somebody acts; who, and where, stays here
    # Work product: not even that it was written (R20).
    "counsel_theory": (False, False, False),
    "counsel_element": (False, False, False),
    "counsel_note": (False, False, False),
    "enforcement_order": (True, True, False),
    "enforcement_instruction": (True, True, False),
    "notices_notice": (True, True, False),
    "notices_mailing": (True, True, False),
    "notices_mailingpart": (True, True, False),
    "notices_sampledletter": (True, True, False),
    "service_attempt": (True, True, False),  # that and when; addresses stay here
    "service_dispatch": (True, True, False),
    "service_dispatchpart": (True, True, False),
    "service_proof": (True, True, False),
    "service_return": (True, True, False),
    "service_answer": (True, True, False),
    "service_deadline": (True, True, False),
    "transparency_generaltext": (True, True, False),
    "appeals_appeal": (True, True, False),
    "appeals_message": (True, True, False),  # that something was said; what is in VALUES
    "appeals_enclosure": (True, True, False),
    "evidence_item": (True, True, False),
    "evidence_custodyevent": (True, True, False),
    "evidence_testrun": (True, True, False),
    # What others were told is theirs, but for what this bundle itself rests on.
    "disclosures_report": (False, False, False),
    "disclosures_bundle": (False, False, False),
}

# Private columns whose values are handed over: (court, regulator, partner). The rest, such as addresses from which our
# staff worked and codes for appeals, stay here.
VALUES = {
    "cases_party.name": (True, True, False),
    "cases_party.address": (True, False, False),
    "cases_invitation.response": (True, True, False),
    "cases_casenote.body": (True, False, False),  # never of a privileged one
    "notices_notice.recipient": (True, True, False),
    "service_answer.words": (True, True, False),
    "appeals_message.words": (True, False, False),  # what the recipient says for themselves
}

# Columns of what is listed when the events that show it are sealed.
DESCRIBED = {
    "cases_exhibit": ("number", "shows", "element"),
    "evidence_item": ("ref", "title", "kind", "media_type", "byte_size", "sha256", "sha512", "collected_at"),
    "evidence_custodyevent": ("kind", "at", "measured_sha256", "intact"),
}

SEALED = "not for this recipient, by rule"


def gets(audience: str, what: str) -> bool:
    return CONTENTS[what][AUDIENCES.index(audience)]


def discloses(audience: str, table: str) -> bool:
    """Whether events about rows of this table are handed over as hashed."""
    return EVENTS.get(table, (False,) * len(AUDIENCES))[AUDIENCES.index(audience)]


def reveals(audience: str, table: str, column: str) -> bool:
    """Whether the values of a private column are handed over."""
    return VALUES.get(f"{table}.{column}", (False,) * len(AUDIENCES))[AUDIENCES.index(audience)]
