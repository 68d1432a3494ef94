"""Where every statement of a letter comes from, for the person who approves it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.urls import reverse

from apps.cases.queries import exhibits_of_finding
from apps.core.links import url_if_any
from apps.notices.letter import PLACEHOLDERS, Block, Clause, ComposedNotice, Fact
from apps.notices.models import Notice

# Placeholder: the record that fills it.
RECORDS = {
    "finding": "finding", "confidence_term": "finding", "confidence_range": "finding", "limits": "finding",
    "explanations_considered": "explanations", "clauses": "finding", "facts": "activity",
    "action_sentence": "decision", "scope": "decision", "starts_on": "decision", "ends_on": "decision",
    "until_phrase": "decision", "duration_days": "decision", "warned_on": "notices",
    "account_ref": "activity", "accepted_on": "activity", "active_from": "activity", "active_until": "activity",
    "case_ref": "case", "detection_sentence": "alerts", "origin": "alerts", "decision_sentence": "decision",
    "reference": "issuing", "issued_on": "issuing", "appeal_until": "issuing", "appeal_code": "issuing",
    "respond_by": "issuing", "verification_code": "issuing",
    "provider_name": "settings", "desk": "settings", "contact_address": "settings", "appeal_address": "settings",
    "verification_address": "settings",
    "territory": "decision", "reviewer_promise": "standing", "dispute_body": "standing", "data_promise": "standing",
    "standing": "standing", "legal_grounds": "standing", "demands": "standing", "preservation": "standing",
    "enclosures": "standing", "form_note": "standing", "ground_sentence": "standing", "judicial_redress": "standing",
    "sort_sentence": "standing", "steps": "standing", "reinstatement_reasons": "lifting",
    "appeal_ref": "appeal", "appealed_on": "appeal", "upheld_on": "appeal", "lifted_on": "appeal",
    "appeal_reasons": "appeal", "measure_ref": "notices", "measure_issued_on": "notices",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    label: str
    url: str = ""


@dataclass(frozen=True)
class Statement:
    """One paragraph, or one item of a list. `key` is its place in the letter, such as 4 or 4-2."""

    key: str
    text: str
    quoted: bool = False
    sources: list[Source] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    heading: str
    statements: list[Statement]


def sourced(notice: Notice, composition: ComposedNotice) -> list[Section]:
    """The letter statement by statement, each with the records it was taken from; none: the wording's own words."""
    find = _Finder(notice)
    return [
        Section("Subject", list(find.statements(composition.subject))),
        *(
            Section(
                section.heading or section.key.capitalize(),
                [s for block in section.blocks for s in find.statements(block)],
            )
            for section in composition.sections
        ),
    ]


class _Finder:
    def __init__(self, notice: Notice) -> None:
        case, finding, decision = notice.case, notice.decision.finding, notice.decision
        account = notice.account
        self.exhibits = {row.exhibit.label: row.exhibit.item for row in exhibits_of_finding(finding)}
        self.records = {
            "finding": Source(f"Finding {finding.ref}", reverse("cases:findings", args=[case.ref])),
            "explanations": Source("Explanations of the case", reverse("cases:explanations", args=[case.ref])),
            "decision": Source(f"Decision {decision.ref}", reverse("cases:decisions", args=[case.ref])),
            "case": Source(case.ref, reverse("cases:case", args=[case.ref])),
            "party": Source("Parties of the case", reverse("cases:case", args=[case.ref])),
            "alerts": Source("Alerts of the case", reverse("cases:campaign", args=[case.ref])),
            "notices": Source("Earlier notices", reverse("notices:list")),
            "activity": Source("Account records", reverse("accounts:account", args=[account.pk]))
            if account
            else Source("Account records", reverse("cases:accounts", args=[case.ref])),
            "issuing": Source("Given when it is issued"),
            "settings": Source("The provider's settings"),
            "standing": Source("Standing sentence"),
            "lifting": Source("As its drafter wrote it"),
        }
        appeal_ref = notice.facts.get("appeal_ref")
        self.records["appeal"] = (
            Source(f"Appeal {appeal_ref}", url_if_any("appeals:appeal", appeal_ref))
            if appeal_ref
            else self.records["lifting"]  # an account is given back without an appeal as well
        )

    def statements(self, block: Block) -> Iterator[Statement]:
        if not block.source:
            yield Statement(str(block.number), block.plain, sources=self._named(block.sources))
            return
        for number, item in enumerate(block.items, 1):
            key = f"{block.number}-{number}"
            match item:
                case Fact(exhibits=labels) if labels:
                    yield Statement(key, item.text, sources=[self._exhibit(label) for label in labels])
                case Fact(record=record):
                    yield Statement(key, item.text, sources=[self.records[record]])
                case Clause():
                    where = Source(f"{item.document} {item.address}, {item.version_date}", reverse("policies:list"))
                    yield Statement(key, item.quotation, quoted=True, sources=[self.records["finding"], where])
                case str():
                    yield Statement(key, item, sources=self._named([block.source]))
                case _:
                    text = f"{item.text} {getattr(item, 'outcome', '')}".strip()
                    yield Statement(key, text, sources=self._named([block.source]))

    def _exhibit(self, label: str) -> Source:
        item = self.exhibits[label]
        return Source(f"Exhibit {label}: {item.title}", reverse("evidence:item", args=[item.ref]))

    def _named(self, placeholders: Iterable[str]) -> list[Source]:
        return list(dict.fromkeys(self.records[RECORDS[name]] for name in placeholders))


assert set(RECORDS) == set(PLACEHOLDERS), "every placeholder has its record"
