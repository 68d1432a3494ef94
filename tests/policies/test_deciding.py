"""What terms mean is proposed by their words and decided by a person who sees them."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.policies import actions, queries
from apps.policies.models import Clause, Document, RejectedRecord, Sighting, Succession, Tagging, Version

TERMS = (
    """\
# Terms

Effective: March 1, 2026

## 1. What you cannot do

You may not:

* Scrape the Services.
* Resell access to the Services.

## 2. What you can do

You may use Output to train your own models.

## 9. General

"""
    + "These terms are the whole agreement between the parties. " * 5
)


@pytest.fixture
def document(history, people) -> Document:
    history.add(TERMS, "2026-02-01T00:00:00Z")
    actions.import_terms(path=history.write(), by=people.counsel)
    return Document.objects.get()


def tagging(conduct: str) -> Tagging:
    return Tagging.objects.get(conduct=conduct)


def about(document: Document, conduct: str, **which) -> list[str]:
    return [clause.content for clause in queries.clauses_about(document.versions.latest("seen_at"), conduct, **which)]


# --- tags -------------------------------------------------------------------------------------------------------------


def test_tags_are_proposed_and_count_once_a_person_confirms_them(document, people):
    assert {(one.conduct, one.polarity, one.state) for one in Tagging.objects.all()} == {
        ("extraction", "prohibits", "proposed"),
        ("resale", "prohibits", "proposed"),
        ("competing_model", "permits", "proposed"),
    }
    assert about(document, "extraction") == []
    assert about(document, "extraction", confirmed=False) == ["Scrape the Services."]
    actions.confirm_tag(tagging("extraction"), by=people.counsel)
    assert about(document, "extraction") == ["Scrape the Services."]
    actions.reject_tag(tagging("resale"), reason="It speaks of tickets.", by=people.counsel)
    assert about(document, "resale", confirmed=False) == []
    actions.confirm_tag(tagging("competing_model"), by=people.approver)
    assert about(document, "competing_model") == []
    assert about(document, "competing_model", polarity="permits") == [
        "2. What you can do\n\nYou may use Output to train your own models."
    ]


def test_a_confirmed_tag_holds_where_the_same_is_said_again(document, history, people):
    actions.confirm_tag(tagging("extraction"), by=people.counsel)
    history.add(TERMS.replace("## 1.", "## 4.") + "More.", "2026-04-01T00:00:00Z")
    actions.import_terms(path=history.write(), by=people.counsel)
    assert about(document, "extraction") == ["Scrape the Services."]
    assert Tagging.objects.count() == 3
    assert len(queries.versions_saying(tagging("extraction"))) == 2


def test_a_reworded_clause_has_to_be_confirmed_anew_and_shows_where_its_tag_is_from(document, history, people):
    before = tagging("extraction")
    actions.confirm_tag(before, by=people.counsel)
    history.add(TERMS.replace("Scrape the Services", "Scrape or copy the Services"), "2026-04-01T00:00:00Z")
    actions.import_terms(path=history.write(), by=people.counsel)
    assert about(document, "extraction") == []
    after = Tagging.objects.get(conduct="extraction", state="proposed")
    assert (after.carried_from, after.origin) == (before, "words")


def test_a_tag_is_carried_over_where_the_new_words_do_not_give_it_away(document, history, people):
    clause = Clause.objects.get(content="Resell access to the Services.")
    made = actions.tag_clause(
        document, clause=clause, conduct="region", polarity="prohibits", note="Access abroad.", by=people.counsel
    )
    history.add(TERMS.replace("Resell access to the", "Resell or lend access to these"), "2026-04-01T00:00:00Z")
    actions.import_terms(path=history.write(), by=people.counsel)
    carried = Tagging.objects.get(conduct="region", state="proposed")
    assert (carried.carried_from, carried.origin, carried.cues) == (made, "carried", [])


def test_a_tag_of_a_person_says_why_and_is_of_the_document(document, history, people):
    clause = Clause.objects.get(content="Scrape the Services.")
    with pytest.raises(ValidationError, match="which words mean that"):
        actions.tag_clause(document, clause=clause, conduct="region", polarity="prohibits", note="", by=people.counsel)
    with pytest.raises(ValidationError, match="has this tag already"):
        actions.tag_clause(
            document, clause=clause, conduct="extraction", polarity="prohibits", note="So", by=people.counsel
        )
    with pytest.raises(Forbidden):
        actions.tag_clause(document, clause=clause, conduct="region", polarity="permits", note="So", by=people.analyst)
    with pytest.raises(ValidationError, match="why these words do not mean that"):
        actions.reject_tag(tagging("extraction"), reason="", by=people.counsel)


# --- the day of effect ------------------------------------------------------------------------------------------------


def test_the_stated_day_is_confirmed_or_corrected_with_a_reason(document, people):
    version = Version.objects.get()
    assert [span.since.date() for span in queries.spans(document)] == [date(2026, 3, 1)]
    actions.confirm_effective_date(version, effective_from=date(2026, 3, 1), by=people.counsel)
    assert (version.effective_reason, version.effective_decided_by) == ("", people.counsel)
    with pytest.raises(ValidationError, match="the text itself gives another"):
        actions.confirm_effective_date(version, effective_from=date(2026, 2, 10), by=people.counsel)
    actions.confirm_effective_date(
        version, effective_from=date(2026, 2, 10), reason="Brought forward by its blog.", by=people.counsel
    )
    assert [span.since.date() for span in queries.spans(document)] == [date(2026, 2, 10)]
    actions.confirm_effective_date(version, effective_from=None, reason="Of another product.", by=people.counsel)
    assert queries.binding(document, date(2026, 2, 2)) == version


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def counsel(people, sign_in):
    return sign_in(people.counsel)


def shown(client, name: str, *args, **query) -> str:
    answer = client.get(reverse(f"policies:{name}", args=args), query)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_list_of_tags_marks_the_matching_words_in_their_place(document, counsel):
    text = shown(counsel, "tags")
    assert 'You <mark class="rule">may not</mark>: </span><mark>Scrape</mark> the Services.' in text
    assert 'You <mark class="rule">may</mark> use Output to <mark>train your own models</mark>.' in text
    assert "Scrape" not in shown(counsel, "tags", conduct="resale")


def test_a_tag_is_confirmed_and_rejected_in_the_browser(document, counsel, people):
    counsel.post(reverse("policies:confirm_tag", args=[tagging("extraction").pk]))
    assert "Confirmed by" in shown(counsel, "tagging", tagging("extraction").pk)
    address = reverse("policies:reject_tag", args=[tagging("resale").pk])
    assert counsel.post(address, {"reason": ""}).status_code == 422
    counsel.post(address, {"reason": "It speaks of tickets."})
    assert "It speaks of tickets." in shown(counsel, "tagging", tagging("resale").pk)
    assert Event.objects.filter(action="policies.reject_tag", actor=people.counsel.actor).count() == 1


def test_the_pages_of_a_version_and_a_clause_show_tags_and_take_new_ones(document, counsel):
    version = Version.objects.get()
    assert "prohibits, proposed" in shown(counsel, "version", document.slug, version.pk)
    clause = Clause.objects.get(content="Scrape the Services.")
    at = [document.slug, version.pk, clause.address]
    counsel.post(
        reverse("policies:tag_clause", args=at),
        {"conduct": "automated_access", "polarity": "prohibits", "note": "One scrapes by program."},
    )
    assert "Automated access" in shown(counsel, "clause", *at)


def test_the_day_of_effect_is_confirmed_in_the_browser(document, counsel):
    version = Version.objects.get()
    page = shown(counsel, "version", document.slug, version.pk)
    assert "“<mark>Effective: March 1, 2026</mark>”" in page
    assert "confirmed by nobody yet" in page
    address = reverse("policies:confirm_effective_date", args=[document.slug, version.pk])
    assert counsel.post(address, {"effective_from": "2026-02-10"}).status_code == 422
    counsel.post(address, {"effective_from": "2026-03-01"})
    assert "confirmed by nobody yet" not in shown(counsel, "version", document.slug, version.pk)


def test_clauses_are_said_to_be_the_same_in_the_browser(document, history, counsel, people):
    history.add(TERMS.replace("## 2. What", "## 3. What"), "2026-04-01T00:00:00Z")
    actions.import_terms(path=history.write(), by=people.counsel)
    version = Version.objects.latest("seen_at")
    clause = Clause.objects.get(text=version.text_id, number="3")
    assert "Taken for the same clause" in shown(counsel, "clause", document.slug, version.pk, clause.address)
    earlier = Clause.objects.exclude(text=version.text_id).get(number="2")
    counsel.post(reverse("policies:confirm_succession", args=[document.slug, earlier.pk, clause.pk]))
    assert "The same clause" in shown(counsel, "clause", document.slug, version.pk, clause.address)
    counsel.post(
        reverse("policies:reject_succession", args=[document.slug, earlier.pk, clause.pk]), {"reason": "Another right."}
    )
    assert Succession.objects.get().state == "rejected"


def test_who_only_reads_sees_no_buttons(document, people, sign_in):
    client = sign_in(people.analyst)
    version, clause = Version.objects.get(), Clause.objects.get(content="Scrape the Services.")
    pages = [
        shown(client, "tags"),
        shown(client, "version", document.slug, version.pk),
        shown(client, "clause", document.slug, version.pk, clause.address),
    ]
    for text in pages:
        assert "/confirm/" not in text
        assert "/reject/" not in text
        assert "/tag/" not in text
        assert "/effective/" not in text


# --- constraints ------------------------------------------------------------------------------------------------------

NONSENSE = {
    "a_decided_date_has_its_person_and_time": "UPDATE policies_version SET effective_decided_at = now()",
    "a_date_is_corrected_by_a_person": "UPDATE policies_version SET effective_reason = 'so'",
    "a_tag_is_decided_by_a_person": "UPDATE policies_tagging SET state = 'confirmed'",
    "a_decided_tag_has_its_person_and_time": "UPDATE policies_tagging SET state = 'confirmed', note = 'x',"
    " decided_by_id = (SELECT id FROM staff_user LIMIT 1)",
    "a_tag_is_rejected_for_a_reason": "UPDATE policies_tagging SET state = 'rejected', decided_at = now(),"
    " decided_by_id = (SELECT id FROM staff_user LIMIT 1)",
    "a_wording_is_tagged_once": "INSERT INTO policies_tagging SELECT (jsonb_populate_record(t,"
    " jsonb_build_object('id', core_uuid7()))).* FROM policies_tagging t LIMIT 1",
    "a_pair_of_clauses_is_decided_once": "INSERT INTO policies_succession SELECT (jsonb_populate_record(t,"
    " jsonb_build_object('id', core_uuid7()))).* FROM policies_succession t",
    "a_clause_does_not_succeed_itself": "UPDATE policies_succession SET later_id = earlier_id",
    "a_record_is_rejected_once_for_a_reason": "INSERT INTO policies_rejectedrecord SELECT (jsonb_populate_record(t,"
    " jsonb_build_object('id', core_uuid7()))).* FROM policies_rejectedrecord t",
    "a_rejection_has_a_reason": "UPDATE policies_rejectedrecord SET reason = ''",
}


@pytest.mark.parametrize("name", NONSENSE)
def test_the_database_refuses_nonsense_by_name(document, history, people, name):
    history.add(TERMS.replace("## 2. What", "## 3. What"), "2026-04-01T00:00:00Z")
    history.add("Moved.", "2026-05-01T00:00:00Z")
    actions.import_terms(path=history.write(), by=people.counsel)
    earlier, later = Clause.objects.filter(heading="What you can do").order_by("number")
    actions.confirm_succession(document, earlier=earlier, later=later, by=people.counsel)
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NONSENSE[name])
    assert refused.value.__cause__.diag.constraint_name == name


def test_every_constraint_of_what_people_say_is_provoked():
    known = {c.name for model in (Tagging, Succession, RejectedRecord) for c in model._meta.constraints}
    dates = {c.name for c in Version._meta.constraints} - {"one_version_per_document_and_moment"}
    assert known | dates == set(NONSENSE)
    assert {c.name for c in Sighting._meta.constraints} == {"a_document_is_seen_once_at_a_moment"}
