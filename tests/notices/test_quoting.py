"""A clause that is an item of a list is quoted with the words that introduce the list, wherever it is quoted."""

from hashlib import sha256
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError

from apps.audit.principals import System
from apps.cases import actions as cases
from apps.cases.snapshot import snapshot
from apps.notices import actions, letter, writing
from apps.policies import actions as policies
from apps.policies.models import Clause, Version
from tests.cases.conftest import TERMS
from tests.notices.conftest import text
from tests.policies.conftest import HistoryWriter

LEAD_IN = "The Customer does not, and does not help others to:"
ITEM = "4.2 carry out Extraction, by any number of accounts or Keys;"
LISTED = f"{TERMS}\n## 4. Restrictions\n\n{LEAD_IN}\n\n4.1 resell access;\n\n{ITEM}\n"


@pytest.fixture
def terms(tmp_path, people):
    history = HistoryWriter(tmp_path)
    history.add(LISTED)
    policies.import_terms(path=history.write(), by=System())
    return SimpleNamespace(version=Version.objects.get(), clause=Clause.objects.get(address="4.2"))


@pytest.fixture
def confirmed(ready, terms, propose, people):
    finding = propose()
    cases.confirm_finding(finding, by=people.lead)
    return finding


@pytest.fixture
def draft(confirmed, decide, people):
    account = confirmed.accounts.select_related("account").first().account
    return actions.draft_notice(decide(), kind="suspension", account=account, by=people.counsel)


def test_the_letter_quotes_the_lead_in_and_the_quote_stays_exact(draft, confirmed):
    assert f"{LEAD_IN} […]\n{ITEM}" in text(draft)
    facts = writing.facts_of(draft)
    assert facts.clauses[0].text == ITEM
    html = letter.to_html(writing.composed(draft), letter.Letterhead("N", (), "N"))
    assert f"<p>{LEAD_IN} […]</p><p>{ITEM}</p>" in html
    assert letter.statement_of_reasons(facts)["incompatible_content_ground"][0]["lead_in"] == f"{LEAD_IN} […]"
    cited = confirmed.clauses.get()
    assert cited.quote == ITEM
    assert cited.quote_sha256 == sha256(ITEM.encode()).hexdigest() == cited.clause.sha256


def test_the_report_quotes_it(draft):
    quoted = snapshot(draft.case)["findings"][0]["clauses"][0]
    assert (quoted["lead_in"], quoted["text"]) == (f"{LEAD_IN} […]", ITEM)


def test_the_pages_quote_it(draft, people, sign_in):
    client = sign_in(people.counsel)
    for address in (f"/notices/{draft.pk}/", f"/cases/{draft.case.ref}/findings/"):
        page = client.get(address).content.decode()
        assert LEAD_IN in page
        assert "carry out Extraction" in page
    clause = Clause.objects.get(address="4.2")
    document = Version.objects.get().document
    assert (
        LEAD_IN in client.get(f"/terms/{document.slug}/{Version.objects.get().pk}/{clause.address}/").content.decode()
    )


def test_a_clause_reads_differently_where_its_lead_in_does(ready, terms, propose, tmp_path):
    history = HistoryWriter(tmp_path)
    history.add(LISTED)
    history.add(LISTED.replace("does not, and", "may, and"), recorded_at="2026-05-07T00:00:00+00:00")
    policies.import_terms(path=history.write(), by=System())
    with pytest.raises(ValidationError, match="reads differently in the version of 7 May 2026"):
        propose()


def test_a_letter_frozen_before_lead_ins_were_kept_is_still_read(draft):
    draft.facts["clauses"][0].pop("lead_in")
    assert writing.facts_of(draft).clauses[0].quotation == ITEM
