"""Tokens and what they cost."""

from decimal import Decimal

from apps.evidence.querylogs.figures.figure import LISTED, SHORT, Asked, Figure, Rows, Value, fixed, many, said


def _tokens_sql(asked: Asked) -> str:
    """Sums are of whole numbers, so their order does not matter."""

    def total(name: str) -> str:
        return f"sum({name}), count({name})" if name in asked.columns else "NULL, NULL"

    model = "model" if "model" in asked.columns else "NULL"
    return (
        f"SELECT {model} AS model, count(*) AS n, {total('input_tokens')}, {total('output_tokens')} FROM log"  # noqa: S608
        " GROUP BY 1 ORDER BY n DESC, 1 NULLS LAST"
    )


def _tokens(rows: Rows, asked: Asked) -> Value:
    taken = sum(int(row[2] or 0) for row in rows)
    given = sum(int(row[4] or 0) for row in rows)
    has_in, has_out = "input_tokens" in asked.columns, "output_tokens" in asked.columns
    words = [f"{taken:,} tokens went in"] * has_in + [f"{given:,} tokens came out"] * has_out
    numbers = {"input_tokens": taken} if has_in else {}
    numbers |= {"rows_with_input_tokens": sum(row[3] for row in rows)} if has_in else {}
    numbers |= {"output_tokens": given, "rows_with_output_tokens": sum(row[5] for row in rows)} if has_out else {}
    return said(
        f"{' and '.join(words).capitalize()}.",
        ("model", "rows", "input tokens", "output tokens"),
        [
            ((row[0] or "not named")[:SHORT], row[1], *(None if row[at] is None else int(row[at]) for at in (2, 4)))
            for row in rows[:LISTED]
        ],
        **numbers,
    )


def _cost(rows: Rows, asked: Asked) -> Value:
    million, table, total, unpriced = Decimal(1_000_000), [], Decimal(0), 0
    for row in rows:
        model = row[0] or ""
        price = asked.prices.get(model) or asked.prices.get("*")
        if price is None:
            unpriced += row[1]
            continue
        taken, given = int(row[2] or 0), int(row[4] or 0)
        cost = (taken * Decimal(price[0]) + given * Decimal(price[1])) / million
        total += cost
        table.append((model[:SHORT] or "not named", taken, given, price[0], price[1], round(cost, 2)))
    rest = f" {many(unpriced, 'row')} of models without a price are not in it." if unpriced else ""
    return said(
        f"At the prices given the tokens cost {total:,.2f} {asked.currency}.".replace(" .", ".") + rest,
        ("model", "input tokens", "output tokens", "price in", "price out", "cost"),
        table[:LISTED],
        cost=round(total, 2),
        rows_without_price=unpriced,
    )


def _logged_cost(rows: Rows, asked: Asked) -> Value:
    total, with_one, count = rows[0]
    return said(
        f"The log itself puts the cost at {total or 0:,.2f}, over {many(with_one, 'row')}.",
        cost=round(total or Decimal(0), 6),
        rows_with_cost=with_one,
        rows_without_cost=count - with_one,
    )


TOKENS = Figure(
    "tokens",
    "Tokens",
    "Sums over the rows that say how many; rows that do not say are left out and counted.",
    _tokens_sql,
    _tokens,
    any_of=("input_tokens", "output_tokens"),
)

COST = Figure(
    "cost",
    "Cost at given prices",
    "Tokens by model times the prices per million tokens that a person gave; models without a price are left "
    "out and counted. No price is assumed.",
    _tokens_sql,
    _cost,
    any_of=("input_tokens", "output_tokens"),
    asks="prices",
    unasked="Not computed: no prices were given.",
)

LOGGED_COST = Figure(
    "logged_cost",
    "Cost as logged",
    "The sum of the log's own cost column, exactly, in whatever currency it is.",
    fixed("SELECT sum(cost), count(cost), count(*) FROM log"),
    _logged_cost,
    ("cost",),
)
