from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts import linkage
from tests.accounts.linkage.surroundings import Known, around
from tests.accounts.linkage.worlds import World, rings_of, search, world

sizes = st.lists(st.integers(12, 40), min_size=1, max_size=3)
seeds = st.integers(0, 2**31)
some = settings(max_examples=25)


def test_rings_are_found_whole_and_nobody_else():
    made = world([24, 40])
    assert search(made) == {frozenset(n for n in made.held if n // 1000 == r) for r in (1, 2)}


@some
@given(sizes, seeds)
def test_the_order_of_rows_and_the_numbers_of_values_mean_nothing(of, seed):
    made = world(of, seed)
    plain, _, _ = made.evidence()
    mixed, _, _ = made.evidence(np.random.default_rng(seed))
    one, other = linkage.find(plain), linkage.find(mixed)
    assert (one.ring == other.ring).all()
    assert (one.how == other.how).all()
    assert (one.probability == other.probability).all()
    for name in ("account", "ring", "members", "background_rate", "weight", "family"):
        assert (getattr(one.links, name) == getattr(other.links, name)).all(), name
    assert [m["size"] for m in one.measures] == [m["size"] for m in other.measures]


@some
@given(sizes, seeds)
def test_the_names_of_accounts_mean_nothing(of, seed):
    made = world(of, seed)
    new = np.random.default_rng(seed).permutation(len(made.held))
    names = dict(zip(sorted(made.held), new.tolist(), strict=True))
    renamed = World(
        {names[n]: held for n, held in made.held.items()}, opened={names[n]: d for n, d in made.opened.items()}
    )
    assert search(renamed) == {frozenset(names[n] for n in ring) for ring in search(made)}


@some
@given(sizes, seeds, st.data())
def test_a_cut_edge_stays_cut(of, seed, data):
    evidence, _, _ = world(of, seed).evidence()
    links = linkage.find(evidence).links
    row = data.draw(st.integers(0, len(links) - 1))
    account, value = int(links.account[row]), int(links.value[row])
    for cut in ((account, value), (None, value)):
        found = linkage.find(evidence, ties=linkage.Ties(cut=[cut]))
        left = found.links.account[found.links.value == value]
        assert account not in left
        assert cut[0] is not None or not len(left)


def test_who_is_cut_off_everything_is_in_no_ring():
    made = world([24])
    evidence, names, values = made.evidence()
    account = names.index(1003)
    cut = [(account, values.index(value)) for value in made.held[1003]]
    assert linkage.find(evidence, ties=linkage.Ties(cut=cut)).ring[account] == -1


@some
@given(sizes, seeds)
def test_a_confirmed_edge_joins_whatever_else_is_known(of, seed):
    made = world(of, seed)
    made.held[1_000_000].add(("ip_prefix", "office"))
    made.held[1001].add(("ip_prefix", "office"))
    made.trusted.add(1_000_000)
    evidence, names, values = made.evidence()
    stranger, member, office = names.index(1_000_000), names.index(1001), values.index(("ip_prefix", "office"))
    assert linkage.find(evidence).ring[stranger] == -1
    for tie in ((stranger, office), (None, office)):
        found = linkage.find(evidence, ties=linkage.Ties(confirmed=[tie]))
        assert found.ring[stranger] == found.ring[member] >= 0
        assert linkage.HOWS[found.how[stranger]] == "confirmed"


def test_of_a_confirmed_value_and_a_cut_edge_the_cut_edge_holds():
    made = world([24])
    made.held[1_000_000].add(("ip_prefix", "office"))
    made.held[1001].add(("ip_prefix", "office"))
    evidence, names, values = made.evidence()
    stranger, office = names.index(1_000_000), values.index(("ip_prefix", "office"))
    ties = linkage.Ties(cut=[(stranger, office)], confirmed=[(None, office)])
    assert linkage.find(evidence, ties=ties).ring[stranger] == -1


@some
@given(sizes, seeds, st.integers(1, 5))
def test_an_unrelated_account_changes_no_ring(of, seed, more):
    made = world(of, seed)
    before = search(made)
    for i in range(more):
        made.held[2_000_000 + i] = {("payment", f"x{i}"), ("template", f"x{i}"), ("user_agent", "ua1")}
        made.opened[2_000_000 + i] = 19_500.0
    assert search(made) == before


@some
@given(sizes, seeds)
def test_another_run_finds_the_same_and_from_its_own_result_too(of, seed):
    evidence, _, _ = world(of, seed).evidence()
    found = linkage.find(evidence)
    assert (linkage.find(evidence).ring == found.ring).all()
    assert (linkage.find(evidence, known=found.ring).ring == found.ring).all()


@some
@given(sizes, seeds, st.data())
def test_trusted_accounts_are_never_joined_by_themselves(of, seed, data):
    made = world(of, seed)
    made.trusted = data.draw(st.sets(st.sampled_from(sorted(made.held)), max_size=30))
    evidence, names, _ = made.evidence()
    found = linkage.find(evidence)
    assert all(found.ring[names.index(name)] == -1 for name in made.trusted)


def test_a_stolen_card_ties_neither_its_owner_nor_two_rings():
    made = world([24, 24])
    for name in (1000, 2000, 1_000_000):
        made.held[name].add(("payment", "stolen"))
    made.opened[1_000_000] = 19_000.0  # long before the rings
    rings = search(made)
    assert len(rings) == 2
    assert not any(1_000_000 in ring for ring in rings)


def test_a_value_that_more_accounts_hold_than_a_ring_shares_is_ignored():
    made = World({n: {("device", "farm"), ("payment", f"{n}")} for n in range(300)})
    assert search(made) == set()
    evidence, _, _ = made.evidence()
    found = linkage.find(evidence, settings=linkage.Settings(hub=400))
    assert found.rings == 1


def test_components_that_one_edge_ties_are_two_rings():
    made = world([24, 24])
    made.held[1000].add(("device", "r1d3"))  # one account of the first uses a device of the second
    evidence, names, _ = made.evidence()
    found = linkage.find(evidence)
    assert {len(ring) for ring in rings_of(found, names)} == {24}
    assert any(account == names.index(1000) for account, *_ in found.split)


def test_what_explains_a_ring_is_said_and_hides_nothing():
    evidence, _, _ = world([24, 30]).evidence()
    organisation = np.where(np.arange(len(evidence)) < 24, 7, -1).astype(np.int32)
    found = linkage.find(replace(evidence, organisation=organisation))
    assert {m["size"]: m["explained"] for m in found.measures} == {24: "organisation", 30: None}


@some
@given(sizes, seeds, st.data())
def test_new_accounts_find_the_rings_that_a_full_run_puts_them_into(of, seed, data):
    made = world(of, seed)
    evidence, names, _ = made.evidence()
    new = np.array(sorted(data.draw(st.sets(st.integers(0, len(names) - 1), min_size=1, max_size=4))))
    old = replace(evidence, **_without(evidence, new))
    before, full = linkage.find(old), linkage.find(evidence)
    touched = around(evidence, new, Known.of(before))
    found = linkage.find(touched.evidence)
    row = {int(-1 - a): int(found.ring[i]) for i, a in enumerate(touched.accounts) if a < 0}
    same = _same(before.ring, full.ring)
    at = {int(a): i for i, a in enumerate(touched.accounts) if a >= 0}
    for account in new.tolist():
        expected = full.ring[account]
        assert found.ring[at[account]] == (row[same[expected]] if expected in same else expected)


def _same(before, after):
    """Ring after: the one before of which it has most accounts."""
    return {
        ring: int(np.bincount(before[(after == ring) & (before >= 0)]).argmax())
        for ring in range(after.max(initial=-1) + 1)
        if ((after == ring) & (before >= 0)).any()
    }


def _without(evidence, new):
    rows = ~np.isin(evidence.holder, new)
    return {"holder": evidence.holder[rows], "value": evidence.value[rows]}


def test_an_edge_that_names_nobody_is_refused():
    evidence, _, _ = world([12]).evidence()
    with pytest.raises(ValueError, match="account that is not there"):
        replace(evidence, holder=evidence.holder + 1000)
    with pytest.raises(ValueError, match="opened has 1 rows"):
        replace(evidence, opened=np.zeros(1))


def test_nothing_is_found_in_nothing():
    empty = linkage.Evidence(np.zeros((0, 16), np.uint8), *(np.zeros(0, t) for t in ("i4", "i4", "u1", "u8")))
    assert linkage.find(empty).rings == 0
