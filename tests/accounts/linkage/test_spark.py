"""Spark finds what the embedded engine finds. Run on two workers by SPARK_MASTER=local-cluster[2,1,1024]."""

import os
from dataclasses import fields
from functools import partial

import numpy as np
import pytest

from apps.accounts import linkage
from benchmarks import simulated
from fixtures.campaign import build

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas"),
    pytest.mark.timeout(600),  # hundreds of stages, each with a beginning and an end
]


@pytest.fixture(scope="module")
def campaign():
    return simulated.from_world(build(os.environ.get("SPARK_PRESET", "demo"), 1, "mixed"))


def judged(evidence: linkage.Evidence, found: linkage.Found) -> linkage.Ties:
    """A strong edge cut, and an account that is in no ring confirmed to be one hand with others."""
    strong = np.flatnonzero(found.links.kind == linkage.KINDS.index("payment"))[0]
    alone = int(np.flatnonzero(found.ring[evidence.holder] < 0)[0])
    return linkage.Ties(
        cut=[(int(found.links.account[strong]), int(found.links.value[strong]))],
        confirmed=[(int(evidence.holder[alone]), int(evidence.value[alone]))],
    )


def test_a_search_with_its_first_stages_on_spark_finds_the_same_and_says_the_same_of_it(campaign, spark_session):
    from apps.accounts.linkage import spark

    ties = judged(campaign.evidence, linkage.find(campaign.evidence))
    here = linkage.find(campaign.evidence, ties=ties, rhythm=campaign.rhythm)
    join = partial(spark.join, session=spark_session)
    there = linkage.find(campaign.evidence, ties=ties, rhythm=campaign.rhythm, join=join)
    assert here.rings
    assert here.split
    for name in ("ring", "how", "probability", "synchrony"):
        assert np.array_equal(getattr(here, name), getattr(there, name), equal_nan=name == "synchrony"), name
    for field in fields(linkage.Links):
        assert np.array_equal(getattr(here.links, field.name), getattr(there.links, field.name)), field.name
    assert (here.measures, here.split, here.settled_before) == (there.measures, there.split, there.settled_before)


@pytest.mark.soak
def test_rings_on_spark_alone_equal_those_of_the_embedded_engine(campaign, spark_session):
    from apps.accounts.linkage import spark

    evidence = campaign.evidence
    names = [bytes(row).hex() for row in evidence.accounts]
    ring = linkage.find(evidence).ring
    first = {int(r): names[int(np.flatnonzero(ring == r)[0])] for r in range(ring.max() + 1)}
    frames = (spark_session.createDataFrame(table) for table in spark.tables(evidence))
    rows = spark.find(*frames).toArrow().to_pylist()
    assert rows
    assert {r["account"]: r["ring"] for r in rows} == {names[i]: first[int(r)] for i, r in enumerate(ring) if r >= 0}
