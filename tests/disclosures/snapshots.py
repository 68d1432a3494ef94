"""A snapshot of a case as reports are made from, and the reports made of it."""

from datetime import UTC, date, datetime, timedelta

from apps.core import paper, pdf
from apps.disclosures import report

CREATED = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)

TLP = {"regulator": "AMBER+STRICT", "partner": "AMBER", "public": "CLEAR"}

HASH = "ab12" * 16

STAFF = ("Mara Oyelaran", "Idris Vale")

ORGANISATION = "Meridian Prompt Labs GmbH"


def account(number: int, **changes) -> dict:
    return {
        "ref": f"acct_{number:06x}",
        "holder": f"Holder Person{number}",
        "organisation": ORGANISATION if number % 3 == 0 else None,
        "country": ("Germany", "Singapore")[number % 2],
        "plan": "pro",
        "created_on": "2026-01-28",
        "first_active": "2026-02-04",
        "last_active": None,
        "exchanges": 600 + number,
        "ring": "ring two",
        **changes,
    }


def exhibit(number: int, strength: float | None, cap: float | None) -> dict:
    return {
        "ref": f"E{number}",
        "title": "Query log of the accounts",
        "kind": "query log",
        "shows": f"Templates in 96 % of the requests, counted by {STAFF[0]}.",
        "collected_on": "2026-03-11",
        "collected_by": STAFF[0],
        "sha256": HASH,
        "file_name": f"queries-{number}.csv",
        "strength": strength,
        "cap": cap,
        "sentence": f"E{number} is about 250 times more probable if what it is meant to show is true than if not.",
        "run": "T-2026-0001" if number == 2 else None,
    }


def run(ref: str, **changes) -> dict:
    plain = {"suspect": "Lantern 7B", "test": "green-list", "run_on": "2026-03-12", "planned": False, "stands": None}
    return {"ref": ref, **plain, **changes}


def snapshot(**changes) -> dict:
    start = date(2026, 2, 4)
    return {
        "reference": "S-1",
        "taken_at": "2026-03-20T09:30:00Z",
        "provider": {"name": "Northlight AI Ltd", "address": "Dublin", "contact": "desk@northlight.example"},
        "case": {"ref": "CASE-2026-0042", "title": "Collection of output", "state": "notice", "opened_on": "2026-03-02",
                 "lead": STAFF[0]},
        "active_from": "2026-02-04",
        "active_until": "2026-03-17",
        "summary": [f"{ORGANISATION} paid; acct_000003 of Holder Person3 moved first. {STAFF[1]} confirmed it."],
        "method": ["Alerts were grouped and read."],
        "limits": ["Who is behind the accounts is not established."],
        "figures": [
            {"key": "accounts", "label": "Accounts", "value": 1957, "unit": "accounts", "source": "query 7f21"},
            {"key": "payers", "label": "Payers", "value": 3, "unit": "organisations", "source": "query 10b2"},
        ],
        "activity": [
            {"day": str(start + timedelta(n)), "exchanges": 20_000 + 700 * n, "accounts": 400 + n} for n in range(42)
        ],
        "marks": [{"day": "2026-03-03", "label": "Release of model NL-3"}],
        "countries": [
            {"country": "Germany", "accounts": 811, "exchanges": 500_000},
            {"country": "Singapore", "accounts": 1143, "exchanges": 811_000},
            {"country": "Iceland", "accounts": 3, "exchanges": 402},
        ],
        "parties": [{"name": ORGANISATION, "role": "payer", "country": "Germany"}],
        "techniques": [{"id": "AML.T0024.002", "name": "Extract AI Model"}],
        "findings": [
            {
                "number": 1,
                "text": "The accounts took part in coordinated automated collection.",
                "likelihood": "very likely",
                "limits": "No finding is made about who is behind the accounts.",
                "clauses": [{"document": "Usage Policy", "address": "3.2", "text": "You may not collect output.",
                             "version_date": "2026-01-15", "sha256": HASH}],
                "exhibits": ["E1", "E2"],
                "alternatives": [{"text": "A reseller.", "outcome": "Its customers would differ."}],
                "confirmed_on": "2026-03-18",
                "proposed_by": STAFF[0],
                "confirmed_by": STAFF[1],
            }
        ],
        "exhibits": [exhibit(1, 2.4, 2.5), exhibit(2, -0.6, 2.5), exhibit(3, None, None)],
        "strength": {
            "scale": "enfsi-2015",
            "log10": 2.1,
            "sentence": "Together the evidence is about 125 times more probable under what is alleged.",
            "lines": [
                {"group": "gateway log", "exhibits": "E1", "log10": 2.4, "cap": 2.5, "sentence": "gateway log: 250."},
                {"group": "key", "exhibits": "E2", "log10": -0.6, "cap": 2.5, "sentence": "key: 1/4.0."},
                {"group": "talk", "exhibits": "E3", "log10": None, "cap": None, "sentence": "talk: no number."},
            ],
            "corrections": ["2 runs on Lantern 7B are on record."],
        },
        "runs": [
            run("T-2026-0001", exhibit="E2", outcome="Supports", p="2.7 × 10⁻⁵"),
            run("T-2026-0002", exhibit=None, outcome="Failed", p=""),
        ],
        "measurements": [{"what": "figures", "statements": ["SELECT count(*)"], "sha256": HASH}],
        "decisions": [
            {"action": "Suspension", "scope": "the API", "decided_on": "2026-03-19", "accounts": 1954,
             "proposed_by": STAFF[0], "approved_by": STAFF[1]},
        ],
        "accounts": [account(number) for number in range(30)],
        **changes,
    }  # fmt: skip


def built(audience: str, data: dict | None = None) -> report.Report:
    redacted, log = report.compile(data or snapshot(), audience)
    marking = report.Marking(
        reference="R-2026-000012",
        tlp=TLP[audience],
        status="Released",
        recipient="The authority",
        legal_basis="Voluntary report of an incident",
        prepared_on=date(2026, 3, 20),
        released_on=date(2026, 3, 21),
    )
    return report.build(redacted, log, audience, marking)


def printed(made: report.Report, size: str = "a4") -> bytes:
    return paper.to_pdf(
        made.html,
        sheet="report",
        size=size,
        title=made.title,
        created=CREATED,
        assets=made.assets,
        attachments=[pdf.Attachment(name, "text/csv", data, name) for name, data in made.annexes.items()],
    )


def everything(audience: str, data: dict | None = None) -> str:
    """All that leaves the house: the page, its pictures and its annexes."""
    made = built(audience, data)
    return "\n".join([made.html, *(part.decode() for part in (*made.assets.values(), *made.annexes.values()))])
