"""The chain of custody: who has an item, what takes two people, what is made from what, and what is kept apart."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.audit import ledger
from apps.audit.models import Event
from apps.audit.principals import System
from apps.core import vault
from apps.core.models import Job
from apps.evidence import actions, queries, tasks
from apps.evidence.models import Item, Proposal
from apps.records.actions import issue_hold

WHY = {"reason": "For the court"}


def kinds(item: Item) -> list[str]:
    return list(item.custody.order_by("at", "id").values_list("kind", flat=True))


def state(item: Item) -> str:
    item.refresh_from_db()
    return item.state


# --- handing over -----------------------------------------------------------------------------------------------------


def test_an_item_changes_hands_when_the_other_person_accepts(collect, people):
    item = collect()
    offer = actions.hand_over(item, to=people.counsel, authority="Order 12", by=people.analyst, **WHY)
    item.refresh_from_db()
    assert item.custodian == people.analyst.actor

    actions.accept_item(offer, by=people.counsel)
    item.refresh_from_db()
    assert item.custodian == people.counsel.actor
    assert kinds(item) == ["collect", "offer", "accept"]
    assert item.custody.get(kind="accept").authority == "Order 12"


def test_only_the_custodian_hands_over_and_only_who_is_named_accepts(collect, people):
    item = collect()
    with pytest.raises(PermissionDenied):
        actions.hand_over(item, to=people.counsel, by=people.analyst2, **WHY)
    offer = actions.hand_over(item, to=people.counsel, by=people.analyst, **WHY)
    for person in (people.analyst, people.analyst2, people.lead):
        with pytest.raises(PermissionDenied):
            actions.accept_item(offer, by=person)


def test_an_item_that_was_damaged_on_the_way_is_not_accepted(collect, damage, people):
    item = collect(chunks=b"damaged on the way")
    offer = actions.hand_over(item, to=people.counsel, by=people.analyst, **WHY)
    damage(item)
    with pytest.raises(ValidationError, match="not what was collected"):
        actions.accept_item(offer, by=people.counsel)
    item.refresh_from_db()
    assert item.custodian == people.analyst.actor


def test_a_refusal_says_why_and_leaves_the_item_where_it_is(collect, people):
    item = collect()
    offer = actions.hand_over(item, to=people.counsel, by=people.analyst, **WHY)
    with pytest.raises(ValidationError, match="Say why not"), transaction.atomic():
        actions.refuse(offer, reason=" ", by=people.counsel)
    actions.refuse(offer, reason="I am away", by=people.counsel)
    item.refresh_from_db()
    assert item.custodian == people.analyst.actor
    assert kinds(item)[-1] == "refuse"
    actions.hand_over(item, to=people.lead, by=people.analyst, **WHY)  # somebody else may be asked now


@pytest.mark.parametrize("who", ["reviewer", "auditor"])
def test_a_custodian_has_a_role_for_it(collect, people, who):
    with pytest.raises(ValidationError, match="cannot be a custodian"):
        actions.hand_over(collect(), to=getattr(people, who), by=people.analyst, **WHY)


def test_the_lead_takes_over_what_nobody_can_hand_over(collect, people):
    item = collect()
    actions.take_over(item, reason="Ada left", by=people.lead)
    assert item.custodian == people.lead.actor
    assert item.custody.get(kind="take_over").purpose == "Ada left"
    with pytest.raises(PermissionDenied):
        actions.take_over(item, reason="Again", by=people.lead)


# --- sealing ----------------------------------------------------------------------------------------------------------


def test_a_seal_is_opened_by_two_people(collect, people):
    item = collect()
    actions.seal(item, by=people.analyst, **WHY)
    for forbidden in (
        lambda: actions.export_item(item, purpose="x", by=people.counsel),
        lambda: actions.normalise(item, by=people.analyst),
        lambda: actions.propose_disposal(item, by=people.analyst, **WHY),
        lambda: actions.propose_release(item, recipient="x", by=people.analyst, **WHY),
    ):
        with pytest.raises(PermissionDenied):
            forbidden()
    assert actions.verify_item(item, by=people.analyst).measured_sha512 == item.sha512

    asked = actions.propose_unsealing(item, by=people.lead, **WHY)
    with pytest.raises(PermissionDenied):
        actions.unseal(asked, by=people.lead)
    actions.unseal(asked, by=people.counsel)
    assert state(item) == "kept"
    assert kinds(item) == ["collect", "seal", "verify", "unseal"]


def test_a_damaged_file_is_not_sealed(collect, damage, people):
    item = collect(chunks=b"damaged before the seal")
    damage(item)
    with pytest.raises(ValidationError, match="cannot be sealed"):
        actions.seal(item, by=people.analyst, **WHY)
    assert state(item) == "kept"


# --- release and disposal ---------------------------------------------------------------------------------------------


def test_a_release_names_its_recipient_in_the_chain(collect, people):
    item = collect()
    asked = actions.propose_release(item, recipient="District Court", by=people.analyst, **WHY)
    actions.release(asked, by=people.counsel)
    assert state(item) == "released"
    assert item.custody.get(kind="release").recipient == "District Court"


def dispose(item: Item, people) -> None:
    actions.dispose(actions.propose_disposal(item, by=people.analyst, **WHY), by=people.counsel)
    tasks.remove_file(Job.objects.get(kind="evidence.remove_file", key=str(item.pk)))


def test_a_disposed_item_leaves_its_record_and_no_file(collect, people):
    item = collect(chunks=b"to be disposed of")
    dispose(item, people)

    assert state(item) == "disposed"
    assert vault.measure(item.sha256) == ""
    assert kinds(item) == ["collect", "dispose", "remove"]
    assert item.custody.get(kind="remove").intact
    assert item.custody.get(kind="dispose").measured_sha256 == item.sha256
    assert not queries.is_damaged(item)
    assert actions.open_item(item, by=people.lead) is None  # looking at the record measures nothing


def test_a_file_that_another_item_needs_stays(collect, people):
    item, other = collect(title="One"), collect(title="Other")
    dispose(item, people)
    assert vault.measure(other.sha256) == other.sha256
    assert "an item of evidence" in item.custody.get(kind="remove").purpose
    dispose(other, people)
    assert vault.measure(other.sha256) == ""


def test_one_person_disposes_of_nothing(collect, people):
    item = collect()
    asked = actions.propose_disposal(item, by=people.lead, **WHY)
    with pytest.raises(PermissionDenied):
        actions.dispose(asked, by=people.lead)
    with pytest.raises(ValidationError, match="asked for this item already"), transaction.atomic():
        actions.propose_disposal(item, by=people.analyst, **WHY)
    actions.withdraw(asked, by=people.lead)
    assert state(item) == "kept"


def test_nothing_that_is_held_is_disposed_of(collect, people):
    item = collect()
    asked = actions.propose_disposal(item, by=people.analyst, **WHY)
    hold = issue_hold(matter="Smith v Northlight", reason="Litigation is expected.", scope=[item], by=people.counsel)
    with pytest.raises(ValidationError, match=f"{hold.ref} .Smith v Northlight."):
        actions.dispose(asked, by=people.counsel)
    assert state(item) == "kept"


def test_what_the_store_has_locked_is_not_disposed_of(collect, people, monkeypatch):
    monkeypatch.setattr(vault, "locked", lambda sha256: "Object Lock in COMPLIANCE mode until 2031-01-01")
    with pytest.raises(ValidationError, match="until 2031-01-01"):
        actions.propose_disposal(collect(), by=people.analyst, **WHY)


def test_what_is_about_to_be_named_again_is_not_removed(committed_db, people, collect):
    """Somebody brings the same content while it is being removed: the one waits for the other."""
    import threading

    item = collect(chunks=b"the same content")
    actions.dispose(actions.propose_disposal(item, by=people.analyst, **WHY), by=people.counsel)
    brought, go_on = threading.Event(), threading.Event()

    def bring() -> None:
        with transaction.atomic():
            collect(chunks=b"the same content")
            brought.set()
            go_on.wait(10)
        connection.close()

    other = threading.Thread(target=bring)
    other.start()
    assert brought.wait(20)
    threading.Timer(0.3, go_on.set).start()
    actions.remove_file(item, by=System("worker"))
    other.join()
    assert vault.measure(item.sha256) == item.sha256
    assert "The file stays" in item.custody.get(kind="remove").purpose


# --- quarantine -------------------------------------------------------------------------------------------------------


def test_what_something_speaks_against_is_kept_apart(collect, people):
    item = collect(filename="report.pdf", chunks=b"MZ\x90\x00 a program")
    assert item.state == "quarantined"
    assert vault.read(item.sha256).startswith(b"MZ")  # it may be the evidence
    assert "ends in .pdf" in item.suspicions[0]
    assert Event.objects.get(action="evidence.quarantine").on_behalf_of == people.analyst.actor
    for forbidden in (
        lambda: actions.export_item(item, purpose="x", by=people.counsel),
        lambda: actions.seal(item, by=people.analyst, **WHY),
        lambda: actions.clear_item(item, reason="I like it", by=people.analyst),
    ):
        with pytest.raises(PermissionDenied):
            forbidden()


def test_a_person_clears_it_with_words(collect, people):
    item = collect(filename="report.pdf", chunks=b"MZ\x90\x00 a program")
    with pytest.raises(ValidationError, match="Say why"), transaction.atomic():
        actions.clear_item(item, reason=" ", by=people.lead)
    actions.clear_item(item, reason="The sample that the laboratory asked for", by=people.lead)
    assert state(item) == "kept"
    assert item.suspicions
    assert actions.export_item(item, purpose="Laboratory", by=people.counsel).intact


# --- derivatives ------------------------------------------------------------------------------------------------------

MADE = {"tool": "sed", "version": "4.9", "parameters": "s/acct_.*/x/", "filename": "log.txt"}


def derive(item: Item, people, **values) -> Item:
    usual = {"derived": "redacted", "title": "Without accounts", "chunks": b"x,12\n", "by": people.analyst}
    return actions.derive(item, **MADE | usual | values)


def test_a_derivative_names_its_parent_and_how_it_was_made(collect, people):
    item = collect()
    made = derive(item, people)
    further = derive(made, people, chunks=b"x\n", derived="excerpt")

    assert (made.parent, made.derivation["tool"], made.derivation["version"]) == (item, "sed", "4.9")
    assert queries.lineage(further) == [item, made]
    assert list(queries.redacted(item)) == [made]
    assert kinds(item) == ["collect", "derive"]
    assert item.custody.get(kind="derive").purpose == f"Redacted to {made.ref}"


def test_casemgr_makes_json_lines_of_a_log(collect, people):
    item = collect(chunks='account,note\nacct_1,"a ""b"", c"\nacct_2,ü\n'.encode())
    made = actions.normalise(item, by=people.analyst)
    assert vault.read(made.sha256).decode() == (
        '{"account":"acct_1","note":"a \\"b\\", c"}\n{"account":"acct_2","note":"ü"}\n'
    )
    assert (made.filename, made.derived, made.media_type) == ("gateway.jsonl", "normalised", "application/x-ndjson")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n1\n", "Line 2 has 1 values, the first line 2 names"),
        (b"a,a\n1,2\n", "names two columns alike"),
        (b"a,b\n", "no rows"),
    ],
)
def test_a_log_that_is_no_table_is_explained(collect, people, content, says):
    with pytest.raises(ValidationError, match=says):
        actions.normalise(collect(chunks=content), by=people.analyst)


def test_what_is_made_of_something_is_looked_at_too(collect, people):
    assert derive(collect(), people, filename="log.pdf").state == "quarantined"


def test_no_chain_of_derivatives_closes_into_a_circle(collect, people):
    """A parent never changes, and is there before its derivative: no statement can make two of each other."""
    item = collect()
    made = derive(item, people)
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE evidence_item SET parent_id = %s WHERE id = %s", [made.pk, item.pk])
    fields = {f.name: getattr(made, f.name) for f in Item._meta.fields if f.name != "id"}
    nobody = Item(pk="019aa000-0000-7000-8000-000000000000")
    with (
        pytest.raises(IntegrityError, match="is to be made from is not there"),
        transaction.atomic(),
        ledger.act("evidence.derive", people.analyst),
    ):
        ledger.create(Item, **fields | {"ref": "EV-2026-9999", "parent": nobody})


# --- gaps -------------------------------------------------------------------------------------------------------------


def test_gaps_of_the_chain_are_named(collect, damage, people, settings):
    item = collect(chunks=b"left alone for long")
    chain = list(queries.custody(item))
    assert queries.gaps(item, chain) == []
    chain[0].at = timezone.now() - timedelta(days=60, hours=1)
    assert "60 days, nobody measured the file" in queries.gaps(item, chain)[0]
    damage(item)
    actions.verify_item(item, by=people.analyst)
    assert "not what was collected" in queries.gaps(item, list(queries.custody(item)))[0]


# --- what the database refuses ----------------------------------------------------------------------------------------

SET = "UPDATE evidence_proposal SET {}"
NONSENSE = {
    "a_proposal_says_why": SET.format("reason = ''"),
    "a_proposal_waits_for_what_it_is": SET.format("state = 'dispose'"),
    "a_transfer_alone_names_a_person": SET.format("to_id = NULL"),
    "nobody_hands_over_to_themselves": SET.format("to_id = proposed_by_id"),
    "a_release_names_its_recipient": SET.format("kind = 'release', state = 'release', to_id = NULL"),
    "an_answer_has_its_person_and_time": SET.format("state = 'done'"),
    "two_people_decide_about_an_item": SET.format(
        "state = 'done', answered_by_id = proposed_by_id, answered_at = now()"
    ),
    "a_refusal_of_a_proposal_says_why": SET.format("state = 'refused', answered_by_id = to_id, answered_at = now()"),
    "one_open_proposal_per_item": "INSERT INTO evidence_proposal SELECT (jsonb_populate_record(p,"
    " jsonb_build_object('id', core_uuid7()))).* FROM evidence_proposal p",
    "somebody_answers_for_an_item": "UPDATE evidence_item SET custodian = ''",
    "a_step_of_custody_says_why": "INSERT INTO evidence_custodyevent SELECT (jsonb_populate_record(c,"
    " jsonb_build_object('id', core_uuid7(), 'kind', 'seal', 'purpose', ''))).* FROM evidence_custodyevent c",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_the_database_refuses_nonsense_by_name(collect, people, name):
    actions.hand_over(collect(), to=people.counsel, by=people.analyst, **WHY)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NONSENSE[name])
    assert refused.value.__cause__.diag.constraint_name == name


def test_an_item_is_never_deleted(collect):
    collect()
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM evidence_item")


def test_what_waits_for_a_person_is_found(collect, people):
    actions.hand_over(collect(), to=people.counsel, by=people.analyst, **WHY)
    actions.propose_disposal(collect(), by=people.lead, **WHY)
    found = {who: queries.to_answer(getattr(people, who)).count() for who in ("analyst", "lead", "counsel")}
    assert found == {"analyst": 0, "lead": 0, "counsel": 2}
    assert Proposal.objects.count() == 2
