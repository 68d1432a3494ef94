"""The accounts concerned as the annex of a letter to a party: who gets it, and that it is what was approved."""

import csv
import hashlib
import json
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse

from apps.accounts.models import Account
from apps.audit import ledger
from apps.audit.models import Event
from apps.audit.principals import System
from apps.cases import actions as cases
from apps.cases.queries import wrongful_of
from apps.core import vault
from apps.core.models import Job
from apps.notices import actions, writing
from apps.notices.checks import checks
from apps.notices.models import Notice
from apps.records import actions as records
from tests import paper as on
from tests.cases.conftest import make_accounts, make_activity
from tests.notices.conftest import text, work_off

WHY = "It knows its customers by our account alone."
COLUMNS = ["Account", "Service", "First activity", "Last activity"]
ALL = [[f"acct_{n:05d}", "Harbour", "2026-05-04", "2026-05-10"] for n in range(5)]


@pytest.fixture
def concern(ready: Any, propose: Callable[..., Any], people: Any) -> Callable[..., Any]:
    """An approved decision about so many accounts, to demand preservation unless it is said otherwise."""

    def go(count: int = 5, action: str = "preserve") -> Any:
        if count > 5:
            make_accounts(count - 5, prefix="more")
            make_activity()
            cases.add_accounts(ready, query={"country": "DE"}, by=people.analyst)
        if count < 5:
            take_out(ready, people, *(f"acct_{n:05d}" for n in range(count, 5)))
        finding = propose()
        cases.confirm_finding(finding, by=people.lead)
        decision = cases.propose_decision(
            finding,
            action=action,
            scope="All records of it",
            starts_on=finding.conduct_to,
            reasoning="Evidence would be lost.",
            acknowledged=wrongful_of(finding).value,
            by=people.counsel,
        )
        cases.approve_decision(decision, by=people.approver)
        return decision

    return go


def take_out(case: Any, people: Any, *refs: str) -> None:
    cases.exclude_accounts(case, query={"refs": list(refs)}, why="Customers of ours, known by name.", by=people.analyst)


@pytest.fixture
def named(ready: Any, people: Any) -> Callable[..., Any]:
    """A party of the case, a reseller unless it is said otherwise."""

    def go(role: str = "reseller") -> Any:
        return cases.add_party(
            ready,
            name="Tollgate Access GmbH",
            role=role,
            basis="It passed the keys on.",
            address="Am Zoll 3\n20457 Hamburg\nGermany",
            by=people.lead,
        )

    return go


@pytest.fixture
def draft_it(concern: Any, named: Any, people: Any, sign_in: Any) -> Callable[..., Notice]:
    """A letter to a party, drafted in the browser."""

    def go(count: int = 5, role: str = "reseller", action: str = "preserve", **values: str) -> Notice:
        decision, party = concern(count, action), named(role)
        kind = {"preserve": "preservation"}.get(action, action)
        url = reverse("notices:draft_notice", args=[decision.ref])
        answer = sign_in(people.counsel).post(url, {"kind": kind, "party": party.pk} | values)
        assert answer.status_code == 302, answer.context["form"].errors
        return Notice.objects.get()

    return go


@pytest.fixture
def issue_it(people: Any, sign_in: Any) -> Callable[[Notice], Notice]:
    def go(notice: Notice) -> Notice:
        for verb, person in (("approve_notice", people.approver), ("issue_notice", people.counsel)):
            sign_in(person).post(reverse(f"notices:{verb}", args=[notice.pk]))
        work_off()
        notice.refresh_from_db()
        assert notice.state == "issued", Job.objects.values_list("last_error", flat=True)
        return notice

    return go


def rows_of(file: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(on.attachments(file)["accounts.csv"].decode(), newline="")))


def stops(notice: Notice) -> str:
    """What keeps it from going out, but for the approval itself."""
    return " ".join(line["text"] for line in checks(notice)[:-1] if line["state"] == "stop")


# --- from draft to file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "said"), [(1, "1 account concerned is"), (500, "500 accounts concerned are")])
def test_a_provider_is_told_which_accounts_in_a_table_and_as_a_file(draft_it, issue_it, count, said):
    letter = issue_it(draft_it(count))
    file = vault.read(letter.pdf_sha256)
    assert on.validate(file) == []
    rows = rows_of(file)
    assert (rows[0], len(rows) - 1, rows[1]) == (COLUMNS, count, ALL[0])
    read = on.text(file)
    sentence = f"{said} named at the end of this letter. Its file has the same list attached as accounts.csv."
    assert sentence in " ".join(read.split())
    assert_in_order(read, "Yours faithfully,", "Enclosed", "Accounts concerned", f"All {count}.", *COLUMNS, *[
        row[0] for row in rows[1:]
    ])  # fmt: skip


def test_beyond_a_table_all_of_them_are_printed_as_lines(draft_it, issue_it):
    letter = issue_it(draft_it(501))
    file = vault.read(letter.pdf_sha256)
    assert on.validate(file) == []
    read = on.text(file)
    assert "A list of more than 500 is printed as lines" in " ".join(read.split())
    references = [row[0] for row in rows_of(file)[1:]]
    assert len(references) == 501
    assert_in_order(read, "Accounts concerned", "All 501.", *references)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_campaign_of_24_000_accounts(draft_it, issue_it, settings, people, sign_in):
    """Measured once, see docs/performance.md: how long it takes depends on the machine, and is not asserted."""
    settings.DECISION_HELD_ABOVE = 30_000
    letter = draft_it(24_000)
    took = [("draft", _timed(lambda: sign_in(people.approver).get(reverse("notices:preview", args=[letter.pk]))))]
    took.append(("page", _timed(lambda: sign_in(people.approver).get(reverse("notices:notice", args=[letter.pk])))))
    took.append(("approved, issued and signed", _timed(lambda: issue_it(letter))))
    file = vault.read(letter.pdf_sha256)
    assert on.validate(file) == []
    references = [row[0] for row in rows_of(file)[1:]]
    assert len(references) == 24_000
    assert_in_order(on.text(file), "All 24,000.", *references)
    took.append(("set again", _timed(lambda: writing.to_pdf(letter, writing.facts_of(letter)))))
    print(f"{on.pages(file)} pages, {len(file)} bytes", [(what, round(seconds, 1)) for what, seconds in took])


def _timed(do: Callable[[], object]) -> float:
    began = time.monotonic()
    do()
    return time.monotonic() - began


def assert_in_order(read: str, *parts: str) -> None:
    at = 0
    for part in parts:
        at = read.find(part, at)
        assert at >= 0, part


def test_the_data_of_the_letter_are_bound_to_the_list(draft_it, issue_it):
    file = vault.read(issue_it(draft_it()).pdf_sha256)
    told = on.attached_json(file, "statement-of-reasons.json")
    assert told["accounts_listed"] == {
        "file": "accounts.csv",
        "accounts": 5,
        "sha256": hashlib.sha256(on.attachments(file)["accounts.csv"]).hexdigest(),
        "not_named": 0,
        "record": "finding",
    }
    assert [fact["record"] for fact in told["decision_facts"] if "accounts.csv" in fact["text"]] == ["finding"]


def test_it_is_the_same_file_again_also_when_the_case_grew(draft_it, issue_it, ready, people):
    letter = issue_it(draft_it())
    make_accounts(3, prefix="later")
    cases.add_accounts(ready, query={"country": "DE"}, by=people.analyst)
    take_out(ready, people, "acct_00002")
    again = writing.to_pdf(letter, writing.facts_of(letter))
    assert hashlib.sha256(again).hexdigest() == letter.unsigned_sha256
    assert vault.read(letter.pdf_sha256).startswith(again)


def test_in_german(draft_it, issue_it, people, sign_in):
    letter = draft_it(role="infrastructure", language="de")
    url = reverse("notices:translate_notice", args=[letter.pk])
    counsel = sign_in(people.counsel)
    names = counsel.get(url).context["form"].names
    counsel.post(url, {f"text-{n}": f"Satz {n} auf Deutsch." for n in range(len(names))})
    letter.refresh_from_db()
    file = vault.read(issue_it(letter).pdf_sha256)
    assert on.validate(file) == []
    assert rows_of(file) == [["Konto", "Dienst", "Erste Aktivität", "Letzte Aktivität"], *ALL]
    assert_in_order(
        " ".join(on.text(file).split()),
        "5 betroffene Konten sind am Ende dieses Briefes genannt. Seiner Datei ist dieselbe Liste als accounts.csv",
        "Die betroffenen Konten (am Ende dieses Briefes und als CSV, seiner Datei angefügt)",
        "Betroffene Konten",
        "Alle 5. Dieselbe Liste ist dieser Datei als accounts.csv angefügt.",
        "acct_00000",
    )


def test_a_long_list_is_not_set_as_a_whole_while_somebody_waits_for_a_draft(draft_it, people, sign_in):
    letter = draft_it(501)
    preview = sign_in(people.approver).get(reverse("notices:preview", args=[letter.pk])).content
    read = on.text(preview)
    assert "The first 62 of 501. The letter prints all of them once it is issued" in " ".join(read.split())
    references = [row[0] for row in rows_of(preview)[1:]]
    assert [ref in read for ref in references] == [True] * 62 + [False] * 439


# --- who gets it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "values", "action", "is_listed"),
    [
        ("reseller", {}, "preserve", True),
        ("infrastructure", {}, "preserve", True),
        ("operator", {}, "preserve", False),
        ("beneficiary", {"sort": "payment"}, "preserve", True),
        ("reseller", {"sort": "account_holder"}, "preserve", False),
        ("reseller", {"accounts": "counted"}, "preserve", False),
        ("operator", {"accounts": "listed", "listed_why": WHY}, "preserve", True),
        ("reseller", {"listed_why": WHY}, "preserve", True),
        ("reseller", {}, "cease_and_desist", False),
        ("operator", {"accounts": "listed", "listed_why": WHY}, "cease_and_desist", True),
    ],
)
def test_who_holds_records_by_account_is_told_which_they_are_and_others_where_counsel_says_so(
    draft_it, role, values, action, is_listed
):
    letter = draft_it(role=role, action=action, **values)
    assert (letter.listed_count, bool(letter.listed_why)) == ((5, True) if is_listed else (None, False))
    assert ("accounts.csv" in text(letter)) is is_listed
    assert letter.listed_why == values.get("listed_why", letter.listed_why)
    assert ("acct_00004" in letter.accounts_csv) is is_listed


def test_a_victim_is_told_of_accounts_where_counsel_says_why(concern, named, people, sign_in):
    decision, victim = concern(action="suspend"), named("identity_victim")
    counsel, url = sign_in(people.counsel), reverse("notices:draft_notice", args=[decision.ref])
    counsel.post(url, {"kind": "victim", "party": victim.pk})
    assert Notice.objects.get().listed_count is None
    actions.discard_notice(Notice.objects.get(), reason="She asks which accounts.", by=people.counsel)
    counsel.post(url, {"kind": "victim", "party": victim.pk, "accounts": "listed", "listed_why": "Her bank asks."})
    letter = Notice.objects.get(state="draft")
    assert letter.listed_count == 5
    assert "5 accounts concerned are named" in text(letter)
    assert "That it was yours rests on this" in text(letter)


@pytest.mark.parametrize(
    ("values", "field", "problem"),
    [
        ({"accounts": "listed"}, "listed_why", "Say what this recipient has to know them for"),
        ({"accounts": "counted", "listed_why": WHY}, "accounts", "list them, or leave that out"),
    ],
)
def test_a_choice_goes_with_its_reason(concern, named, people, sign_in, values, field, problem):
    decision, party = concern(), named()
    url = reverse("notices:draft_notice", args=[decision.ref])
    answer = sign_in(people.counsel).post(url, {"kind": "preservation", "party": party.pk} | values)
    assert answer.status_code == 422
    assert problem in answer.context["form"].errors[field][0]


def test_a_letter_to_an_account_tells_nothing_of_the_others(concern, people, sign_in):
    decision = concern(action="warn")
    form = sign_in(people.counsel).get(reverse("notices:draft_notice", args=[decision.ref])).context["form"]
    assert not {"accounts", "listed_why"} & set(form.fields)
    with pytest.raises(ValidationError, match="tells nothing of the others"):
        actions.draft_notice(
            decision, kind="warning", account=Account.objects.first(), listed_why=WHY, by=people.counsel
        )


def test_the_choice_is_on_record_and_shown_to_whoever_approves(draft_it, people, sign_in):
    letter = draft_it(role="operator", accounts="listed", listed_why=WHY)
    approver = sign_in(people.approver)
    html = approver.get(reverse("notices:notice", args=[letter.pk])).content.decode()
    for part in ("Accounts listed", WHY, "acct_00003", "tells somebody else which 5 accounts are concerned"):
        assert part in html
    drafted = Event.objects.get(action="notices.draft_notice", object_id=letter.pk)
    body = bytes(drafted.body).decode()
    assert WHY in body
    assert "acct_0000" not in body.replace("acct_00000", "")  # references are behind commitments
    assert json.loads(body)["changes"]["listed_count"] == [None, 5]
    taken = approver.get(reverse("notices:listed_accounts", args=[letter.pk]))
    assert b"".join(taken).decode() == letter.accounts_csv
    assert Event.objects.filter(action="notices.open_notice", object_id=letter.pk).count() == 1


def test_a_letter_without_a_list_has_none_to_take(draft_it, people, sign_in):
    letter = draft_it(accounts="counted")
    assert sign_in(people.counsel).get(reverse("notices:listed_accounts", args=[letter.pk])).status_code == 404
    assert "by their number alone" in " ".join(line["text"] for line in checks(letter))


def test_a_draft_is_given_a_list_and_rid_of_it(draft_it, people, sign_in):
    letter = draft_it(accounts="counted")
    counsel, url = sign_in(people.counsel), reverse("notices:redraft_notice", args=[letter.pk])
    counsel.post(url, {"recipient": "", "accounts": "listed", "listed_why": WHY})
    letter.refresh_from_db()
    assert (letter.listed_count, letter.listed_why) == (5, WHY)
    refused = counsel.post(url, {"recipient": "", "accounts": "listed", "listed_why": ""})
    assert refused.status_code == 422
    assert "Say what this recipient has to know them for." in refused.content.decode()
    counsel.post(url, {"recipient": "", "accounts": "counted", "listed_why": WHY})  # as the form was filled in
    letter.refresh_from_db()
    assert (letter.listed_count, letter.listed_why, letter.accounts_csv) == (None, "", "")
    assert "accounts.csv" not in text(letter)


def test_the_database_wants_a_reason_for_a_list(draft_it):
    letter = draft_it()
    with (
        pytest.raises(ValidationError, match="Say why this party"),
        transaction.atomic(),
        ledger.act("tests.arrange", System("tests")),
    ):
        ledger.change(letter, listed_why="")


# --- what it names ---------------------------------------------------------------------------------------------------


def test_it_names_the_accounts_of_the_decision_and_no_other(concern, named, people, ready):
    make_accounts(2, prefix="stranger", country="FR")
    decision = concern()
    take_out(ready, people, "acct_00001")
    letter = actions.draft_notice(decision, kind="preservation", party=named(), by=people.counsel)
    assert letter.listed_count == 4
    rows = list(csv.reader(StringIO(letter.accounts_csv, newline="")))
    assert rows == [COLUMNS, *(row for row in ALL if row[0] != "acct_00001")]


def test_where_none_is_left_nothing_is_demanded(concern, named, people, ready, sign_in):
    decision, party = concern(), named()
    take_out(ready, people, *(row[0] for row in ALL))
    url = reverse("notices:draft_notice", args=[decision.ref])
    answer = sign_in(people.counsel).post(url, {"kind": "preservation", "party": party.pk})
    assert answer.status_code == 422
    assert "there is nothing to demand" in answer.content.decode()


def test_a_reference_that_a_spreadsheet_would_run_is_inert(concern, named, people, ready):
    make_accounts(1, prefix="=1+1")
    make_activity()
    cases.add_accounts(ready, query={"refs": ["=1+1_00000"]}, by=people.analyst)
    letter = actions.draft_notice(concern(), kind="preservation", party=named(), by=people.counsel)
    assert "'=1+1_00000,Harbour" in letter.accounts_csv
    assert stops(letter) == ""


def erase(account: Account, people: Any) -> dict[str, Any]:
    asked = records.request_erasure(
        subject=account, basis="objection", reason="A letter", received_on=account.recorded_at.date(), by=people.counsel
    )
    return records.erase_subject(asked, by=people.approver)


def test_an_erased_account_is_counted_and_not_named(draft_it, people, sign_in):
    letter = draft_it()
    erase(Account.objects.get(ref="acct_00002"), people)
    letter.refresh_from_db()
    assert letter.accounts_csv == ""
    assert "draft it again" in stops(letter)
    page = sign_in(people.counsel).get(reverse("notices:notice", args=[letter.pk])).content.decode()
    assert "The list is gone" in page
    assert sign_in(people.counsel).get(reverse("notices:preview", args=[letter.pk])).status_code == 503
    sign_in(people.counsel).post(
        reverse("notices:redraft_notice", args=[letter.pk]),
        {"recipient": "", "accounts": "listed", "listed_why": letter.listed_why},
    )
    letter.refresh_from_db()
    assert letter.listed_count == 4
    assert "erased" not in letter.accounts_csv
    assert "1 other account is not named, because what we held of it was erased." in text(letter)
    assert stops(letter) == ""


def test_a_draft_by_number_does_not_name_an_erased_account_first(draft_it, people):
    letter = draft_it(accounts="counted")
    assert letter.facts["account_ref"] == "acct_00000 and 4 others"
    account = Account.objects.get(ref="acct_00000")
    erase(account, people)
    letter.refresh_from_db()
    assert letter.facts["account_ref"] == f"erased-{account.pk} and 4 others"
    assert "acct_00000" not in str(letter.facts)


def test_what_an_issued_letter_lists_is_kept_and_the_certificate_says_so(draft_it, issue_it, people, quick_paper):
    letter = issue_it(draft_it())
    certificate = erase(Account.objects.get(ref="acct_00002"), people)
    assert f"Notice {letter.ref} was issued and lists it" in " ".join(certificate["kept"])
    letter.refresh_from_db()
    assert "acct_00002" in letter.accounts_csv


def test_where_all_were_erased_none_can_be_listed(concern, named, people):
    decision, party = concern(1), named()
    erase(Account.objects.get(ref="acct_00000"), people)
    with pytest.raises(ValidationError, match="None of the accounts can be named any more"):
        actions.draft_notice(decision, kind="preservation", party=party, by=people.counsel)


# --- that it is what was approved ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["draft", "approved"])
def test_an_account_taken_out_since_stops_the_letter_by_name(draft_it, ready, people, sign_in, stage):
    letter = draft_it()
    if stage == "approved":
        actions.approve_notice(letter, by=people.approver)
    take_out(ready, people, "acct_00003")
    assert "names accounts that were taken out since: acct_00003. Draft it again" in stops(letter)
    verb, person = {"draft": ("approve_notice", people.approver), "approved": ("issue_notice", people.counsel)}[stage]
    answer = sign_in(person).post(reverse(f"notices:{verb}", args=[letter.pk]), follow=True)
    assert "acct_00003" in answer.content.decode()
    letter.refresh_from_db()
    assert letter.state == stage


def test_an_account_that_came_back_is_warned_about(concern, named, people, ready):
    decision = concern()
    take_out(ready, people, "acct_00003")
    letter = actions.draft_notice(decision, kind="preservation", party=named(), by=people.counsel)
    cases.restore_accounts(ready, query={"refs": ["acct_00003"]}, by=people.analyst)
    warned = " ".join(line["text"] for line in checks(letter) if line["state"] == "warn")
    assert "lacks accounts that the decision meets now: acct_00003" in warned


def test_a_list_that_is_not_the_one_that_was_approved_does_not_go_out(draft_it, people, sign_in):
    letter = draft_it()
    actions.approve_notice(letter, by=people.approver)
    with ledger.act("tests.arrange", System("tests")):
        ledger.change(letter, accounts_csv=letter.accounts_csv.replace("acct_00003", "acct_99999"))
    answer = sign_in(people.counsel).post(reverse("notices:issue_notice", args=[letter.pk]), follow=True)
    assert "The list of accounts is not the one" in answer.content.decode()
    letter.refresh_from_db()
    assert letter.state == "approved"


def test_nor_does_one_that_changed_while_it_was_being_issued(draft_it, people):
    letter = draft_it()
    actions.approve_notice(letter, by=people.approver)
    actions.issue_notice(letter, by=people.counsel)
    with ledger.act("tests.arrange", System("tests")):
        ledger.change(letter, accounts_csv=letter.accounts_csv.replace("acct_00003", "acct_99999"))
    work_off()
    letter.refresh_from_db()
    assert letter.state == "issuing"
    assert "The list of accounts is not the one" in Job.objects.get(kind="notices.render").last_error
    with (
        pytest.raises(ValidationError, match="an issued notice has the list it speaks of"),
        transaction.atomic(),
        ledger.act("tests.arrange", System("tests")),
    ):
        ledger.change(letter, accounts_csv="")
