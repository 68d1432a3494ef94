"""What a letter decides as data, attached to it: a statement of reasons, or the decision on an appeal."""

from apps.cases.findings.wording import LIKELIHOODS
from apps.notices.letter.facts import NoticeFacts

_RESTRICTIONS = {
    "account_suspended": {"decision_account": "DECISION_ACCOUNT_SUSPENDED"},
    "account_terminated": {"decision_account": "DECISION_ACCOUNT_TERMINATED"},
    "service_limited": {"decision_provision": "DECISION_PROVISION_PARTIAL_SUSPENSION"},
    "none": {},
}
_END_FIELD = {
    "account_suspended": "end_date_account_restriction",
    "service_limited": "end_date_service_restriction",
}


def statement_of_reasons(facts: NoticeFacts) -> dict:
    """The same statements as data, attached to the PDF. Field names and codes of Art. 17 are those of the DSA
    Transparency Database; whether Art. 17 applies to such a service is unsettled, so it says that it is voluntary."""
    end = {field: facts.ends_on.isoformat()} if facts.ends_on and (field := _END_FIELD.get(facts.restriction)) else {}
    return {
        "schema": "casemgr.statement_of_reasons/1",
        "form": "Art. 17(3) Regulation (EU) 2022/2065, provided voluntarily",
        "reference": facts.reference,
        "case": facts.case_ref,
        "account": facts.account_ref,
        "issued_on": facts.issued_on.isoformat(),
        **_RESTRICTIONS[facts.restriction],
        **end,
        "application_date": facts.starts_on.isoformat(),
        "territory": facts.territory,
        "scope": facts.scope,
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "category": "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
        "incompatible_content_ground": [
            {
                "document": clause.document,
                "address": clause.address,
                "lead_in": clause.lead_in,
                "text": clause.text,
                "version_date": clause.version_date.isoformat(),
                "sha256": clause.sha256,
            }
            for clause in facts.clauses
        ],
        "incompatible_content_explanation": facts.finding,
        "incompatible_content_illegal": "No",
        "decision_facts": [
            {"number": number, "text": fact.text, "exhibits": list(fact.exhibits)}
            for number, fact in enumerate(facts.facts, 1)
        ],
        "explanations_considered": [
            {"text": item.text, "outcome": item.outcome} for item in facts.explanations_considered
        ],
        "likelihood": {
            "term": facts.confidence_term,
            "per_cent": list(LIKELIHOODS[facts.confidence_term]),
            "scale": "ICD 203",
        },
        "limits": facts.limits,
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes" if facts.detected_automatically else "No",
        "automated_decision": {
            "not": "AUTOMATED_DECISION_NOT_AUTOMATED",
            "partially": "AUTOMATED_DECISION_PARTIALLY",
            "fully": "AUTOMATED_DECISION_FULLY",
        }[facts.decided_automatically],
        "redress": {
            "internal_complaint": facts.appeal_address,
            "until": facts.appeal_until.isoformat() if facts.appeal_until else None,
            "out_of_court": facts.dispute_body,
        },
    }


def decision_on_appeal(facts: NoticeFacts) -> dict:
    """The same statements of an answer to an appeal as data (Art. 20(4) to (6) DSA)."""
    decided_on = facts.lifted_on or facts.upheld_on
    return {
        "schema": "casemgr.decision_on_appeal/1",
        "reference": facts.reference,
        "case": facts.case_ref,
        "account": facts.account_ref,
        "issued_on": facts.issued_on.isoformat(),
        "appeal": facts.appeal_ref,
        "appealed_on": facts.appealed_on and facts.appealed_on.isoformat(),
        "about": facts.measure_ref,
        "about_issued_on": facts.measure_issued_on and facts.measure_issued_on.isoformat(),
        "outcome": "reversed" if facts.lifted_on else "upheld",
        "decided_on": decided_on and decided_on.isoformat(),
        "reasons": list(facts.appeal_reasons),
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "redress": {"out_of_court": facts.dispute_body},
    }
