"""What could tell who somebody is never enters the database: planted in a text, it is found and its kind is named."""

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.transparency.statement import personal
from apps.transparency.statement.personal import ACCOUNT, ADDRESS, EMAIL, NAME, PHONE, URL, kinds

GENERAL = """Conduct, 2026-05-04 to 2026-05-10: The accounts sent 28,800,000 requests at 12:30:45 and 23:59 UTC, some
1,200 a minute, in 16 million exchanges (1.5 % of all; 3.2.1 of the Terms, 2026-01-01). Requests of 24,000 accounts had
the same order (ratio 3:1, p = 0.0001). See https://example.org/terms/2026 and http://www.example.com. It is very likely
(80-95 %). Case law: 593 U.S. 374 (2021). Between 4 May 2026 and 10 May 2026: 604800 seconds."""


def test_a_general_text_is_let_through():
    names = ["Quarry Lane Ltd", "Jane Doe", "Mill & Co KG"]
    assert kinds(GENERAL, names=names, references=["acct_00001", "a1"]) == []


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        ("jane.doe@example.org", EMAIL),
        ("jane+x@mail.example.co.uk", EMAIL),
        ("jane (at) example.org", EMAIL),
        ("jane [at] example [dot] org", EMAIL),
        ("jane at example dot org", EMAIL),
        ("jane\u200b@exam\u00adple.org", EMAIL),
        ("ｊａｎｅ＠example.org", EMAIL),
        ("192.0.2.17", ADDRESS),
        ("198.51.100.0/24", ADDRESS),
        ("192[.]0[.]2[.]17", ADDRESS),
        ("2001:db8::1", ADDRESS),
        ("[2001:db8:0:0:0:0:0:1]", ADDRESS),
        ("2001:db8::/32", ADDRESS),
        ("::ffff:192.0.2.17", ADDRESS),
        ("+49 151 23456789", PHONE),
        ("+1 (555) 010-4477", PHONE),
        ("0049 30 123456", PHONE),
        ("030 / 1234567", PHONE),
        ("(0151) 2345678", PHONE),
        ("555-010-4477", PHONE),
        ("(555) 010-4477", PHONE),
        ("015123456789", PHONE),
        ("https://jane@example.org/", URL),
        ("https://example.org/users/jane", URL),
        ("https://example.org/@jane", URL),
        ("www.example.org/~jane", URL),
        ("https://example.org/?user=jane", URL),
        ("acct_00001", ACCOUNT),
        ("ACCT_00001", ACCOUNT),
        ("Quarry Lane Models Ltd", NAME),
        ("QUARRY  LANE MODELS", NAME),
        ("Quarry Lane", NAME),
        ("the people at Quarry", NAME),
        ("Ms Doe", NAME),
        ("DOE", NAME),
        ("j. jane doe", NAME),
        ("王小明", NAME),
    ],
)
@pytest.mark.parametrize("around", ["Seen with {}.", "{} was seen", "({})", "from: “{}”, again", "x\n{}\ny"])
def test_what_is_planted_is_found(planted, kind, around):
    names = ["Quarry Lane Models Ltd", "Jane Doe", "王小明"]
    assert kind in kinds(around.format(planted), names=names, references=["acct_00001"])


@given(st.ip_addresses(), st.sampled_from(["{}", "from {}.", "({})", "{}, and", "{}/24"]))
def test_every_address_is_found(address, around):
    if address == ipaddress.ip_address("::"):
        return
    assert ADDRESS in kinds(around.format(address))


@given(st.emails(), st.sampled_from(["{}", "write to {}.", "<{}>", "{}, and"]))
@example("0{@A.Ac", "{}")
def test_every_email_is_found(address, around):
    if address.rpartition("@")[0].startswith('"') or not address.isascii() or not address[0].isalnum():
        return
    assert EMAIL in kinds(around.format(address))


def test_kinds_are_named_once_and_never_the_things():
    text = "jane@example.org, joe@example.org, 192.0.2.1 and acct_7"
    assert kinds(text, references=["acct_7", ""], names=["", "Ltd"]) == [EMAIL, ADDRESS, ACCOUNT]


@pytest.mark.parametrize(
    ("text", "words", "stands"),
    [("a12 b", "a1", False), ("(a1)", "A1", True), ("x a  1", "a 1", True), ("", "a", False), ("a", " ", False)],
)
def test_words_stand_by_themselves(text, words, stands):
    assert personal.stands_in(text, words) is stands
