"""How right linkage is on a simulated campaign of a seed that nothing was tuned on."""

import numpy as np
import pytest

from apps.accounts import linkage
from benchmarks import simulated
from benchmarks.linkage import score
from fixtures.campaign import build
from tests.accounts.linkage.surroundings import Known, around


@pytest.fixture(scope="module")
def campaign():
    return simulated.from_world(build("demo", 101, "mixed"))


@pytest.fixture(scope="module")
def found(campaign):
    return linkage.find(campaign.evidence, rhythm=campaign.rhythm)


def test_nearly_all_of_the_campaign_is_found_and_hardly_anybody_else(campaign, found):
    scored = score(campaign, found.ring, found)
    assert scored["account_precision"] >= 0.995
    assert scored["account_recall"] >= 0.85
    assert scored["pair_precision"] >= 0.98


def test_probabilities_are_about_right(campaign, found):
    scored = score(campaign, found.ring, found)
    assert scored["brier"] < 0.02
    assert ((found.probability > 0) == (found.ring >= 0)).all()


def test_a_rhythm_in_any_order_is_the_same_rhythm(campaign, found):
    order = np.random.default_rng(1).permutation(len(campaign.rhythm.account))
    of = campaign.rhythm
    mixed = linkage.Rhythm(of.account[order], of.hour[order], of.count[order], of.hours)
    assert (linkage.find(campaign.evidence, rhythm=mixed).ring == found.ring).all()


def test_a_ring_is_in_step_as_no_group_is_that_nobody_suspects(found):
    tested = [m for m in found.measures if m["synchrony_p"] is not None]
    assert tested
    for measured in tested:
        assert measured["synchrony_p"] <= 0.05
        assert measured["synchrony_p_floor"] == 1 / 200


def test_who_is_cut_off_the_rhythm_is_attached_by_it_nowhere(campaign, found):
    by_rhythm = int(np.flatnonzero(found.how == linkage.HOWS.index("synchrony"))[0])
    ties = linkage.Ties(cut=[(by_rhythm, linkage.SYNCHRONY)])
    again = linkage.find(campaign.evidence, ties=ties, rhythm=campaign.rhythm)
    assert again.how[by_rhythm] != linkage.HOWS.index("synchrony") or again.ring[by_rhythm] == -1


def test_an_edge_of_the_rhythm_that_was_cut_is_none_though_cards_keep_the_account_in_its_ring(campaign, found):
    rhythm = found.links.value == linkage.SYNCHRONY
    by_both = np.intersect1d(found.links.account[rhythm], found.links.account[~rhythm])
    member = int(by_both[found.how[by_both] == linkage.HOWS.index("strong")][0])
    again = linkage.find(
        campaign.evidence, ties=linkage.Ties(cut=[(member, linkage.SYNCHRONY)]), rhythm=campaign.rhythm
    )
    assert again.ring[member] >= 0
    assert not (again.links.account[again.links.value == linkage.SYNCHRONY] == member).any()


def test_new_accounts_with_a_rhythm_find_their_ring(campaign, found):
    members = np.flatnonzero(found.how == linkage.HOWS.index("synchrony"))[:20]
    known = Known(np.where(np.isin(np.arange(len(found.ring)), members), -1, found.ring),
                  found.settled_before, found.week, found.centroids)  # fmt: skip
    touched = around(campaign.evidence, members, known, campaign.rhythm)
    again = linkage.find(touched.evidence, rhythm=touched.rhythm)
    row = {-1 - int(a): again.ring[i] for i, a in enumerate(touched.accounts) if a < 0}
    at = {int(a): i for i, a in enumerate(touched.accounts)}
    same = [again.ring[at[m]] == row[int(found.ring[m])] for m in members.tolist()]
    assert np.mean(same) >= 0.9
