"""The catalogue of figures: for each its question, what columns it needs, its SQL, its counting rule and its value.

A value is `{"sentence", "numbers": {label: number}, "columns", "rows"}`: what it says, the numbers in it, and a table.
SQL speaks of the view `log` (and small tables beside it) and orders everything, so that the same file gives the same
value on any machine; what floating point makes is rounded to `DIGITS` places.
"""

from apps.evidence.querylogs.figures import accounts, bursts, hours, names, releases, texts, tokens
from apps.evidence.querylogs.figures.figure import Asked, Figure, Value

__all__ = ["FIGURES", "Asked", "Figure", "Value"]

# In the order in which they are computed and shown.
FIGURES: dict[str, Figure] = {
    figure.name: figure
    for figure in (
        hours.VOLUME,
        hours.WINDOW,
        accounts.ACCOUNTS,
        hours.PER_DAY,
        hours.HOUR_OF_WEEK,
        names.MODELS,
        names.TOPICS,
        names.NAMED_TEMPLATES,
        tokens.TOKENS,
        tokens.COST,
        tokens.LOGGED_COST,
        bursts.BURSTS,
        bursts.ACCOUNT_BURSTS,
        releases.RELEASE_PIVOT,
        accounts.LOAD_BALANCE,
        accounts.CONCENTRATION,
        names.ADDRESSES,
        texts.TEMPLATES,
        texts.NEAR_DUPLICATES,
        texts.BENCHMARK,
    )
}
