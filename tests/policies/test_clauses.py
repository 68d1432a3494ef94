from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.policies.clauses import split_clauses
from apps.policies.history import Record, read_history


def addresses(markdown: str) -> list[str]:
    return [clause.address for clause in split_clauses(markdown)]


CONSUMER_TERMS = """\
Terms of use
============

Thank you for choosing Harbour!

Using our services
------------------

**What you can do**. Subject to these terms you may use our services.

**What you cannot do**. You may not use our services for harm. For example, you may not:

* Automatically extract data or Output.
* Use Output to develop models that compete with [us](https://harbour.example/?utm=1).

**Software.** It may update itself.
"""

COMMERCIAL_TERMS = """\
# Services agreement

3\\. Customer obligations.
-------------------------

*   3.1. Customer Account. Customer must keep it safe.
*   3.3. Restrictions. Customer will not:
    *   a. Extraction. Distil the services.
    *   b. Resale. Sell them on.

## D. Trust and Safety

D.4. **Use Restrictions.** Customer may not train competing models.

**5\\. Feedback**
----------------

You may not access our services:

1.  To build a competing product.
2.  To crawl them.
"""


def test_unnumbered_clauses_are_addressed_by_heading_run_in_and_words():
    assert addresses(CONSUMER_TERMS) == [
        "title",
        "thank-you-for-choosing-harbour",
        "using-our-services",
        "using-our-services/what-you-can-do",
        "using-our-services/what-you-cannot-do",
        "using-our-services/what-you-cannot-do/automatically-extract-data-or-output",
        "using-our-services/what-you-cannot-do/use-output-to-develop-models-that",
        "using-our-services/software",
    ]


def test_numbers_are_read_from_headings_items_and_paragraphs():
    found = {clause.address: (clause.number, clause.heading) for clause in split_clauses(COMMERCIAL_TERMS)}
    assert found == {
        "title": ("", "Services agreement"),
        "3": ("3", "Customer obligations"),
        "3.1": ("3.1", "Customer Account"),
        "3.3": ("3.3", "Restrictions"),
        "3.3.a": ("3.3.a", "Extraction"),
        "3.3.b": ("3.3.b", "Resale"),
        "D": ("D", "Trust and Safety"),
        "D.4": ("D.4", "Use Restrictions"),
        "5": ("5", "Feedback"),
        "5.1": ("5.1", ""),
        "5.2": ("5.2", ""),
    }


def test_text_reads_without_marks_and_path_names_what_is_above():
    clause = split_clauses(CONSUMER_TERMS)[6]
    assert clause.text == "Use Output to develop models that compete with us."
    assert clause.path == ("Using our services", "What you cannot do")
    assert clause.source == "* Use Output to develop models that compete with [us](https://harbour.example/?utm=1).\n\n"
    assert clause.ordinal == 7


def test_a_second_list_of_a_section_does_not_take_the_numbers_of_the_first():
    markdown = "## 8. Use\n\nYou may:\n\n1. read\n2. quote\n\nYou may not:\n\n1. copy\n2. sell\n3. lend\n\n## 9. End\n"
    assert addresses(markdown) == [
        "8",
        "8.1",
        "8.2",
        "8/you-may-not",
        "8/you-may-not/1",
        "8/you-may-not/2",
        "8/you-may-not/3",
        "9",
    ]


@pytest.mark.parametrize("text", ["e.g. this is no number", "A company may not", "30 days after notice we close it"])
def test_words_that_look_like_numbers_are_not(text):
    assert split_clauses(text)[0].number == ""


def test_text_without_words_has_no_clauses():
    assert split_clauses("") == split_clauses("\n \n") == split_clauses("* * *\n") == []


def test_deep_nesting_keeps_addresses_short_and_apart():
    lines = [f"{'  ' * depth}* {'deep words of an item at level ' * 2}{depth}" for depth in range(30)]
    found = addresses("\n".join(lines))
    assert len(set(found)) == 30
    assert max(map(len, found)) <= 220


# --- properties -------------------------------------------------------------------------------------------------------

WORDS = st.lists(
    st.sampled_from(
        [
            "you",
            "may",
            "not",
            "copy",
            "the",
            "Service",
            "or",
            "train",
            "models",
            "3.",
            "(a)",
            "**bold**",
            "_it_",
            "[l](x)",
        ]
    )
)
LINE = st.builds(
    lambda mark, words: mark + " ".join(words),
    st.sampled_from(
        ["", "# ", "## ", "* ", "    * ", "1. ", "    2. ", "> ", "3\\. ", "**A.** ", "| ", "    ", "- - "]
    ),
    WORDS,
)
UNDERLINE = st.sampled_from(["", "", "", "---", "===", "* * *", "```"])
DOCUMENT = st.lists(st.one_of(LINE, UNDERLINE), max_size=25).map("\n".join)


@settings(max_examples=150, deadline=None)
# --- what leads in a clause -------------------------------------------------------------------------------------------


def lead_ins(markdown: str) -> dict[str, str]:
    return {clause.text: clause.lead_in for clause in split_clauses(markdown)}


def test_an_item_of_a_list_names_the_words_that_introduce_it():
    led = lead_ins("## Use\n\nBe kind. You may not:\n\n* copy a model;\n* share a key.\n\nWe may change this.\n")
    assert led["copy a model;"] == "Be kind. You may not:"
    assert led["share a key."] == "Be kind. You may not: […]"
    assert led["We may change this."] == ""


def test_an_item_of_an_item_names_both():
    led = lead_ins("You may not:\n\n* copy a model, by:\n    * asking;\n    * listening;\n* share.\n")
    assert led["asking;"] == "You may not:\ncopy a model, by:"
    assert led["listening;"] == "You may not:\ncopy a model, by: […]"
    assert led["share."] == "You may not: […]"


def test_items_that_are_numbered_paragraphs_are_led_in_until_the_section_ends():
    led = lead_ins(
        "## 4. Restrictions\n\nThe Customer does not:\n\n4.1 copy;\n\n4.2 Share:\n\n* keys\n\n4.3 resell.\n\n"
        "## 5. Fees\n\n5.1 Fees are due:\n\n5.2 Taxes are extra.\n"
    )
    assert led["4.1 copy;"] == "The Customer does not:"
    assert led["4.2 Share:"] == led["4.3 resell."] == "The Customer does not: […]"
    assert led["keys"] == "The Customer does not: […]\n4.2 Share:"
    assert led["5.1 Fees are due:"] == led["5.2 Taxes are extra."] == ""


def test_nothing_is_led_in_by_words_that_do_not_introduce_it():
    led = lead_ins(
        "We publish these pages.\n\n* one\n\n***\n\nAs follows:\n\n***\n\n* two\n\n"
        "In short:\n\n1. **Scope**\n\n    All of it.\n\n2. **Term**\n\n    A year.\n"
    )
    assert set(led.values()) == {""}


@given(st.one_of(DOCUMENT, st.text(max_size=200)))
def test_a_lead_in_is_quoted_from_above_the_clause(markdown):
    _assert_quoted_from_above(split_clauses(markdown))


def _assert_quoted_from_above(clauses):
    for index, clause in enumerate(clauses):
        above = "\n".join(other.text for other in clauses[:index])
        assert all(line.removesuffix(" […]") in above for line in clause.lead_in.split("\n")), clause.address


@given(st.one_of(DOCUMENT, st.text(max_size=200)))
def test_no_line_is_lost_and_no_address_is_used_twice(markdown):
    clauses = split_clauses(markdown)
    assert split_clauses(markdown) == clauses
    assert len({clause.address for clause in clauses}) == len(clauses)
    assert all(clause.text and clause.address for clause in clauses)
    assert [clause.ordinal for clause in clauses] == list(range(1, len(clauses) + 1))
    if clauses:
        assert "".join(clause.source for clause in clauses) == markdown.replace("\r\n", "\n").replace("\r", "\n")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta"]), max_size=4), st.integers(0, 3))
def test_addresses_stay_when_another_section_comes_in_elsewhere(extra, where):
    sections = [
        f"## Section {name}\n\n**Rule.** Keep it.\n\n* first {name}\n* second\n" for name in ("one", "two", "three")
    ]
    added = "## Newcomer\n\n" + "".join(f"* {word}\n" for word in extra)
    before = addresses("# Terms\n\n" + "\n".join(sections))
    after = addresses("# Terms\n\n" + "\n".join([*sections[:where], added, *sections[where:]]))
    assert [address for address in after if not address.startswith("newcomer")] == before


# --- the recorded terms of real services ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records(real_terms) -> list[Record]:
    return [record for record in read_history(real_terms) if isinstance(record, Record)]


@pytest.mark.slow
def test_every_recorded_version_splits_without_loss(records):
    for record in records:
        clauses = split_clauses(record.text)
        assert "".join(clause.source for clause in clauses) == record.text, record.file
        assert max(Counter(clause.address for clause in clauses).values()) == 1, record.file
        assert len(clauses) >= 10, record.file


def test_the_lead_ins_of_the_latest_versions_are_quoted_from_above(records):
    latest = {(record.service, record.document): record.text for record in records}
    split = [split_clauses(text) for text in latest.values()]
    assert sum(bool(clause.lead_in) for clauses in split for clause in clauses) > 500
    for clauses in split:
        _assert_quoted_from_above(clauses)


@pytest.mark.parametrize(
    ("service", "document", "words", "lead_in"),
    [
        (
            "OpenAI",
            "Terms of Service",
            "develop models that compete",
            "What You Cannot Do. You may not use our Services for any illegal, harmful, or abusive activity. For"
            " example, you may not: […]",
        ),
        (
            "Claude.ai",
            "Terms of Service",
            "train any artificial intelligence",
            "You may not access or use, or help another person to access or use, our Services in the following"
            " ways: […]",
        ),
        (
            "Google Generative AI Services",
            "Terms of Service",
            "to extract trade secrets",
            "You must not abuse, harm, interfere with or disrupt our services or systems – for example, by: […]",
        ),
        (
            "xAI",
            "Terms of Service",
            "develop models or services that compete",
            "What you cannot do. You are prohibited from using our Service for any illegal, harmful, or abusive"
            " activity, including but not limited to:\nDetrimentally impacting the Service, including by: […]",
        ),
    ],
)
def test_a_prohibition_is_quoted_with_the_words_that_make_it_one(records, service, document, words, lead_in):
    last = [record for record in records if (record.service, record.document) == (service, document)][-1]
    assert lead_in in {clause.lead_in for clause in split_clauses(last.text) if words in clause.text}


@pytest.mark.parametrize(
    ("service", "document", "address", "words"),
    [
        ("ChatGPT", "Commercial Terms", "3.3", "reverse engineer"),
        (
            "ChatGPT",
            "Terms of Service",
            "using-our-services/what-you-cannot-do/using-output-to-develop-models-that",
            "compete with OpenAI",
        ),
        ("Claude.ai", "Commercial Terms", "D.4", "train competing AI models"),
        ("Claude.ai", "Terms of Service", "3.2", "train any artificial intelligence"),
        ("Google Generative AI Services", "Acceptable Use Policy", "2.3", "Circumvention of abuse protections"),
        ("Grok", "Commercial Terms", "1.1", "Access to and Use of Services"),
    ],
)
def test_the_clause_a_lawyer_would_cite_has_the_address_she_would_write(records, service, document, address, words):
    last = [record for record in records if (record.service, record.document) == (service, document)][-1]
    clause = next(clause for clause in split_clauses(last.text) if clause.address == address)
    assert words.casefold() in clause.text.casefold()
