"""What a letter needs before it goes out, as lines that a person reads: one source for the page and for approving."""

from apps.notices import actions
from apps.notices.letter import NoticeFacts
from apps.notices.models import Notice
from apps.cases.wording import lint_wording


def checks(notice: Notice) -> list[dict]:
    """Items for the checklist: `state` ok or stop, `text`, `detail`."""
    facts, decision = actions.facts_of(notice), notice.decision
    finding = decision.finding
    return [
        _line(finding.state == "confirmed", "The finding is confirmed by a second person", f"{finding.ref}"),
        _line(decision.state == "approved", "The decision is approved by a second person", f"{decision.ref}"),
        _line(bool(facts.clauses), "It quotes the clauses in force at the time", _clauses(facts)),
        _line(bool(facts.facts), "It names the conduct, with dates and exhibits", f"{len(facts.facts)} statements"),
        _line(
            bool(facts.explanations_considered),
            "It says which innocent explanations were considered",
            f"{len(facts.explanations_considered)} explanations",
        ),
        _line(bool(facts.recipient), "It has a recipient", ", ".join(facts.recipient)),
        _line(
            not lint_wording(actions.composed(notice).plain, {"finding"}),
            "Its wording claims no more than was found",
            "",
        ),
        _line(
            notice.approved_by_id is not None,
            "Somebody other than the drafter approved it",
            str(notice.approved_by or "not yet"),
        ),
    ]


def _line(holds: bool, text: str, detail: str) -> dict:
    return {"state": "ok" if holds else "stop", "text": text, "detail": detail}


def _clauses(facts: NoticeFacts) -> str:
    return ", ".join(f"{c.document} {c.address}, {c.version_date.isoformat()}" for c in facts.clauses)
