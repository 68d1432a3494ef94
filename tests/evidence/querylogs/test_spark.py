"""Spark and the engine here count the same."""

import importlib.util

import pytest

from apps.core import vault
from apps.evidence.logs import asked_of
from apps.evidence.querylogs import spark
from tests.evidence.querylogs.conftest import campaign

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.timeout(600),  # Java has to begin first
    pytest.mark.skipif(
        not (importlib.util.find_spec("pyspark") and importlib.util.find_spec("apps.core.spark")),
        reason="Spark is an extra, and is not installed",
    ),
]


def test_spark_gives_the_same_figures(read, spark_session):
    log = read(campaign(1000))
    found = spark.profile(spark_session, vault.path_of(log.normalised.sha256), asked_of(log))
    assert set(found) == set(spark.EXACT)
    here = {one.name: one.value for one in log.figures.filter(again_of=None, name__in=spark.EXACT)}
    assert found == here
