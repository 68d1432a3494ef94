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
