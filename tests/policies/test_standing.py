"""Which version bound whom: the rules of docs/terms.md one by one, and a table of real histories read by hand."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.policies.effective import stated_effective_date
from apps.policies.history import Record, read_history
from apps.policies.standing import Accepted, Why, for_account, general, within
from apps.policies.timeline import runs, timeline


@dataclass(frozen=True)
class Version:
    name: str
    seen_at: datetime
    effective_from: date | None = None


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, 1, hour, tzinfo=UTC) + timedelta(days=day - 1)


def v(name: str, seen: int, effective: int | None = None) -> Version:
    return Version(name, at(seen), effective and at(effective).date())


def told(spans) -> list[tuple]:
    return [
        (s.version.name, s.since.timetuple().tm_yday, s.until and s.until.timetuple().tm_yday, s.why.value)
        for s in spans
    ]


SEEN, USE, YES = "as seen", "continued use", "accepted"


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([v("a", 1), v("b", 5)], [("a", 1, 5, SEEN), ("b", 5, None, SEEN)]),
        ([v("a", 1), v("b", 5, 20)], [("a", 1, 20, SEEN), ("b", 20, None, USE)]),
        ([v("a", 1), v("b", 5, 2)], [("a", 1, 5, SEEN), ("b", 5, None, USE)]),  # not before it was seen
        ([v("a", 1), v("b", 5, 20), v("c", 9, 30)], [("a", 1, 30, SEEN), ("c", 30, None, USE)]),  # b never bound
        ([v("a", 1), v("b", 5, 20), v("c", 9, 20)], [("a", 1, 20, SEEN), ("c", 20, None, USE)]),
        ([v("a", 1), v("b", 5, 20), v("c", 9)], [("a", 1, 9, SEEN), ("c", 9, None, SEEN)]),
        ([v("a", 3, 8)], [("a", 8, None, USE)]),
        ([], []),
    ],
)
def test_what_bound_whoever_used_the_service(versions, expected):
    assert told(general(versions[::-1])) == expected


A, B, C = v("a", 1), v("b", 5, 20), v("c", 25)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ([], [("a", 1, 20, SEEN), ("b", 20, 25, USE), ("c", 25, None, SEEN)]),
        # accepted before its day: it binds at once, and its day changes nothing
        ([Accepted(at(7), B)], [("a", 1, 7, SEEN), ("b", 7, 25, YES), ("c", 25, None, SEEN)]),
        # no version given: the text that was to be seen then
        ([Accepted(at(7))], [("a", 1, 7, SEEN), ("b", 7, 25, YES), ("c", 25, None, SEEN)]),
        ([Accepted(at(3))], [("a", 1, 3, SEEN), ("a", 3, 20, YES), ("b", 20, 25, USE), ("c", 25, None, SEEN)]),
        # an older text that takes effect late does not replace a newer one that was accepted
        ([Accepted(at(10), C)], [("a", 1, 10, SEEN), ("c", 10, None, YES)]),
        # an older text accepted anew binds until a newer one begins to
        ([Accepted(at(22), A)], [("a", 1, 20, SEEN), ("b", 20, 22, USE), ("a", 22, 25, YES), ("c", 25, None, SEEN)]),
        # accepted when nothing was on record
        ([Accepted(at(1) - timedelta(days=9))], [("a", 1, 20, SEEN), ("b", 20, 25, USE), ("c", 25, None, SEEN)]),
    ],
)
def test_what_bound_an_account_that_accepted(accepted, expected):
    versions = [A, B, C]
    assert told(for_account(general(versions), versions, accepted)) == expected


def test_nothing_binds_an_account_before_it_was_opened():
    spans = general([A, B, C])
    assert told(within(spans, at(2), at(24), not_before=at(10))) == [("a", 10, 20, SEEN), ("b", 20, 24, USE)]
    assert within(spans, at(2), at(8), not_before=at(10)) == []


VERSIONS = st.lists(
    st.builds(v, st.just("x"), st.integers(1, 300), st.none() | st.integers(1, 300)),
    unique_by=lambda version: version.seen_at,
)


@given(VERSIONS, st.lists(st.builds(Accepted, st.integers(1, 300).map(at)), max_size=4))
def test_at_any_moment_one_version_binds_at_most_and_it_had_been_seen(versions, accepted):
    for spans in (
        general(versions),
        for_account(general(versions), sorted(versions, key=lambda one: one.seen_at), accepted),
    ):
        assert all(one.until == other.since for one, other in pairwise(spans))
        for span in spans:
            assert span.since >= span.version.seen_at
            assert span.why is not Why.CONTINUED_USE or span.since.date() >= span.version.effective_from


# --- the recorded terms of real services ------------------------------------------------------------------------------

# How each line was found, without casemgr: the files of a document in the order of their names, from each the target
# of every link, every word joiner and repeated white space taken away by sed, neighbours compared by cmp, and the line
# with "Effective" read in the first 2,500 characters of each.
# (moment, the record in force as seen, the one that bound whoever used the service)
HAND = {
    # Two texts announce a day and are replaced before it; the third announces another one and stays.
    ("OpenAI", "Terms of Service", "contrib"): [
        ("2023-10-16T12:30:04", None, None),
        ("2023-10-16T12:30:05", "a1da2dcc", "a1da2dcc"),
        ("2023-11-14T18:30:24", "a1da2dcc", "a1da2dcc"),
        ("2023-11-14T18:30:25", "d9d49b2d", "a1da2dcc"),  # effective 14 December 2023
        ("2023-11-15T00:30:27", "d9d49b2d", "a1da2dcc"),
        ("2023-11-15T00:30:28", "ca036b3b", "a1da2dcc"),  # "How we are" became "Who we are"
        ("2023-12-02T06:30:25", "ca036b3b", "a1da2dcc"),
        ("2023-12-02T06:30:26", "417bd95e", "a1da2dcc"),  # effective 31 January 2024
        ("2023-12-14T00:00:00", "417bd95e", "a1da2dcc"),  # the day that the replaced texts had announced
        ("2024-01-30T23:59:59", "417bd95e", "a1da2dcc"),
        ("2024-01-31T00:00:00", "417bd95e", "417bd95e"),
        ("2024-02-10T00:30:27", "417bd95e", "417bd95e"),
        ("2024-02-10T00:30:28", "fc03b5d8", "fc03b5d8"),  # the same date, its marks of emphasis moved
    ],
    # "effective on September 28, 2025 or the date you acknowledge", put off to 8 October a day before.
    ("Claude.ai", "Terms of Service", "contrib"): [
        ("2025-08-01T00:32:04", None, None),
        ("2025-08-01T00:32:05", "8f977d4a", "8f977d4a"),
        ("2025-08-29T00:32:01", "d8d25b3c", "8f977d4a"),
        ("2025-09-27T00:32:02", "d8d25b3c", "8f977d4a"),
        ("2025-09-27T00:32:03", "e6ccdf52", "8f977d4a"),
        ("2025-09-28T12:00:00", "e6ccdf52", "8f977d4a"),
        ("2025-10-07T23:59:59", "e6ccdf52", "8f977d4a"),
        ("2025-10-08T00:00:00", "e6ccdf52", "e6ccdf52"),
        ("2025-10-09T00:32:05", "dc2fc4fe", "dc2fc4fe"),
        ("2025-11-28T19:01:20", "1d7fb6eb", "1d7fb6eb"),
        ("2025-12-07T07:09:38", "1d7fb6eb", "1d7fb6eb"),  # a technical upgrade that changed no word
        ("2026-08-22T00:00:00", "1d7fb6eb", "1d7fb6eb"),
    ],
    # Two ways to write one date alternate, then a technical upgrade.
    ("Claude.ai", "Acceptable Use Policy", "eu"): [
        ("2025-11-11T15:22:53", None, None),
        ("2025-11-11T15:22:54", "6dac117a", "6dac117a"),
        ("2026-04-24T10:30:39", "6dac117a", "6dac117a"),
        ("2026-04-24T10:30:40", "dfd4cfad", "dfd4cfad"),
        ("2026-04-27T22:33:56", "38236b69", "38236b69"),  # the first text again
        ("2026-05-01T00:00:00", "4cffc407", "4cffc407"),
        ("2026-05-26T22:30:53", "21859e3e", "21859e3e"),
        ("2026-08-14T10:31:59", "21859e3e", "21859e3e"),
        ("2026-08-14T10:32:00", "f150e0e1", "f150e0e1"),  # technical upgrade
    ],
    # A technical upgrade that came with another text of the provider's.
    ("Grok", "Terms of Service", "eu"): [
        ("2025-11-11T15:31:34", "df03bf29", "df03bf29"),
        ("2025-12-02T23:34:26", "df03bf29", "df03bf29"),  # links only
        ("2025-12-10T23:33:34", "df03bf29", "df03bf29"),
        ("2025-12-10T23:33:35", "91b217bb", "91b217bb"),
        ("2025-12-11T23:33:35", "91b217bb", "91b217bb"),  # links only
        ("2026-05-18T10:32:36", "047eaf18", "047eaf18"),
        ("2026-07-08T16:13:26", "047eaf18", "047eaf18"),
        ("2026-07-08T16:13:27", "1656b3a5", "1656b3a5"),
    ],
    # A token changes daily; one text comes back; another is announced a month ahead and amended before its day.
    ("ChatGPT", "Commercial Terms", "contrib"): [
        ("2025-08-29T23:59:59", "b17f2125", "b17f2125"),
        ("2025-08-30T00:30:22", "9256953d", "9256953d"),
        ("2025-11-01T00:30:20", "36f6a489", "36f6a489"),  # the first text again
        ("2025-11-19T00:30:20", "49fcf689", "49fcf689"),
        ("2025-12-01T19:00:22", "26fc3aa1", "49fcf689"),  # effective 1 January 2026
        ("2025-12-10T07:00:55", "26fc3aa1", "49fcf689"),  # technical upgrade, links only
        ("2025-12-17T19:01:01", "245aee8d", "49fcf689"),
        ("2025-12-19T07:00:43", "5f58a801", "49fcf689"),
        ("2025-12-31T23:59:59", "5f58a801", "49fcf689"),
        ("2026-01-01T00:00:00", "5f58a801", "5f58a801"),
        ("2026-05-18T19:01:06", "81bdd259", "81bdd259"),  # the token alone, twelve hours after a change
        ("2026-07-15T19:01:15", "81bdd259", "81bdd259"),
        ("2026-07-15T19:01:16", "08c01673", "08c01673"),
        ("2026-08-22T19:01:20", "08c01673", "08c01673"),  # after six changes of the token
    ],
    # Announced in words above the text ("on 30 July 2026 … Until then, the terms below"), which keeps its own date.
    ("Google Generative AI Services", "Terms of Service", "contrib"): [
        ("2024-05-21T18:30:50", "bf819353", "bf819353"),  # effective 5 January 2022
        ("2024-05-22T06:00:00", "bf819353", "bf819353"),  # the next had begun by its own words, and was not seen yet
        ("2024-05-22T12:30:54", "5dc54447", "5dc54447"),
        ("2026-06-16T19:02:40", "f31a5c7f", "f31a5c7f"),
        ("2026-07-30T12:00:00", "46d9a4df", "46d9a4df"),
        ("2026-07-30T19:04:13", "a22f7627", "a22f7627"),
    ],
}


@dataclass(frozen=True)
class Recorded:
    """The first record of a version, as the rule asks of it."""

    commit: str
    seen_at: datetime
    kind: str
    effective_from: date | None


@pytest.fixture(scope="module")
def recorded(real_terms) -> dict[tuple, list[Recorded]]:
    documents: dict[tuple, list[Record]] = {}
    for record in read_history(real_terms):
        assert isinstance(record, Record)
        key = (record.service, record.document, record.collection)
        if key in HAND:
            documents.setdefault(key, []).append(record)
    return {key: [_recorded(run[0]) for run in runs(found)] for key, found in documents.items()}


def _recorded(record: Record) -> Recorded:
    stated = stated_effective_date(record.text)
    return Recorded(record.commit[:8], record.seen_at, record.kind, stated and stated.on)


@pytest.mark.parametrize(
    ("document", "moment", "seen", "bound"),
    [(document, *line) for document, lines in HAND.items() for line in lines],
)
def test_what_was_in_force_then(recorded, document, moment, seen, bound):
    then = datetime.fromisoformat(f"{moment}+00:00")
    assert _at(timeline(recorded[document]), then) == seen
    assert _at(general(recorded[document]), then) == bound


def _at(spans, then: datetime) -> str | None:
    return next((s.version.commit for s in spans if s.since <= then and (s.until is None or then < s.until)), None)
