"""The turn to a model that is new."""

from datetime import UTC, datetime

import pyarrow as pa

from apps.evidence.querylogs.figures.figure import LISTED, SHORT, Asked, Figure, Rows, Value, said, share


def _release_tables(asked: Asked) -> dict[str, pa.Table]:
    given = sorted(asked.releases.items())
    moments = [datetime.fromisoformat(at).astimezone(UTC).replace(tzinfo=None) for _, at in given]
    return {
        "released": pa.table(
            {
                "model": pa.array([model for model, _ in given], pa.string()),
                "released_at": pa.array(moments, pa.timestamp("us")),
            }
        )
    }


def _release_sql(asked: Asked) -> str:
    people = "count(DISTINCT log.account)" if "account" in asked.columns else "NULL"
    turned = "count(DISTINCT log.account) FILTER (log.model = turn.model)" if "account" in asked.columns else "NULL"
    return f"""
WITH span AS (SELECT min(asked_at) AS first FROM log),
seen AS (SELECT model, min(asked_at) AS first_seen FROM log WHERE model IS NOT NULL GROUP BY model),
turn AS (
    SELECT seen.model, coalesce(released.released_at, seen.first_seen) AS since,
        released.released_at IS NOT NULL AS given
    FROM seen CROSS JOIN span LEFT JOIN released ON released.model = seen.model
    WHERE seen.first_seen >= span.first + INTERVAL 24 HOUR OR released.released_at >= span.first
)
SELECT turn.model, turn.since, turn.given, count(*), count(*) FILTER (log.model = turn.model), {people}, {turned}
FROM turn JOIN log ON log.asked_at >= turn.since AND log.asked_at < turn.since + INTERVAL 24 HOUR
GROUP BY ALL ORDER BY turn.since, turn.model
"""  # noqa: S608 - our names


def _release_pivot(rows: Rows, asked: Asked) -> Value:
    table = [
        (
            row[0][:SHORT],
            row[1],
            "as given" if row[2] else "first sight in the log",
            row[3],
            row[4],
            share(row[4], row[3]),
            row[5],
            row[6],
        )
        for row in rows
    ]
    if table:
        top = max(table, key=lambda row: (row[5], row[0]))
        words = f"Within 24 hours {100 * top[5]:.1f} % of all requests went to “{top[0]}”, which was new then."
    else:
        words = "No model first appears later than a day after the log begins, and no release falls into the log."
    columns = ("model", "since", "known from", "requests in 24 h", "of them to it", "share", "accounts", "that used it")
    return said(words, columns, table[:LISTED], new_models=len(table))


RELEASE_PIVOT = Figure(
    "release_pivot",
    "Turn to a new model",
    "Of all rows in the 24 hours from a model's release (as given; else from its first row, where that is more "
    "than 24 hours after the log begins), the share that asks that model.",
    _release_sql,
    _release_pivot,
    ("model",),
    tables=_release_tables,
)
