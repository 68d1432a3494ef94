"""What the log names: models, topics, templates, addresses."""

from collections.abc import Callable

from apps.evidence.querylogs.figures.figure import (
    LISTED,
    SHORT,
    Asked,
    Figure,
    Rows,
    Value,
    fixed,
    many,
    percent,
    said,
    share,
)


def _shares_sql(column: str) -> Callable[[Asked], str]:
    return lambda asked: (
        f"SELECT {column}, count(*) AS n, min(asked_at), max(asked_at) FROM log"  # noqa: S608 - our names
        " GROUP BY 1 ORDER BY n DESC, 1 NULLS LAST"
    )


def _shares(word: str) -> Callable[[Rows, Asked], Value]:
    def value(rows: Rows, asked: Asked) -> Value:
        total = sum(row[1] for row in rows)
        named = [row for row in rows if row[0] is not None]
        lead = f"{percent(named[0][1], total)} of the rows are of “{named[0][0][:SHORT]}”." if named else ""
        return said(
            f"{many(len(named), word)}. {lead}".strip(),
            (word, "rows", "share", "first", "last"),
            [((row[0] or "not named")[:SHORT], row[1], share(row[1], total), *row[2:]) for row in rows[:LISTED]],
            **{f"{word}s": len(named), "rows_without_one": total - sum(row[1] for row in named)},
        )

    return value


def _addresses(rows: Rows, asked: Asked) -> Value:
    count, without, top_rows, total = rows[0]
    return said(
        f"{count:,} {'address' if count == 1 else 'addresses'}; "
        f"the one with most rows has {percent(top_rows or 0, total)} of them.",
        addresses=count,
        rows_without_address=without,
        most_rows_of_one_address=top_rows or 0,
    )


COUNTED = """
WITH counted AS (SELECT ip, count(*) AS n FROM log GROUP BY ip)
SELECT count(ip), coalesce(sum(n) FILTER (ip IS NULL), 0)::BIGINT, max(n) FILTER (ip IS NOT NULL),
    sum(n)::BIGINT FROM counted
"""

MODELS = Figure(
    "models",
    "Models",
    "Rows by model, as the log names it.",
    _shares_sql("model"),
    _shares("model"),
    ("model",),
)

TOPICS = Figure(
    "topics",
    "Topics",
    "Rows by topic, as the log names it.",
    _shares_sql("topic"),
    _shares("topic"),
    ("topic",),
)

NAMED_TEMPLATES = Figure(
    "named_templates",
    "Templates as named",
    "Rows by template, as the log names it.",
    _shares_sql("template"),
    _shares("template"),
    ("template",),
)

ADDRESSES = Figure(
    "addresses",
    "Addresses",
    "Different values of the address column, as the log has them.",
    fixed(COUNTED),
    _addresses,
    ("ip",),
)
