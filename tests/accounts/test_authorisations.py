"""What was allowed to whom is recorded by one person, confirmed by another, and asked before anybody is accused."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts import actions, authorisations
from apps.accounts.models import Account, Authorisation, AuthorisedAccount
from apps.audit.action import Forbidden
from tests.cases.conftest import make_accounts

START, END = date(2026, 5, 1), date(2026, 5, 31)
PAPER = {
    "party": "Quarry Lane Models Ltd",
    "basis": "contract",
    "conduct": ["extraction", "competing_model"],
    "scope": "May train classifiers on up to a million answers a month.",
    "starts_on": date(2026, 1, 1),
    "document_ref": "EV-2026-0007",
}


@pytest.fixture
def accounts(people) -> dict[str, Account]:
    make_accounts(3)
    make_accounts(2, "uni", organisation="Ferry University", contract="research")
    make_accounts(1, "firm", organisation="Quarry Lane", contract="research")
    return {account.ref: account for account in Account.objects.all()}


@pytest.fixture
def record(accounts, people):
    def make(*, confirmed: bool = True, **changed) -> Authorisation:
        made = actions.record_authorisation(**(PAPER | {"refs": ["acct_00001"]} | changed), by=people.lead)
        if confirmed:
            actions.confirm_authorisation(made, by=people.counsel)
        return made

    return make


def covered(start=START, end=END, conduct="extraction") -> list[tuple[str, str, str, str]]:
    found = authorisations.covering(Account.objects.all(), start, end, conduct)
    refs = dict(Account.objects.values_list("pk", "ref"))
    return sorted((refs[one.account_id], one.since.isoformat(), one.until.isoformat(), one.by) for one in found)


@pytest.mark.parametrize(
    ("paper", "expected"),
    [
        ({}, [("acct_00001", "named")]),
        ({"refs": ["acct_00000", " acct_00002 "]}, [("acct_00000", "named"), ("acct_00002", "named")]),
        (
            {"refs": [], "organisation": "ferry university"},
            [("uni_00000", "organisation"), ("uni_00001", "organisation")],
        ),
        (
            {"refs": [], "contract": "Research"},
            [("firm_00000", "contract"), ("uni_00000", "contract"), ("uni_00001", "contract")],
        ),
        ({"refs": [], "organisation": "Quarry Lane", "contract": "research"}, [("firm_00000", "organisation")]),
        (
            {"refs": ["uni_00000"], "organisation": "Quarry Lane"},
            [("firm_00000", "organisation"), ("uni_00000", "named")],
        ),
    ],
)
def test_it_covers_whom_it_names_and_whom_it_describes(record, paper, expected):
    record(**paper)
    assert [(ref, by) for ref, _, _, by in covered()] == expected


def test_it_covers_its_kinds_of_conduct_and_no_other(record):
    record()
    assert [bool(covered(conduct=kinds)) for kinds in ("extraction", ["region", "competing_model"], None)] == [True] * 3
    assert covered(conduct="resale") == []


def test_it_covers_its_own_days(record):
    record(starts_on=date(2026, 5, 10), ends_on=date(2026, 5, 20))
    assert covered() == [("acct_00001", "2026-05-10", "2026-05-20", "named")]
    assert covered(date(2026, 5, 20), date(2026, 6, 1)) == [("acct_00001", "2026-05-20", "2026-05-20", "named")]
    assert covered(date(2026, 5, 21), date(2026, 6, 1)) == []
    assert covered(date(2026, 5, 1), date(2026, 5, 9)) == []


def test_it_covers_nobody_before_another_person_confirms_it(record, people):
    waiting = record(confirmed=False)
    assert covered() == []
    with pytest.raises(Forbidden):
        actions.confirm_authorisation(waiting, by=people.lead)
    actions.refuse_authorisation(waiting, reason="Nobody signed it.", by=people.counsel)
    assert covered() == []


def test_even_counsel_does_not_confirm_what_counsel_recorded(accounts, people):
    own = actions.record_authorisation(**PAPER, refs=["acct_00001"], by=people.counsel)
    with pytest.raises(Forbidden):
        actions.confirm_authorisation(own, by=people.counsel)


def test_what_was_done_before_a_revocation_stays_allowed(record, people):
    made, today = record(), timezone.now().date()
    with pytest.raises(ValidationError, match="what its holder did under it was allowed"):
        actions.revoke_authorisation(made, revoked_from=today - timedelta(days=1), reason="Over", by=people.counsel)
    actions.revoke_authorisation(made, revoked_from=today, reason="The contract ended.", by=people.counsel)
    yesterday = today - timedelta(days=1)
    assert [until for _, _, until, _ in covered(START, today)] == [yesterday.isoformat()]
    assert covered(today, today) == []
    assert covered()


def test_whom_it_covers_has_to_be_said_and_known(accounts, people):
    with pytest.raises(ValidationError, match="Say whom it covers"):
        actions.record_authorisation(**PAPER, refs=[" "], by=people.lead)
    with pytest.raises(ValidationError, match="No account on record is called nobody"):
        actions.record_authorisation(**PAPER, refs=["acct_00001", "nobody"], by=people.lead)
    assert Authorisation.objects.count() == 0


def test_a_whole_campaign_is_asked_about_in_a_few_queries(record, django_assert_max_num_queries):
    make_accounts(3000, "many", organisation="Ferry University")
    record(refs=[], organisation="Ferry University")
    with django_assert_max_num_queries(3):
        found = authorisations.covering(Account.objects.filter(ref__startswith="many"), START, END, "extraction")
    assert len(found) == 3000


# --- pages ------------------------------------------------------------------------------------------------------------


def test_one_person_records_and_another_confirms_in_the_browser(accounts, people, sign_in):
    lead, counsel = sign_in(people.lead), sign_in(people.counsel)
    form = PAPER | {"starts_on": "2026-01-01", "refs": "acct_00001, acct_00002"}
    address = reverse("accounts:record_authorisation")
    assert "Say whom it covers" in lead.post(address, form | {"refs": ""}).content.decode()
    assert lead.post(address, form | {"ends_on": "2025-01-01"}).status_code == 422
    assert lead.post(address, form).status_code == 302
    made = Authorisation.objects.get()
    assert AuthorisedAccount.objects.count() == 2
    page = lead.get(made.get_absolute_url()).content.decode()
    assert "not yet: it covers nobody" in page
    assert "Confirm it" not in page
    assert "Confirm it" in counsel.get(made.get_absolute_url()).content.decode()
    counsel.post(reverse("accounts:confirm_authorisation", args=[made.pk]))
    assert "Quarry Lane Models Ltd" in lead.get(accounts["acct_00001"].get_absolute_url()).content.decode()
    assert "Active" in lead.get(reverse("accounts:authorisations"), {"allows": "extraction"}).content.decode()
    assert "Quarry" not in lead.get(reverse("accounts:authorisations"), {"allows": "region"}).content.decode()
    revoke = reverse("accounts:revoke_authorisation", args=[made.pk])
    assert counsel.post(revoke, {"revoked_from": "2026-01-02", "reason": "Over"}).status_code == 422
    counsel.post(revoke, {"revoked_from": timezone.now().date().isoformat(), "reason": "It ended."})
    assert "It ended." in lead.get(made.get_absolute_url()).content.decode()


def test_an_account_shows_what_it_is_allowed_and_that_the_last_day_has_passed(record, accounts, people, sign_in):
    record(refs=[], contract="research", ends_on=date(2026, 2, 1))
    page = sign_in(people.analyst).get(accounts["uni_00000"].get_absolute_url()).content.decode()
    assert "Contract with Quarry Lane Models Ltd" in page
    assert "Expired" in page
    other = sign_in(people.analyst).get(accounts["acct_00001"].get_absolute_url()).content.decode()
    assert "No authorisation names or describes it" in other


# --- constraints ------------------------------------------------------------------------------------------------------

NONSENSE = {
    "an_authorisation_allows_known_conduct": "UPDATE accounts_authorisation SET conduct = '{theft}'",
    "an_authorisation_ends_after_it_starts": "UPDATE accounts_authorisation SET ends_on = '2025-01-01'",
    "an_authorisation_is_confirmed_by_another_person": "UPDATE accounts_authorisation"
    " SET reviewed_by_id = recorded_by_id",
    "an_authorisation_review_has_its_person_and_time": "UPDATE accounts_authorisation SET reviewed_at = NULL",
    "an_authorisation_holds_once_reviewed": "UPDATE accounts_authorisation"
    " SET reviewed_by_id = NULL, reviewed_at = NULL",
    "a_revocation_has_its_day_person_and_time": "UPDATE accounts_authorisation SET revoked_at = now()",
    "a_revoked_authorisation_has_its_day": "UPDATE accounts_authorisation SET state = 'revoked'",
    "an_authorisation_says_who_what_and_by_what": "UPDATE accounts_authorisation SET scope = ''",
    "an_authorisation_names_an_account_once": "INSERT INTO accounts_authorisedaccount SELECT (jsonb_populate_record(t,"
    " jsonb_build_object('id', core_uuid7()))).* FROM accounts_authorisedaccount t",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_the_database_refuses_nonsense_by_name(record, name):
    record()
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NONSENSE[name])
    assert refused.value.__cause__.diag.constraint_name == name


def test_every_constraint_is_provoked():
    known = {c.name for model in (Authorisation, AuthorisedAccount) for c in model._meta.constraints}
    assert known == set(NONSENSE)
