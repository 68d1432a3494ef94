"""How much, and when: all times in UTC."""

from apps.evidence.querylogs.figures.figure import Asked, Figure, Rows, Value, fixed, many, percent, said, share


def _volume_sql(asked: Asked) -> str:
    ids = "count(DISTINCT request_id)" if "request_id" in asked.columns else "NULL"
    nameless = "count(*) - count(request_id)" if "request_id" in asked.columns else "NULL"
    answered = "count(response)" if "response" in asked.columns else "NULL"
    return f"SELECT count(*), {ids}, {nameless}, {answered} FROM log"  # noqa: S608 - our names


def _volume(rows: Rows, asked: Asked) -> Value:
    total, ids, nameless, answered = rows[0]
    exchanges = total if ids is None else ids + nameless
    twice = "" if ids is None else f", {many(total - exchanges, 'row')} fewer than there are rows"
    return said(
        f"The log has {many(exchanges, 'exchange')}{twice}.",
        exchanges=exchanges,
        rows=total,
        rejected_rows=asked.rejected,
        **({} if answered is None else {"rows_with_a_response": answered}),
    )


def _window(rows: Rows, asked: Asked) -> Value:
    first, last, hours, days = rows[0]
    return said(
        f"From {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC, with requests on {many(days, 'day')}.",
        first=first,
        last=last,
        seconds=int((last - first).total_seconds()),
        hours_with_requests=hours,
        days_with_requests=days,
    )


def _per_day(rows: Rows, asked: Asked) -> Value:
    top = max(rows, key=lambda row: (row[1], row[0]))
    return said(
        f"The day with most rows is {top[0]}: {top[1]:,}.",
        ("day", "rows"),
        rows,
        days=len(rows),
        most_on_one_day=top[1],
    )


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

HOURLY = "SELECT date_trunc('hour', asked_at) AS hour, count(*) AS n FROM log GROUP BY 1 ORDER BY 1"


def _hour_of_week(rows: Rows, asked: Asked) -> Value:
    cells = [[0] * 24 for _ in WEEKDAYS]
    for hour, n in rows:
        cells[hour.weekday()][hour.hour] += n
    total = sum(map(sum, cells))
    most, day, at = max((cells[d][h], -d, -h) for d in range(7) for h in range(24))
    weekend = sum(cells[5]) + sum(cells[6])
    night = sum(row[h] for row in cells for h in range(6))
    return said(
        f"The hour of the week with most rows begins on {WEEKDAYS[-day]} at {-at:02}:00 UTC ({most:,} rows); "
        f"{percent(weekend, total)} fall on a weekend, {percent(night, total)} between 00:00 and 06:00 UTC.",
        ("weekday", *(f"{hour:02}" for hour in range(24))),
        [[name, *cells[at]] for at, name in enumerate(WEEKDAYS)],
        most_in_one_hour_of_the_week=most,
        weekend_share=share(weekend, total),
        night_share=share(night, total),
    )


VOLUME = Figure(
    "volume",
    "Exchanges",
    "An exchange is a row that could be read. Where the log has a request id, rows with the same one are one "
    "exchange, and each row without one is one. Rejected rows are counted beside it.",
    _volume_sql,
    _volume,
)

WINDOW = Figure(
    "window",
    "Window",
    "First and last time stamp in UTC; hours and days of UTC with at least one row.",
    fixed(
        "SELECT min(asked_at), max(asked_at), count(DISTINCT date_trunc('hour', asked_at)),"
        " count(DISTINCT CAST(asked_at AS DATE)) FROM log"
    ),
    _window,
)

PER_DAY = Figure(
    "per_day",
    "Rows by day",
    "Rows by day of UTC; a day without rows is not in the table.",
    fixed("SELECT CAST(asked_at AS DATE) AS day, count(*) AS n FROM log GROUP BY 1 ORDER BY 1"),
    _per_day,
)

HOUR_OF_WEEK = Figure(
    "hour_of_week",
    "Hour of the week",
    "Rows by weekday and hour of UTC, over the whole log. A part of a week at either end counts as it is.",
    fixed(HOURLY),
    _hour_of_week,
)
