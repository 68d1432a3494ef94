from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.policies.history import HistoryError, Record, Rejection, in_force, read_history, timeline, wordings
from apps.policies.wording import is_stub, normalise, stated_effective_date, wording_sha256

# --- reading a folder -------------------------------------------------------------------------------------------------


def test_a_record_keeps_the_exact_text(history):
    history.add("Terms\r\n=====\r\n\r\nBe fair\u2060.\n")
    [record] = read_history(history.write())
    assert isinstance(record, Record)
    assert record.text == "Terms\r\n=====\r\n\r\nBe fair\u2060.\n"
    assert record.recorded_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"bytes": "7"}, "the file has 8 bytes, the index says 7"),
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"file": "../secret.md"}, "outside the folder"),
        ({"file": "/etc/hostname"}, "outside the folder"),
        ({"file": "terms/none.md"}, "does not exist"),
        ({"recorded_at": "yesterday"}, "not an ISO 8601 date and time"),
        ({"recorded_at": "2026-01-02T00:00:00"}, "no time zone"),
        ({"record_kind": "rumour"}, 'record_kind is "rumour"'),
        ({"service": " "}, "no value for service"),
        ({"service": "x" * 129}, "too long: service (at most 128 characters)"),
        ({"recorded_at": "2026-01-01T00:00:00Z"}, "line 2 already records this document"),
    ],
)
def test_a_wrong_line_is_rejected_with_its_reason_and_the_others_are_read(history, wrong, reason):
    history.add("Be fair.")
    history.add("Be fair!", **({"recorded_at": "2026-01-02T00:00:00Z"} | wrong))
    history.add("Be kind.", "2026-01-03T00:00:00Z")
    first, bad, last = read_history(history.write())
    assert isinstance(first, Record)
    assert isinstance(last, Record)
    assert isinstance(bad, Rejection)
    assert bad.line == 3
    assert reason in bad.reason


@pytest.mark.parametrize(("content", "reason"), [(b"caf\xe9", "not UTF-8 text (byte 3)"), (b"a\0b", "NUL byte at 1")])
def test_a_file_that_is_no_text_is_rejected(history, content, reason):
    history.add(content)
    [bad] = read_history(history.write())
    assert isinstance(bad, Rejection)
    assert reason in bad.reason


def test_a_link_out_of_the_folder_is_rejected(history, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.md"
    secret.write_text("Be fair.")
    (history.root / "link.md").symlink_to(secret)
    history.add("Be fair.", file="link.md")
    [bad] = read_history(history.write())
    assert isinstance(bad, Rejection)
    assert "outside the folder" in bad.reason


def test_a_folder_that_is_no_history_is_refused_as_a_whole(tmp_path):
    with pytest.raises(HistoryError, match=r"no index\.csv"):
        list(read_history(tmp_path))
    (tmp_path / "index.csv").write_text("service,document\n")
    with pytest.raises(HistoryError, match="lacks the column"):
        list(read_history(tmp_path))


# --- the same wording -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("See [policy](https://a.example/p?utm_source=1).", "See [policy](https://a.example/p?utm_source=2)."),
        ("See [policy](<https://a.example/p q>).", "See [policy](/p 'our (new) policy')."),
        ("Write to [help@a.example](mailto:help@a.example)", "Write to help@a.example"),
        ("See https://a.example/p?token=abc#top for more", "See https://a.example/p for more"),
        ("See [policy][1]\n\n[1]: https://a.example/1", "See [policy][1]\n\n[1]: https://a.example/2"),
        ("Be\u2060 fair  to\n us", "Be fair to us"),
        ("cafe\u0301", "café"),
    ],
)
def test_what_says_nothing_does_not_count(one, other):
    assert wording_sha256(one) == wording_sha256(other)


def test_words_count():
    assert wording_sha256("You may [distil](a).") != wording_sha256("You may not [distil](a).")
    assert wording_sha256("See (a) and (b).") != wording_sha256("See (a).")


@given(st.text())
def test_normalising_settles(text):
    assert normalise(normalise(text) + " ") == normalise(normalise(text))


def test_a_redirect_leaves_a_stub():
    assert is_stub("[Moved here](https://a.example/" + "x" * 500 + ")")
    assert not is_stub("You may not use Output to develop models that compete with us. " * 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("_Effective: January 31, 2024 ([previous](x))_", date(2024, 1, 31)),
        ("Effective June 17, 2025[Previous Version](https://a.example)", date(2025, 6, 17)),
        ("Updated: 16 January 2026\n\nEffective date: 30 July 2026 | Archive", date(2026, 7, 30)),
        ("Effective 2026-02-30", None),
        ("These are effective as of the date you first use them.", None),
    ],
)
def test_the_stated_effective_date_is_read_from_the_opening(text, expected):
    assert stated_effective_date(text) == expected


# --- in force, as seen ------------------------------------------------------------------------------------------------

DAY = timedelta(days=1)


def seen(history, *texts: str) -> list[Record]:
    for day, text in enumerate(texts, start=1):
        kind = "technical_upgrade" if text.startswith("!") else "change"
        history.add(text.lstrip("!"), f"2026-01-{day:02}T12:00:00Z", record_kind=kind)
    return [record for record in read_history(history.write()) if isinstance(record, Record)]


def test_a_version_is_in_force_from_its_record_up_to_the_next(history):
    first, second = seen(history, "Be fair.", "Be kind.")
    assert in_force([second, first], first.recorded_at - timedelta.resolution) is None
    assert in_force([second, first], first.recorded_at) == first
    assert in_force([second, first], second.recorded_at - timedelta.resolution) == first
    assert in_force([second, first], second.recorded_at) == second
    assert in_force([second, first], second.recorded_at + 900 * DAY) == second


def test_alternating_texts_each_have_an_interval_every_time(history):
    intervals = timeline(seen(history, "Be fair.", "Be kind.", "Be fair.", "Be [fair](x)."))
    assert [(interval.since.day, interval.until and interval.until.day) for interval in intervals] == [
        (1, 2),
        (2, 3),
        (3, 4),
        (4, None),
    ]
    assert [interval.by_provider for interval in intervals] == [True, True, True, False]


def test_records_that_say_the_same_are_one_wording(history):
    runs = wordings(timeline(seen(history, "Be fair.", "Be [fair](x).", "Be kind.", "Be  kind.", "Be fair.")))
    assert [(run.since.day, run.until and run.until.day) for run in runs] == [(1, 3), (3, 5), (5, None)]


def test_what_the_archive_changed_is_not_the_providers_change(history):
    intervals = timeline(seen(history, "Be fair.", "!Fair."))
    assert [interval.by_provider for interval in intervals] == [True, False]


# --- the recorded terms of real services ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records(real_terms) -> list[Record | Rejection]:
    return list(read_history(real_terms))


def of(records, service: str, document: str, collection: str = "contrib") -> list[Record]:
    return [r for r in records if (r.service, r.document, r.collection) == (service, document, collection)]


def test_every_recorded_version_of_every_service_is_read(records):
    assert [record for record in records if isinstance(record, Rejection)] == []
    assert len(records) == 236
    assert {record.service for record in records} == {
        "ChatGPT",
        "Claude.ai",
        "Google Generative AI Services",
        "Grok",
        "Mistral AI",
        "OpenAI",
        "xAI",
    }


@pytest.mark.parametrize(
    ("moment", "commit"),
    [  # every change of one document, from its index: just before, at, and just after
        ("2023-10-16T12:30:04+00:00", None),
        ("2023-10-16T12:30:05+00:00", "a1da2dcc"),
        ("2023-10-16T12:30:06+00:00", "a1da2dcc"),
        ("2023-11-14T18:30:24+00:00", "a1da2dcc"),
        ("2023-11-14T18:30:25+00:00", "d9d49b2d"),
        ("2023-11-14T18:30:26+00:00", "d9d49b2d"),
        ("2023-11-15T00:30:27+00:00", "d9d49b2d"),
        ("2023-11-15T00:30:28+00:00", "ca036b3b"),
        ("2023-11-15T00:30:29+00:00", "ca036b3b"),
        ("2023-12-02T06:30:25+00:00", "ca036b3b"),
        ("2023-12-02T06:30:26+00:00", "417bd95e"),
        ("2023-12-02T06:30:27+00:00", "417bd95e"),
        ("2024-02-10T00:30:27+00:00", "417bd95e"),
        ("2024-02-10T00:30:28+00:00", "fc03b5d8"),
        ("2024-02-10T00:30:29+00:00", "fc03b5d8"),
    ],
)
def test_the_version_in_force_is_right_around_every_change(records, moment, commit):
    version = in_force(of(records, "OpenAI", "Terms of Service"), datetime.fromisoformat(moment))
    assert (version and version.commit[:8]) == commit


def test_a_tracking_token_makes_no_new_wording(records):
    commercial = of(records, "ChatGPT", "Commercial Terms")
    assert len({record.sha256 for record in commercial}) == 17
    assert len({record.wording_sha256 for record in commercial}) == 8
    assert not any(interval.by_provider for interval in timeline(commercial)[-6:])


def test_a_clause_that_vanished_by_a_technical_upgrade_is_not_the_providers_doing(records):
    grok = timeline(of(records, "Grok", "Terms of Service", "eu"))
    with_clause = [("distilling" in interval.version.text, interval.by_provider) for interval in grok]
    assert with_clause[-2][0]
    assert with_clause[-1] == (False, False)
