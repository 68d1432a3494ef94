"""A case with everything a finding needs, made through the same actions as in life."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from apps.audit import ledger
from apps.audit.principals import System
from apps.cases import actions, queries
from apps.cases.models import Case
from tests.policies.conftest import HistoryWriter

CLAUSE = "You may not use output to develop models that compete with the service."
TERMS = f"# Terms of Service\n\n{'General words about the service and its use. ' * 12}\n\n## 3. Limits\n\n{CLAUSE}\n"
CHANGED = TERMS.replace(CLAUSE, "You may not collect output by automatic means, nor let others do so.")
START, END = date(2026, 5, 4), date(2026, 5, 10)


def make_accounts(number: int, prefix: str = "acct", **values: Any) -> None:
    """Accounts set-based, as an import makes them."""
    rows = [
        {
            "ref": f"{prefix}_{n:05d}",
            "product": "Harbour",
            "plan": "payg",
            "country": "DE",
            "organisation": "",
            "contract": "",
            "status": "active",
            "recorded_at": "2026-05-01T00:00:00Z",
            "opened_at": "2026-04-01T00:00:00Z",
        }
        | values
        for n in range(number)
    ]
    from apps.accounts.models import Account

    with transaction.atomic(), ledger.act("tests.arrange", System("tests")), ledger.batch() as written:
        written.insert(Account, rows)


def make_activity(days: int = 7, queries: int = 1000, *, first: date = START) -> None:
    """Every account works every day from the first on."""
    from apps.accounts.models import Activity

    with transaction.atomic(), ledger.act("tests.arrange", System("tests")), ledger.batch() as written:
        written.run(
            Activity,
            "INSERT INTO accounts_activity (id, account_id, day, model, queries, input_tokens, output_tokens)"
            " SELECT core_uuid7(), a.id, %s::date + d, 'harbour-1', %s, 0, 20 FROM accounts_account a,"
            " generate_series(0, %s) d ON CONFLICT DO NOTHING",
            [first, queries, days - 1],
        )


@pytest.fixture
def terms(tmp_path: Path, people: Any) -> Any:
    """The document of the product "Harbour", in force since January 2026; `.version` and `.clause` of it."""
    from apps.policies import actions as policies
    from apps.policies.models import Clause, Version

    history = HistoryWriter(tmp_path)
    history.add(TERMS)
    policies.import_terms(path=history.write(), by=System())
    version = Version.objects.get()
    return SimpleNamespace(version=version, clause=Clause.objects.get(content__contains=CLAUSE), root=tmp_path)


@pytest.fixture
def case(people: Any) -> Case:
    return actions.open_case(title="Ring harvests reasoning traces", severity=3, by=people.analyst)


@pytest.fixture
def collect(people: Any) -> Callable[..., Any]:
    from apps.evidence import actions as evidence

    def take(title: str = "Query log") -> Any:
        return evidence.collect(
            kind="query_log",
            title=title,
            origin="Request log of the gateway",
            filename="log.json",
            chunks=json.dumps({"title": title}).encode(),
            by=people.analyst,
        )

    return take


@pytest.fixture
def add_exhibit(people: Any, collect: Callable[..., Any]) -> Callable[..., Any]:
    def add(case: Case, *, group: str = "log", lr: float | None = 3.0, **values: Any) -> Any:
        values = {"shows": f"What the {group} shows.", "element": "harvesting", "log10_lr_cap": 4.0} | values
        values.setdefault("family", {"log": "traffic", "canaries": "canary"}.get(group, ""))
        item = values.pop("item", None) or collect(f"From {group}")
        return actions.add_exhibit(case, item=item, dependency_group=group, log10_lr=lr, by=people.analyst, **values)

    return add


@pytest.fixture
def ready(case: Case, people: Any, terms: Any, add_exhibit: Callable[..., Any]) -> Case:
    """Under investigation, with five accounts, two exhibits and a refuted explanation: a finding may be proposed."""
    make_accounts(5)
    make_activity()
    actions.add_accounts(case, query={"country": "DE"}, by=people.analyst)
    actions.start_investigation(case, by=people.analyst)
    add_exhibit(case)
    add_exhibit(case, group="canaries")
    explanation = actions.raise_explanation(case, hypothesis="heavy_user", by=people.analyst)
    actions.assess_explanation(
        explanation, status="refuted", conclusion="Nobody's jobs run around the clock like this.", by=people.analyst
    )
    return case


@pytest.fixture
def propose(ready: Case, people: Any, terms: Any) -> Callable[..., Any]:
    """Propose the finding of the ready case; anything can be overridden."""

    def go(**values: Any) -> Any:
        values = {
            "conduct": "The accounts collected output by automatic means, around the clock.",
            "conduct_from": START,
            "conduct_to": END,
            "confidence": "very_likely",
            "limits": "What the output was used for is not known.",
            "clauses": [(terms.version, terms.clause)],
            "exhibits": list(ready.exhibits.all()),
            "explanations": list(ready.explanations.all()),
            "by": people.analyst,
        } | values
        return actions.propose_finding(ready, **values)

    return go


def worksheet(case: Case, terms: Any, **values: Any) -> dict[str, Any]:
    """The page on which a finding is proposed, filled in as the form sends it; anything can be overridden."""
    carried = ", ".join(exhibit.label for exhibit in case.exhibits.all())
    return {
        "conduct": "The accounts collected output by automatic means.",
        "conduct_from": START,
        "conduct_to": END,
        "confidence": "very_likely",
        "limits": "What it was used for is not known.",
        "clauses": [f"{terms.version.pk}:{terms.clause.pk}"],
        "exhibits": carried,
        "extraction-harvesting-exhibits": carried,
        "extraction-harvesting-confidence": "very_likely",
    } | values


@pytest.fixture
def finding(propose: Callable[..., Any]) -> Any:
    return propose()


@pytest.fixture
def confirmed(finding: Any, people: Any) -> Any:
    actions.confirm_finding(finding, by=people.lead)
    return finding


@pytest.fixture
def decide(confirmed: Any, people: Any) -> Callable[..., Any]:
    def go(**values: Any) -> Any:
        values = {
            "action": "suspend",
            "scope": "All use of the service",
            "starts_on": date(2026, 5, 12),
            "reasoning": "Nothing milder ends it.",
            "acknowledged": queries.wrongful_of(confirmed).value,
            "by": people.analyst,
        } | values
        return actions.propose_decision(confirmed, **values)

    return go
