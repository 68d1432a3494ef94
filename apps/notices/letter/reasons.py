"""What a letter says as data, attached to it: a statement of reasons, the decision on an appeal, or its statements."""

from typing import Any

from apps.cases.findings.wording import LIKELIHOODS
from apps.notices.letter.composition import ComposedNotice
from apps.notices.letter.facts import LIST_FILE, Fact, NoticeFacts, shown
from apps.notices.letter.placeholders import required

# Codes of the DSA Transparency Database.
RESTRICTIONS: dict[str, dict[str, str]] = {
    "account_suspended": {"decision_account": "DECISION_ACCOUNT_SUSPENDED"},
    "account_terminated": {"decision_account": "DECISION_ACCOUNT_TERMINATED"},
    "service_limited": {"decision_provision": "DECISION_PROVISION_PARTIAL_SUSPENSION"},
    "none": {},
}
END_FIELD = {
    "account_suspended": "end_date_account_restriction",
    "service_limited": "end_date_service_restriction",
}
AUTOMATION = {
    "not": "AUTOMATED_DECISION_NOT_AUTOMATED",
    "partially": "AUTOMATED_DECISION_PARTIALLY",
    "fully": "AUTOMATED_DECISION_FULLY",
}


def statement_of_reasons(facts: NoticeFacts) -> dict:
    """The same statements as data, attached to the PDF. Field names and codes of Art. 17 are those of the DSA
    Transparency Database; whether Art. 17 applies to such a service is unsettled, so it says that it is voluntary."""
    end = {field: facts.ends_on.isoformat()} if facts.ends_on and (field := END_FIELD.get(facts.restriction)) else {}
    return {
        "schema": "casemgr.statement_of_reasons/1",
        "form": _form(facts),
        **_letter(facts),
        **_listed(facts),
        **RESTRICTIONS[facts.restriction],
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
        "decision_facts": [_stated(number, fact) for number, fact in enumerate(facts.facts, 1)],
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
        "automated_decision": AUTOMATION[facts.decided_automatically],
        "redress": {
            "internal_complaint": facts.appeal_address,
            "until": facts.appeal_until.isoformat() if facts.appeal_until else None,
            "out_of_court": facts.dispute_body,
            "judicial": facts.judicial_redress,
        },
        "translations": _translations(facts),
    }


def statements(facts: NoticeFacts) -> dict:
    """What a letter says that accuses nobody: a notice to a victim, an account given back."""
    return {
        "schema": "casemgr.letter/1",
        **_letter(facts),
        **_listed(facts),
        "facts": [_stated(number, fact) for number, fact in enumerate(facts.facts, 1)],
        "about": facts.measure_ref,
        "about_issued_on": facts.measure_issued_on and facts.measure_issued_on.isoformat(),
        "lifted_on": facts.lifted_on and facts.lifted_on.isoformat(),
        "reasons": list(facts.reinstatement_reasons),
        "translations": _translations(facts),
    }


def decision_on_appeal(facts: NoticeFacts) -> dict:
    """The same statements of an answer to an appeal as data (Art. 20(4) to (6) DSA)."""
    decided_on = facts.lifted_on or facts.upheld_on
    return {
        "schema": "casemgr.decision_on_appeal/1",
        **_letter(facts),
        "appeal": facts.appeal_ref,
        "appealed_on": facts.appealed_on and facts.appealed_on.isoformat(),
        "about": facts.measure_ref,
        "about_issued_on": facts.measure_issued_on and facts.measure_issued_on.isoformat(),
        "outcome": "reversed" if facts.lifted_on else "upheld",
        "decided_on": decided_on and decided_on.isoformat(),
        "reasons": list(facts.appeal_reasons),
        "automated_decision": AUTOMATION["not"],
        "redress": {"out_of_court": facts.dispute_body, "judicial": facts.judicial_redress},
        "translations": _translations(facts),
    }


def elements(composed: ComposedNotice) -> list[dict]:
    """What the letter has to say, element by element: the rule that asks it, and what it says."""
    facts, said = composed.facts, composed.said
    asked = required(composed.kind, facts.profile)
    return [
        {"element": name, "rule": rule, "value": _value(name, getattr(facts, name))}
        for name, rule in asked.items()
        if name in said
    ]


def _value(name: str, value: Any) -> str | list[str]:
    """As the letter prints it; not the code, which opens an appeal."""
    if name == "appeal_code":
        return "in the letter alone"
    if isinstance(value, tuple):
        return [item if isinstance(item, str) else item.text for item in value]
    return shown(value)


def _letter(facts: NoticeFacts) -> dict:
    """Which letter it is, about whom, and by whose rules."""
    return {
        "profile": facts.profile,
        "language": facts.language,
        "reference": facts.reference,
        "case": facts.case_ref,
        "account": facts.account_ref,
        "issued_on": facts.issued_on.isoformat(),
    }


def _listed(facts: NoticeFacts) -> dict:
    """The attached list of accounts, bound by its digest, and the record that it was taken from."""
    if facts.listed is None:
        return {}
    listed = facts.listed
    return {
        "accounts_listed": {
            "file": LIST_FILE,
            "accounts": listed.count,
            "sha256": listed.sha256,
            "not_named": listed.erased,
            "record": "finding",
        }
    }


def _form(facts: NoticeFacts) -> str:
    if facts.profile != "eu":
        return "notice with reasons"
    return f"Art. 17(3) Regulation (EU) 2022/2065{', provided voluntarily' if facts.is_voluntary else ''}"


def _stated(number: int, fact: Fact) -> dict:
    """A statement with what carries it: exhibits, or the record it was counted from."""
    return {"number": number, "text": fact.text, "exhibits": list(fact.exhibits), "record": fact.record}


def _translations(facts: NoticeFacts) -> list[dict]:
    """Each sentence that was translated, beside the one that somebody wrote for the case."""
    return [{"what": item.name, "source": item.source, "text": item.text} for item in facts.translations]
