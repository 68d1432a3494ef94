"""The exact figures of a profile by Apache Spark, for logs that outgrow one machine: equal to those of the engine here.

The same catalogue, the same counting rules and the same values: only who runs the SQL is another. Figures that rest on
MinHash or on DuckDB's own functions are not among them.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apps.evidence.querylogs.figures import FIGURES, Asked, Value
from apps.evidence.querylogs.profile import why_not

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Their SQL is understood by both engines.
EXACT = (
    "volume",
    "window",
    "accounts",
    "per_day",
    "hour_of_week",
    "models",
    "topics",
    "tokens",
    "load_balance",
    "bursts",
)


def profile(session: "SparkSession", file: Path | str, asked: Asked) -> dict[str, Value]:
    """Each exact figure that the log allows, by name. `file` is the normalised log, where Spark's workers see it."""
    session.read.parquet(str(file)).createOrReplaceTempView("log")
    found = {}
    for name in EXACT:
        figure = FIGURES[name]
        if not why_not(figure, asked):
            rows = [tuple(_plain(cell) for cell in row) for row in session.sql(figure.sql(asked)).collect()]
            found[name] = json.loads(json.dumps(figure.value(rows, asked)))
    return found


def _plain(cell: Any) -> Any:
    """Times without a zone, as the log has them: all are in UTC."""
    return cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell
