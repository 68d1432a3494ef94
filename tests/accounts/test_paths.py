"""Ways from one account of a ring to another, and the parts that a cut leaves: the graph alone, without a database."""

from collections import defaultdict
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.queries.paths import Edge, parts, path

FAMILY = {"payment": "payment", "device": "device", "template": "content", "synchrony": "rhythm"}
RHYTHM = ("synchrony", "")


def key(n: int) -> UUID:
    return UUID(int=n)


def edge(account: int, kind: str, value: str = "", bits: float = 8.0) -> Edge:
    return Edge(key(account), (kind, value), FAMILY[kind], bits)


def rhythm(*accounts: int) -> list[Edge]:
    return [edge(one, "synchrony", bits=5.0) for one in accounts]


edges_of_accounts = st.lists(
    st.builds(edge, st.integers(0, 9), st.sampled_from(["payment", "device"]), st.sampled_from("abcd")), max_size=20
)


def test_what_two_accounts_share_is_said_strongest_first_and_once_a_family():
    both = [edge(n, "payment", value, bits) for n in (1, 2) for value, bits in (("x", 9.0), ("y", 11.0))]
    (hop,) = path([*both, edge(1, "device", "d"), edge(2, "device", "d")], key(1), key(2))
    assert [(term.value[1], term.counts) for term in hop.terms] == [("y", True), ("x", False), ("d", True)]
    assert hop.bits == 11 + 8


def test_the_shortest_way_wins_and_of_two_the_one_that_says_more():
    around = [edge(1, "device", "a"), edge(3, "device", "a"), edge(3, "device", "b"), edge(2, "device", "b")]
    assert [hop.end for hop in path(around, key(1), key(2))] == [key(3), key(2)]
    stronger = [
        edge(1, "payment", "c", 12),
        edge(4, "payment", "c", 12),
        edge(4, "payment", "e"),
        edge(2, "payment", "e"),
    ]
    assert [hop.end for hop in path([*around, *stronger], key(1), key(2))] == [key(4), key(2)]
    assert len(path([*around, edge(1, "template", "t", 3), edge(2, "template", "t", 3)], key(1), key(2))) == 1


def test_the_rhythm_leads_only_where_no_value_does():
    chain = [edge(1, "device", "a"), edge(3, "device", "a"), edge(3, "device", "b"), edge(2, "device", "b")]
    over_values = path([*chain, *rhythm(1, 2, 3, 4)], key(1), key(2))
    assert [term.family for hop in over_values for term in hop.terms] == ["device", "device"]
    (hop,) = path([*chain, *rhythm(1, 2, 3, 4)], key(1), key(4))
    assert [term.value for term in hop.terms] == [RHYTHM]
    assert path(chain, key(1), key(4)) == []
    assert path(chain, key(1), key(1)) == []


@given(edges_of_accounts, st.sets(st.integers(0, 9)), st.integers(0, 9), st.integers(0, 9))
def test_a_way_is_there_exactly_where_accounts_hang_together(edges, in_step, one, other):
    edges = [*edges, *rhythm(*sorted(in_step))]
    hops = path(edges, key(one), key(other))
    whole = _components(edges)
    assert bool(hops) == (one != other and key(one) in whole and whole[key(one)] == whole.get(key(other)))
    at, held = key(one), {(edge.account, edge.value) for edge in edges}
    for hop in hops:
        assert hop.start == at
        assert hop.terms
        assert all({(hop.start, term.value), (hop.end, term.value)} <= held for term in hop.terms)
        at = hop.end
    assert not hops or at == key(other)


@given(edges_of_accounts.filter(bool), st.sets(st.integers(0, 9)), st.data())
def test_the_parts_that_a_cut_leaves_are_those_that_hang_together(edges, in_step, data):
    cut, whole = data.draw(st.sampled_from(edges)), data.draw(st.booleans())
    accounts = {edge.account for edge in edges} | {key(one) for one in in_step}
    left = [one for one in edges if one.value != cut.value or (not whole and one.account != cut.account)]
    sizes = defaultdict(int)
    followers = accounts - {edge.account for edge in edges}
    label = _components(left)
    for account in accounts - followers:
        sizes[label.get(account, account)] += 1
    expected = sorted(sizes.values(), reverse=True)
    expected[0] += len(followers)
    found = parts([*edges, *rhythm(*in_step)], accounts, without=cut.value, of=None if whole else cut.account)
    assert found == expected
    assert sum(found) == len(accounts)


def _components(edges: list[Edge]) -> dict[UUID, UUID]:
    """Each account's smallest fellow, by joining until nothing changes."""
    label = {edge.account: edge.account for edge in edges}
    while True:
        least: dict = {}
        for edge in edges:
            least[edge.value] = min(least.get(edge.value, label[edge.account]), label[edge.account])
        after = {account: min(least[edge.value] for edge in edges if edge.account == account) for account in label}
        if after == label:
            return label
        label = after
