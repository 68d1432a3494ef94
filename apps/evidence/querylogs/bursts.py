"""Bursts: runs of hours in which there is much more than usual, for the log as a whole and for each account."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

HOUR = timedelta(hours=1)
LISTED = 50


def sql(factor: int, floor: int, listed: int) -> str:
    """Bursts of accounts: account, begin, hours, requests, times the mean; then over all of them accounts, bursts and
    requests. One row with nulls where there is none.

    `n * hours >= factor * total` is the rule in whole numbers: hours with at least `factor` times the account's mean
    over the log's hours.
    """
    return f"""
WITH span AS (SELECT date_diff('hour', min(asked_at), max(asked_at)) + 1 AS hours FROM log),
hourly AS (
    SELECT account, date_trunc('hour', asked_at) AS hour, count(*) AS n FROM log WHERE account IS NOT NULL GROUP BY 1, 2
),
usual AS (SELECT account, sum(n)::BIGINT AS total FROM hourly GROUP BY account),
high AS (
    SELECT account, hour, n, total, hours FROM hourly JOIN usual USING (account) CROSS JOIN span
    WHERE n >= {floor} AND n * hours >= {factor} * total
),
runs AS (
    SELECT *, hour - to_hours(row_number() OVER (PARTITION BY account ORDER BY hour)) AS run FROM high
),
found AS (
    SELECT account, min(hour) AS begins, count(*) AS long, sum(n)::BIGINT AS requests,
        sum(n)::BIGINT * any_value(hours) / (count(*) * any_value(total)) AS times
    FROM runs GROUP BY account, run
),
whole AS (SELECT count(DISTINCT account) AS accounts, count(*) AS bursts, coalesce(sum(requests), 0)::BIGINT AS requests
    FROM found),
top AS (SELECT * FROM found ORDER BY requests DESC, begins, account LIMIT {listed})
SELECT top.account, top.begins, top.long, top.requests, top.times, whole.accounts, whole.bursts, whole.requests
FROM whole LEFT JOIN top ON true ORDER BY top.requests DESC, top.begins, top.account
"""  # noqa: S608 - whole numbers


def of_log(hourly: Sequence[tuple[datetime, int]], factor: int, floor: int) -> tuple[Any, ...]:
    """Sentence, columns and rows for the log as a whole; `hourly` holds the hours with rows, in order."""
    span = int((hourly[-1][0] - hourly[0][0]) / HOUR) + 1
    total = sum(n for _, n in hourly)
    found: list[list[Any]] = []  # begin, end, rows
    for hour, n in hourly:
        if n < floor or n * span < factor * total:
            continue
        if found and found[-1][1] == hour:
            found[-1][1:] = [hour + HOUR, found[-1][2] + n]
        else:
            found.append([hour, hour + HOUR, n])
    mean = f"{total / span:,.1f}"
    number = f"{len(found)} burst{'' if len(found) == 1 else 's'}"
    words = f"{number} of at least {factor} times the mean of {mean} rows an hour."
    largest = sorted(found, key=lambda one: (-one[2], one[0]))[:LISTED]
    rows = [
        (begin, int((end - begin) / HOUR), n, n * span / (total * int((end - begin) / HOUR)))
        for begin, end, n in largest
    ]
    return (
        words if found else f"No hour has {factor} times the mean of {mean} rows.",
        (
            "begins",
            "hours",
            "rows",
            "times the mean",
        ),
        rows,
    )
