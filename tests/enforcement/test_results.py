"""What is known of an account depends on what was said of it: not on how often, nor in which order it came."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from apps.enforcement.results import (
    APPLIED,
    ROLLED_BACK,
    Outcome,
    Said,
    Standing,
    delivered,
    take,
    undelivered,
)

NOTHING = Standing("waiting", 3, 0)
MOMENTS = st.none() | st.integers(0, 10).map(lambda minute: datetime(2026, 5, 1, 0, minute, tzinfo=UTC))


@st.composite
def words(draw, is_rollback: bool) -> list[Said]:
    """What a receiver may say of an account that was sent out three times: each number of an attempt once."""
    numbers = draw(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 6)), unique=True, max_size=10))
    said = []
    for attempt, sequence in numbers:
        status = draw(st.sampled_from(ROLLED_BACK if is_rollback else APPLIED))
        reason = draw(st.sampled_from(["Locked.", "No such key."])) if status == "failed" else ""
        said.append(Said("acct_1", attempt, sequence, status, reason, draw(MOMENTS)))
    return said


def after(said: list[Said], is_rollback: bool, known: Standing = NOTHING) -> Standing:
    for word in said:
        _, known = take(known, word, is_rollback=is_rollback)
    return known


@given(st.data(), st.booleans())
def test_the_newest_word_counts_however_often_and_in_whatever_order_they_come(data, is_rollback):
    said = data.draw(words(is_rollback))
    again = data.draw(st.lists(st.sampled_from(said), max_size=20)) if said else []
    came = data.draw(st.permutations(said + again))
    present = [word for word in said if word.attempt == NOTHING.attempt]
    newest = max(present, key=lambda word: word.sequence, default=None)
    known = after(came, is_rollback)
    if newest is None:
        assert known == NOTHING
    else:
        expected = (newest.status, newest.sequence, newest.reason, newest.effective_at)
        assert (known.state, known.sequence, known.reason, known.effective_at) == expected
    assert after(came, is_rollback, known) == known, "all of it once more changes nothing"


@given(st.data(), st.booleans())
def test_what_is_known_of_the_message_never_hides_what_is_known_of_the_account(data, is_rollback):
    said = data.draw(words(is_rollback))
    arrived = data.draw(st.sampled_from([delivered, lambda k, a: undelivered(k, a, "Answered 500.")]))
    place = data.draw(st.integers(0, len(said)))
    known = after(said[place:], is_rollback, arrived(after(said[:place], is_rollback), 3))
    plain = after(said, is_rollback)
    assert known == plain or plain == NOTHING


def test_each_word_is_answered():
    known = Standing("in_effect", 2, 5)

    def outcome(attempt: int, sequence: int, status: str = "in_effect", reason: str = "") -> Outcome:
        found, left = take(known, Said("a", attempt, sequence, status, reason), is_rollback=False)
        assert (left == known) == (found != Outcome.RECORDED)
        return found

    assert outcome(2, 6, "acknowledged") == Outcome.RECORDED
    assert outcome(2, 5) == Outcome.KNOWN
    assert outcome(2, 5, "acknowledged") == Outcome.CONFLICT
    assert outcome(2, 4) == outcome(1, 9) == Outcome.STALE
    assert outcome(3, 1) == Outcome.NOT_SENT
    assert outcome(2, 6, "rolled_back") == Outcome.WRONG_STATUS
    assert outcome(2, 6, "failed", " ") == Outcome.WITHOUT_REASON
