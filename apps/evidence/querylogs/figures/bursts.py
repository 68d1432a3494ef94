"""Bursts: of the log as a whole, and of each account."""

from apps.evidence.querylogs import bursts
from apps.evidence.querylogs.figures.figure import LISTED, Asked, Figure, Rows, Value, fixed, many, said
from apps.evidence.querylogs.figures.hours import HOURLY


def _bursts(rows: Rows, asked: Asked) -> Value:
    return said(*bursts.of_log([(h, int(n)) for h, n in rows], asked.burst_factor, asked.burst_floor))


def _account_bursts_sql(asked: Asked) -> str:
    return bursts.sql(asked.burst_factor, asked.burst_floor, LISTED)


def _account_bursts(rows: Rows, asked: Asked) -> Value:
    listed = [row for row in rows if row[0] is not None]
    accounts, number, requests = next(row[5:8] for row in rows)
    if number:
        had = f"{many(int(accounts), 'account')} had {many(int(number), 'burst')}"
        words = f"{had}, with {many(int(requests), 'request')} in them."
    else:
        words = "No account had a burst."
    return said(
        words,
        ("account", "begins", "hours", "requests", "times its own mean"),
        [(row[0], row[1], int(row[2]), int(row[3]), float(row[4])) for row in listed],
        bursts=int(number or 0),
        accounts_with_bursts=int(accounts or 0),
        requests_in_bursts=int(requests or 0),
    )


BURSTS = Figure(
    "bursts",
    "Bursts of the log",
    "A burst is a run of hours on end, of UTC, each with at least the given number of times the mean of all "
    "hours from the first to the last, and at least the given number of rows.",
    fixed(HOURLY),
    _bursts,
)

ACCOUNT_BURSTS = Figure(
    "account_bursts",
    "Bursts of accounts",
    "A burst of an account is a run of hours on end, of UTC, each with at least the given number of times its "
    "own mean over all hours from the log's first to its last, and at least the given number of rows. Listed "
    "by requests, the largest first.",
    _account_bursts_sql,
    _account_bursts,
    ("account",),
)
