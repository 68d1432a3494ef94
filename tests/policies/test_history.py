from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.policies.effective import stated_effective_date
from apps.policies.history import HistoryError, Record, Rejection, read_history
from apps.policies.timeline import runs, timeline
from apps.policies.wording import no_terms, normalise

FAIR, KIND = "Be fair to all. " * 20, "Be kind to all. " * 20

# --- reading a folder -------------------------------------------------------------------------------------------------


def test_a_record_keeps_the_exact_text(history):
    text = f"Terms\r\n=====\r\n\r\n{FAIR}\u2060.\n"
    history.add(text)
    [record] = read_history(history.write())
    assert isinstance(record, Record)
    assert record.text == text
    assert record.seen_at == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"bytes": "7"}, "the file has 320 bytes, the index says 7"),
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
    history.add(FAIR)
    history.add(FAIR, **({"recorded_at": "2026-01-02T00:00:00Z"} | wrong))
    history.add(KIND, "2026-01-03T00:00:00Z")
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
    assert normalise(one) == normalise(other)


def test_words_count():
    assert normalise("You may [distil](a).") != normalise("You may not [distil](a).")
    assert normalise("See (a) and (b).") != normalise("See (a).")


@given(st.text())
def test_normalising_settles(text):
    assert normalise(normalise(text) + " ") == normalise(normalise(text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the record is empty"),
        (" \u2060\n", "the record is empty"),
        ("[Moved here](https://a.example/" + "x" * 500 + ")", "10 characters of text: a redirect or an empty page"),
        ("Redirecting to https://a.example/terms", "38 characters of text: a redirect"),
        ("404\n===\n\nThe page was not found. " + "Try the help centre. " * 20, "an error page"),
        ("Please enable JavaScript to go on. " + "We use cookies. " * 30, "a page that wants a browser"),
        ("Sign in to continue. " + "New here? Create an account. " * 20, "a page to sign in"),
    ],
)
def test_what_is_no_text_of_terms_is_rejected_with_what_it_is(history, text, why):
    history.add(text)
    [bad] = read_history(history.write())
    assert isinstance(bad, Rejection)
    assert why in bad.reason
    assert (bad.text, bad.service, bad.recorded_at) == (text, "Harbour", "2026-01-01T00:00:00+00:00")


def test_long_terms_may_speak_of_errors_and_redirects():
    assert no_terms(normalise("We may redirect you. Our page may not be found, error 404. " * 30)) == ""
    assert no_terms(normalise("You may not use Output to develop models that compete with us. " * 4)) == ""


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("_Effective: January 31, 2024 ([previous](x))_", date(2024, 1, 31), "Effective: January 31, 2024"),
        ("**Effective:** January 31, 2024", date(2024, 1, 31), "Effective: January 31, 2024"),
        ("Effective June 17, 2025[Previous Version](https://a.example)", date(2025, 6, 17), "Effective June 17, 2025"),
        (
            "Updated: 16 January 2026\n\nEffective date: 30 July 2026 | x",
            date(2026, 7, 30),
            "Effective date: 30 July 2026",
        ),
        ("Effective date: 2023-11-04", date(2023, 11, 4), "Effective date: 2023-11-04"),
        ("This policy is effective on September 28, 2025 or", date(2025, 9, 28), "is effective on September 28, 2025"),
        ("These terms take effect on 1st Sept. 2025.", date(2025, 9, 1), "take effect on 1st Sept. 2025"),
        ("These terms come into force on the date below", None, ""),
        ("Last modified: 14 March 2023", None, ""),
        ("Effective date: 11-04-2023", None, ""),  # the fourth of November, or the eleventh of April
        ("Effective 2026-02-30", None, ""),
        ("These are effective as of the date you first use them.", None, ""),
    ],
)
def test_the_stated_effective_date_is_read_with_the_words_that_state_it(text, expected, words):
    stated = stated_effective_date(text)
    assert (stated and stated.on, stated.words if stated else "") == (expected, words)


# --- versions and when they were seen ---------------------------------------------------------------------------------


def seen(history, *texts: str) -> list[Record]:
    for day, text in enumerate(texts, start=1):
        kind = "technical_upgrade" if text.startswith("!") else "change"
        history.add(text.lstrip("!"), f"2026-01-{day:02}T12:00:00Z", record_kind=kind)
    return [record for record in read_history(history.write()) if isinstance(record, Record)]


def test_records_that_say_the_same_are_one_version(history):
    records = seen(history, FAIR, FAIR.replace("fair", "[fair](x?t=1)"), KIND, KIND.replace(" to", "  to"), FAIR)
    assert [[record.seen_at.day for record in run] for run in runs(records[::-1])] == [[1, 2], [3, 4], [5]]


def test_a_version_is_in_force_as_seen_up_to_the_next_and_texts_may_come_back(history):
    intervals = timeline(seen(history, FAIR, KIND, FAIR))
    assert [(i.since.day, i.until and i.until.day) for i in intervals] == [(1, 2), (2, 3), (3, None)]


def test_what_the_archive_changed_is_not_the_providers_change(history):
    assert [interval.by_provider for interval in timeline(seen(history, FAIR, "!" + KIND))] == [True, False]


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


def test_a_tracking_token_makes_no_version(records):
    commercial = of(records, "ChatGPT", "Commercial Terms")
    assert len({record.sha256 for record in commercial}) == 17
    versions = list(runs(commercial))
    assert [len(run) for run in versions] == [1, 1, 1, 1, 2, 1, 1, 2, 8]
    assert len({run[0].wording_sha256 for run in versions}) == 8  # the first text came back once


def test_a_clause_that_vanished_by_a_technical_upgrade_is_not_the_providers_doing(records):
    grok = timeline(run[0] for run in runs(of(records, "Grok", "Terms of Service", "eu")))
    with_clause = [("distilling" in interval.version.text, interval.by_provider) for interval in grok]
    assert with_clause[-2:] == [(True, True), (False, False)]
