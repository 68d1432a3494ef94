import hmac

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.accounts import identifiers as ids


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "Ada@Example.com ", "ada@example.COM"),
        ("phone", "+49 (30) 1234-567", "0049301234567"),
        ("ip_prefix", "198.51.100.7/24", "198.51.100.0/24"),
        ("ip_prefix", "2001:DB8:0::/48", "2001:db8::/48"),
        ("asn", "as 64500", "AS64500"),
        ("user_agent", "Agent/1.0   (x)", "Agent/1.0 (x)"),
        ("email_domain", "@Example.com.", "example.com"),
    ],
)
def test_equal_things_have_one_hash(kind, one, other):
    assert ids.hmac_of(kind, one) == ids.hmac_of(kind, other)


def test_kinds_and_peppers_keep_hashes_apart(settings):
    before = ids.hmac_of("device", "x")
    assert ids.hmac_of("payment", "x")[0] != before[0]
    settings.IDENTIFIER_PEPPER = "another"
    after = ids.hmac_of("device", "x")
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize("pepper", ["", "short", "a" * 64, "longer than a block of the hash: " * 4])
def test_the_hash_is_hmac(pepper, settings):
    settings.IDENTIFIER_PEPPER = pepper
    assert ids.hmac_of("device", "x")[0] == hmac.new(pepper.encode(), b"device\x00x", "sha256").hexdigest()


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        ("email", "ada@example.com", "a…@example.com"),
        ("phone", "+4930123456789", "+49…89"),
        ("payment", "card_eb9d0fc54121", "…4121"),
        ("payment", "1234", "…"),
        ("api_key", "sk_live_abcdef123456", "…3456"),
        ("asn", "AS64500", "AS64500"),
        ("other", "tool_schema:abcdefgh1234", "tool_schema:…1234"),
    ],
)
def test_a_mask_shows_little(kind, value, masked):
    assert ids.mask(kind, value) == masked


@pytest.mark.parametrize(
    ("email", "pattern", "masked"),
    [
        ("Kestrel.Ops-0042@mail.example", "kestrel.@3-#4", "k….@3-#4"),
        ("jo-ann.k1987@mail.example", "@2-@3.@1#4", "@2-@3.@1#4"),
        ("maria+news@mail.example", "maria", "m…"),
        ("maria198723@mail.example", "maria#5+", "m…#5+"),
        ("x7f3k9q2abcdef@mail.example", "@1#1@1#1@1#1@1#1@5+", "@1#1@1#1@1#1@1#1@5+"),
        ("+only@mail.example", "+@4", "+@4"),
    ],
)
def test_an_address_says_its_domain_and_how_it_is_built(email, pattern, masked):
    assert ids.derived("email", email) == [("email_domain", "mail.example"), ("email_pattern", pattern)]
    assert ids.mask("email_pattern", pattern) == masked
    assert ids.derived("device", email) == []


@given(st.emails())
def test_what_is_derived_is_the_same_for_each_spelling(email):
    once = ids.derived("email", email)
    assert once == ids.derived("email", ids.normalise("email", email))
    assert [ids.normalise(*one) for one in once] == [value for _, value in once]


@given(st.sampled_from(sorted(ids.KINDS)), st.text(max_size=300))
@example("email_domain", "@")
@example("email_domain", "@@. example.org")
def test_any_text_is_hashed_or_refused(kind, value):
    try:
        digest, _ = ids.hmac_of(kind, value)
    except ValueError:
        return
    assert len(digest) == 64
    assert len(ids.mask(kind, value)) <= ids.MASK_LENGTH
    assert ids.normalise(kind, ids.normalise(kind, value)) == ids.normalise(kind, value)
