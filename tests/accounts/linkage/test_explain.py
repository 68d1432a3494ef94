import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts import linkage
from apps.accounts.linkage import graph
from tests.accounts.linkage.worlds import world


@given(st.lists(st.integers(-3, 2**40) | st.integers(0, 5)))
def test_numbers_are_numbered_by_their_order(numbers):
    different, place = graph.numbered(np.array(numbers, np.int64))
    assert different.tolist() == sorted(set(numbers))
    assert different[place].tolist() == numbers


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3))).map(lambda rows: sorted(rows, key=lambda row: row[0])))
def test_the_first_of_the_greatest_of_each_group_is_found(rows):
    group, number = np.array(rows, np.int64).reshape(-1, 2).T
    found = graph.first_of_most(group, number).tolist()
    assert found == [
        max(range(len(rows)), key=lambda at: (rows[at][0] == one, rows[at][1], -at)) for one in np.unique(group)
    ]


def test_bridges_are_told_with_the_parts_they_leave():
    #  0-1-2 share values 0 and 1, 3-4-5 share 2 and 3; value 9 ties 2 to 3
    holder = np.array([0, 1, 1, 2, 0, 2, 3, 4, 4, 5, 3, 5, 2, 3])
    value = np.array([0, 0, 1, 1, 4, 4, 2, 2, 3, 3, 5, 5, 9, 9])
    cut = graph.cuts(holder, value)
    bridges = {
        (int(h), int(v)): (int(b), int(w - b))
        for h, v, b, w in zip(holder, value, cut.below, cut.whole, strict=True)
        if b
    }
    assert set(bridges) == {(2, 9), (3, 9)}
    assert set(bridges.values()) == {(3, 3)}
    assert {v: p for v, p in cut.parts.items() if len(p) > 1} == {9: [3, 3]}


@settings(max_examples=60)
@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=22))
def test_an_edge_is_a_bridge_if_taking_it_away_leaves_more_parts(edges):
    rows = np.array(sorted(edges))
    cut = graph.cuts(rows[:, 0], rows[:, 1])
    for i in range(len(rows)):
        left = np.delete(rows, i, axis=0)
        assert (cut.below[i] > 0) == (_parts(left, rows) > _parts(rows, rows)), rows[i]


def _parts(edges, of):
    """How many groups of accounts hang together."""
    label = {("a", p): ("a", p) for p in of[:, 0].tolist()} | {("v", v): ("v", v) for v in of[:, 1].tolist()}

    def root(x):
        while label[x] != x:
            x = label[x]
        return x

    for p, v in edges.tolist():
        label[root(("a", p))] = root(("v", v))
    return len({root(x) for x in label if x[0] == "a"})


def test_measures_say_what_holds_a_ring_together():
    evidence, _, _ = world([24]).evidence()
    (measured,) = linkage.find(evidence).measures
    assert measured["size"] == 24
    assert measured["families"]["content"] == measured["hub_share"] == 1
    assert 0 < measured["density"] < 0.2
    assert measured["sign_up_burst"] < 1
