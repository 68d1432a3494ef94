"""A clause is followed through new numbers and new words, as proposed and as people say."""

import pytest
from django.core.exceptions import ValidationError

from apps.audit.action import Forbidden
from apps.policies import actions, queries
from apps.policies.models import Clause, Document, Succession, Version

PADDING = "\n## {n}. General\n\n" + "These terms are the whole agreement between the parties. " * 5
OLD = (
    "# Terms\n\n## 1. Access\n\nAccess is for people.\n\n## 2. Limits\n\nYou may not scrape the pages of the service.\n"
)
MOVED = OLD.replace("## 2. Limits", "## 2. Fees\n\nThe fees are due each month.\n\n## 3. Limits")
REWORDED = MOVED.replace("scrape the pages of the service", "scrape, crawl or otherwise copy the pages of the service")
# So far from the old words that nothing but a person can tell.
REWRITTEN = OLD.replace(
    "## 2. Limits\n\nYou may not scrape the pages of the service.",
    "## 2. Fees\n\nThe fees are due each month.\n\n## 7. Conduct\n\nAutomated copying is prohibited.",
)


@pytest.fixture
def history_of(history, people):
    def bring_in(*texts: str) -> list[Version]:
        for month, text in enumerate(texts, start=1):
            history.add(text + PADDING.format(n=9), f"2026-0{month}-01T00:00:00Z")
        actions.import_terms(path=history.write(), by=people.counsel)
        return list(Version.objects.order_by("seen_at"))

    return bring_in


def clause(version: Version, address: str) -> Clause:
    return Clause.objects.get(text=version.text_id, address=address)


def told(version: Version, address: str) -> list[str | None]:
    """The address under which the clause stood in each stretch, oldest first."""
    return [s.clause and s.clause.address for s in queries.clause_history(version, clause(version, address))[::-1]]


def test_a_clause_is_followed_over_a_new_number_and_new_words(history_of):
    old, moved, reworded = history_of(OLD, MOVED, REWORDED)
    for version, address in ((old, "2"), (moved, "3"), (reworded, "3")):
        assert told(version, address) == ["2", "3", "3"]
    newest, middle, _ = queries.clause_history(old, clause(old, "2"))
    assert (middle.is_moved, middle.is_proposed, newest.is_moved) == (True, True, False)
    assert [segment.text for segment in newest.segments if segment.op == "inserted"] == [
        "scrape, crawl or otherwise copy "
    ]


def test_texts_that_alternate_are_followed_forth_and_back(history_of):
    versions = history_of(OLD, MOVED, OLD, MOVED)
    assert told(versions[2], "2") == ["2", "3", "2", "3"]


def test_a_clause_that_goes_and_comes_back_is_the_same(history_of):
    versions = history_of(OLD, OLD.partition("## 2.")[0], OLD)
    assert told(versions[2], "2") == ["2", None, "2"]


def test_what_a_person_confirms_joins_what_words_do_not(history_of, people):
    old, new = history_of(OLD, REWRITTEN)
    assert told(old, "2") == ["2", None]
    document = Document.objects.get()
    actions.confirm_succession(document, earlier=clause(old, "2"), later=clause(new, "7"), by=people.counsel)
    assert told(old, "2") == ["2", "7"]
    assert told(new, "7") == ["2", "7"]
    newest = queries.clause_history(new, clause(new, "7"))[0]
    assert (newest.is_proposed, newest.succession.decided_by) == (False, people.counsel)
    assert queries.same_clause(clause(old, "2"), new) == clause(new, "7")
    assert "7" in {
        change.new.address for change in queries.changes(old, new) if change.old and change.old.address == "2"
    }


def test_what_a_person_rejects_is_not_proposed_again(history_of, people):
    old, moved = history_of(OLD, MOVED)
    document, pair = Document.objects.get(), {"earlier": clause(old, "2"), "later": clause(moved, "3")}
    actions.reject_succession(document, **pair, reason="Section 3 is about another service.", by=people.counsel)
    assert told(old, "2") == ["2", None]
    actions.confirm_succession(document, **pair, by=people.approver)
    assert told(old, "2") == ["2", "3"]
    assert Succession.objects.count() == 1


def test_only_clauses_of_two_versions_of_the_document_can_be_the_same(history_of, history, people):
    old, _ = history_of(OLD, MOVED)
    document = Document.objects.get()
    one, other = clause(old, "1"), clause(old, "2")
    with pytest.raises(ValidationError, match="two clauses of one text"):
        actions.confirm_succession(document, earlier=one, later=other, by=people.counsel)
    history.add(OLD + "Elsewhere." + PADDING.format(n=9), service="Quay", record_kind="first_record")
    actions.import_terms(path=history.write(), by=people.counsel)
    foreign = Clause.objects.filter(text__versions__document__service="Quay").first()
    with pytest.raises(ValidationError, match="is no clause of Harbour"):
        actions.confirm_succession(document, earlier=one, later=foreign, by=people.counsel)


def test_a_rejection_says_why_and_only_lawyers_say_it(history_of, people):
    old, moved = history_of(OLD, MOVED)
    document, pair = Document.objects.get(), {"earlier": clause(old, "2"), "later": clause(moved, "3")}
    with pytest.raises(ValidationError, match="what makes them different"):
        actions.reject_succession(document, **pair, reason=" ", by=people.counsel)
    with pytest.raises(Forbidden):
        actions.confirm_succession(document, **pair, by=people.lead)
