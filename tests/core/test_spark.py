"""Spark on several processes: its workers start elsewhere, and have the application's code all the same."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # three times Java

SCRIPT = """
import json, os, warnings
import django
warnings.simplefilter("ignore")
django.setup()
import pyarrow as pa
from apps.accounts.linkage.spark import _bridges
from apps.core.spark import SMALL, session

# Two cliques of ten accounts around a device each, of which one account has a key in common with one of the other.
rows = [(f"{side}{n}", "device", side) for side in (1, 2) for n in range(10)]
rows += [(account, "api_key", 3) for account in ("10", "20")]
table = pa.table(dict(zip(("account", "kind", "key"), map(list, zip(*rows)))))
spark = session("local-cluster[2,1,1024]", **SMALL)
edges = spark.createDataFrame(table).selectExpr("'one' AS label", "*")
schema = "account string, kind string, key long, below long, near long"
found = edges.groupBy("label").applyInArrow(_bridges(10), schema).toArrow().to_pylist()
processes = spark.sparkContext.parallelize(range(2), 2).map(lambda _: os.getppid()).distinct().count()
spark.stop()
print(json.dumps([found, processes]))
"""


def test_workers_of_a_local_cluster_cut_a_bridge_as_the_embedded_engine_does():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found, processes = json.loads(done.stdout.splitlines()[-1])
    assert [(edge["kind"], edge["below"], edge["near"]) for edge in found] == [("api_key", 10, 10)] * 2
    assert processes == 2
