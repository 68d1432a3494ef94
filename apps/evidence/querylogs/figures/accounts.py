"""Who asked, and how evenly the requests are spread over accounts."""

from apps.evidence.querylogs import spread
from apps.evidence.querylogs.figures.figure import (
    LISTED,
    Asked,
    Figure,
    Rows,
    Value,
    fixed,
    many,
    percent,
    plain,
    said,
    share,
)


def _accounts(rows: Rows, asked: Asked) -> Value:
    accounts, without = rows[0]
    rest = f" {many(without, 'row')} name none." if without else ""
    return said(
        f"{many(accounts, 'account')} made the requests.{rest}", accounts=accounts, rows_without_account=without
    )


COUNTED = "SELECT account, count(*) AS n FROM log WHERE account IS NOT NULL GROUP BY account"

HISTOGRAM = f"SELECT n, count(*) FROM ({COUNTED}) AS counted GROUP BY n ORDER BY n"  # noqa: S608 - our names


def _load_balance(rows: Rows, asked: Asked) -> Value:
    found = spread.equality([(int(n), int(k)) for n, k in rows])
    if found is None:
        return said("Fewer than three accounts: nothing can be said of how evenly the requests are spread.")
    low, high = found.interval
    if high < found.by_chance * 1.05 or found.p_unequal > 0.05:
        words = "no more uneven than chance makes equal shares"
    elif low <= spread.BALANCED <= high or high < spread.BALANCED:
        words = f"about as even as behind a load balancer (CV about {spread.BALANCED})"
    else:
        words = f"more uneven than behind a load balancer (CV about {spread.BALANCED})"
    return said(
        f"Requests per account vary by {found.cv:.3f} of their mean (95 % interval {low:.3f} to {high:.3f}): {words}. "
        "Many accounts with even shares are what one hand behind them looks like; a program that serves equal jobs "
        "looks so too.",
        accounts=found.accounts,
        mean_requests=found.mean,
        CV=found.cv,
        CV_low=low,
        CV_high=high,
        CV_by_chance_alone=found.by_chance,
        CV_beyond_chance=found.beyond,
        dispersion=found.dispersion,
        p_of_equal_shares=found.p_unequal,
        p_of_being_so_even_by_chance=found.p_too_equal,
    )


def _top_sql(asked: Asked) -> str:
    return f"""
WITH counted AS ({COUNTED}),
top AS (SELECT account, n FROM counted ORDER BY n DESC, account LIMIT {LISTED})
SELECT 'account' AS what, account, n, NULL AS accounts FROM top
UNION ALL SELECT 'histogram', NULL, n, count(*) FROM counted GROUP BY n
ORDER BY what, n DESC, account
"""  # noqa: S608 - our names


def _concentration(rows: Rows, asked: Asked) -> Value:
    top = [(row[1], row[2]) for row in rows if row[0] == "account"]
    histogram = sorted((int(row[2]), int(row[3])) for row in rows if row[0] == "histogram")
    total = sum(n * k for n, k in histogram)
    accounts = sum(k for _, k in histogram)
    first = sum(n for _, n in top[:10])
    value = said(
        f"The ten accounts with most requests made {percent(first, total)} of them; the Gini coefficient over "
        f"{many(accounts, 'account')} is {spread.gini(histogram):.3f}.",
        ("account", "requests", "share"),
        [(account, n, share(n, total)) for account, n in top],
        accounts=accounts,
        Gini=spread.gini(histogram),
        share_of_the_first_ten=share(first, total),
    )
    return value | {"lorenz": [[plain(x), plain(y)] for x, y in spread.lorenz(histogram)] if accounts else []}


ACCOUNTS = Figure(
    "accounts",
    "Accounts",
    "Different values of the account column, as the log has them: nothing is merged, no capitals are folded.",
    fixed("SELECT count(DISTINCT account), count(*) - count(account) FROM log"),
    _accounts,
    ("account",),
)

LOAD_BALANCE = Figure(
    "load_balance",
    "Evenness over accounts",
    "Requests of each account that has any. CV: standard deviation by mean, with a 95 % interval by jackknife "
    "over accounts. Dispersion: Σ(x - mean)²/mean, chi-square with n - 1 degrees of freedom where all accounts "
    "have equal shares and only chance spreads them; both tails are given.",
    fixed(HISTOGRAM),
    _load_balance,
    ("account",),
)

CONCENTRATION = Figure(
    "concentration",
    "Accounts with most requests",
    "Requests of each account that has any; the Gini coefficient and the Lorenz curve are over these accounts.",
    _top_sql,
    _concentration,
    ("account",),
)
