from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.policies.clauses import split_clauses
from apps.policies.comparison import Kind, Op, diff_clauses, diff_words
from apps.policies.history import Record, read_history

OLD = """\
## 1. Use

Be fair.

## 2. Limits

1. Do not scrape pages.
2. Do not resell access.

## 3. End

Goodbye to you.
"""


def kinds(old: str, new: str) -> dict[str, Kind]:
    changes = diff_clauses(split_clauses(old), split_clauses(new))
    return {(change.new or change.old).address: change.kind for change in changes if change.kind != Kind.UNCHANGED}


def test_nothing_changed():
    assert kinds(OLD, OLD) == {}


def test_a_changed_clause_shows_its_words():
    new = OLD.replace("scrape pages", "scrape or distil pages")
    [change] = [c for c in diff_clauses(split_clauses(OLD), split_clauses(new)) if c.kind != Kind.UNCHANGED]
    assert change.kind == Kind.CHANGED
    assert [(segment.op, segment.text) for segment in change.after if segment.op == Op.INSERTED] == [
        (Op.INSERTED, "or distil ")
    ]
    assert "".join(segment.text for segment in change.before) == "Do not scrape pages."


def test_an_inserted_item_moves_the_ones_below_it_and_changes_none():
    new = OLD.replace("1. Do not scrape", "1. Never train competing models on output.\n2. Do not scrape")
    assert kinds(OLD, new) == {"2.1": Kind.ADDED, "2.2": Kind.MOVED, "2.3": Kind.MOVED}


def test_a_removed_clause_stands_where_it_stood():
    new = OLD.replace("1. Do not scrape pages.\n2. ", "1. ")
    changes = diff_clauses(split_clauses(OLD), split_clauses(new))
    assert [change.kind for change in changes] == [
        Kind.UNCHANGED,
        Kind.UNCHANGED,
        Kind.REMOVED,
        Kind.MOVED,
        Kind.UNCHANGED,
    ]


def test_a_new_link_target_is_no_change():
    assert kinds("See [us](https://a.example/?t=1)", "See [us](https://a.example/?t=2)") == {}


WORDS = st.lists(
    st.sampled_from(["you", "may", "not", "copy", "train", "models", ",", "the", "Service\n", "and"]), max_size=12
).map(" ".join)


@given(WORDS, WORDS)
def test_word_segments_give_both_texts_back(old, new):
    segments = diff_words(old, new)
    assert " ".join("".join(s.text for s in segments if s.op != Op.INSERTED).split()) == " ".join(old.split())
    assert " ".join("".join(s.text for s in segments if s.op != Op.DELETED).split()) == " ".join(new.split())


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6))
def test_every_clause_of_both_versions_appears_exactly_once(old, new):
    before, after = split_clauses("\n\n".join(old)), split_clauses("\n\n".join(new))
    changes = diff_clauses(before, after)
    assert [c.new for c in changes if c.new] == after
    assert Counter(c.old.address for c in changes if c.old) == Counter(c.address for c in before)


def test_a_real_revision_shows_what_the_provider_did(real_terms):
    records = [
        record
        for record in read_history(real_terms)
        if isinstance(record, Record)
        and (record.service, record.document, record.collection) == ("OpenAI", "Terms of Service", "contrib")
    ]
    [change] = [
        change
        for change in diff_clauses(split_clauses(records[1].text), split_clauses(records[2].text))
        if change.kind != Kind.UNCHANGED
    ]
    assert (change.old.heading, change.new.heading) == ("How we are", "Who we are")
    assert [segment.text for segment in change.segments][:2] == ["How ", "Who "]
