"""Texts: which are forms of one template, which repeat, and which are on a list."""

import pyarrow as pa

from apps.evidence.querylogs import templates
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
from apps.evidence.querylogs.normal import KEY_WORDS

TEXTS = 5000  # of the texts with most rows, that are compared with each other

TOP_TEXTS = f"""
WITH counted AS (
    SELECT text_key, count(*) AS n, min(row) AS first FROM log WHERE prompt IS NOT NULL GROUP BY text_key
),
top AS (SELECT * FROM counted ORDER BY n DESC, first LIMIT {TEXTS}),
whole AS (SELECT count(*) AS texts, coalesce(sum(n), 0)::BIGINT AS rows FROM counted)
SELECT top.n, log.prompt, whole.texts, whole.rows FROM top JOIN log ON log.row = top.first CROSS JOIN whole
ORDER BY top.n DESC, top.first
"""  # noqa: S608 - our names

TEXTS_RULE = (
    f"Texts that are equal {KEY_WORDS} are one. Of these the {TEXTS:,} with most rows are compared with each other "
    f"by MinHash: k = {templates.K} permutations, seed {templates.SEED}, shingles of {templates.WORDS} words; a text "
    "joins the one with more rows that it resembles most, from an estimated Jaccard similarity of "
    f"{templates.THRESHOLD} on. Standard error of one estimate: √(J(1 - J)/k), {templates.standard_error(0.5):.4f} at "
    "J = 0.5."
)


def _clusters(rows: Rows, asked: Asked) -> Value:
    found = templates.clusters([row[1] for row in rows], [row[0] for row in rows])
    texts, total = (rows[0][2], rows[0][3]) if rows else (0, 0)
    looked_at = sum(row[0] for row in rows)
    lead = f" The largest has {percent(found[0].rows, total)} of the rows with a text." if found else ""
    rest = f" Texts of {many(total - looked_at, 'row')} were too rare to be looked at." if total > looked_at else ""
    return said(
        f"{many(len(found), 'template')} in {many(len(rows), 'different text')}.{lead}{rest}",
        ("template, as most rows have it", "rows", "share", "texts", "mean similarity", "standard error"),
        [
            (
                rows[one.members[0]][1][:SHORT],
                one.rows,
                share(one.rows, total),
                len(one.members),
                one.similarity,
                templates.standard_error(one.similarity),
            )
            for one in found[:LISTED]
        ],
        templates=len(found),
        different_texts=texts,
        rows_looked_at=looked_at,
        rows_with_a_text=total,
    )


def _near_duplicates(rows: Rows, asked: Asked) -> Value:
    total, keys, repeated = (int(cell or 0) for cell in rows[0])
    return said(
        f"{percent(total - keys, total)} of the rows with a text repeat an earlier one, but for numbers, capitals and "
        f"blanks.",
        rows_with_a_text=total,
        different_texts=keys,
        repeating_rows=total - keys,
        texts_that_occur_again=repeated,
        share=share(total - keys, total),
    )


def _near_sql(asked: Asked) -> str:
    """By our own key where the log has the texts, else by the key that it has itself."""
    key = "text_key" if "prompt" in asked.columns else "prompt_key"
    return f"""
SELECT coalesce(sum(n), 0)::BIGINT, count(*), count(*) FILTER (n > 1) FROM
    (SELECT {key}, count(*) AS n FROM log WHERE {key} IS NOT NULL GROUP BY {key}) AS counted
"""  # noqa: S608 - our names


def _benchmark_tables(asked: Asked) -> dict[str, pa.Table]:
    return {"benchmark": pa.table({"entry": pa.array(list(asked.benchmark), pa.string())})}


def _benchmark(rows: Rows, asked: Asked) -> Value:
    texts, total = (rows[0][2], rows[0][3]) if rows else (0, 0)
    alike = templates.overlap([row[1] for row in rows], asked.benchmark)
    hits = [(row, *match) for row, match in zip(rows, alike, strict=True) if match[0] >= 0]
    matched = sum(row[0] for row, _, _ in hits)
    equal = sum(row[0] for row, at, _ in hits if templates.plain(row[1]) == templates.plain(asked.benchmark[at]))
    entries, name = len({at for _, at, _ in hits}), asked.benchmark_name or "the list"
    return said(
        f"{percent(matched, total)} of the rows with a text resemble an entry of {name}: "
        f"{entries:,} of {len(asked.benchmark):,} entries occur.",
        ("text", "entry it resembles", "similarity", "rows"),
        [(row[1][:SHORT], asked.benchmark[at][:SHORT], similarity, row[0]) for row, at, similarity in hits[:LISTED]],
        rows_that_match=matched,
        rows_that_are_equal=equal,
        entries_that_occur=entries,
        entries=len(asked.benchmark),
        rows_with_a_text=total,
        different_texts=texts,
    )


TEMPLATES = Figure("templates", "Templates", TEXTS_RULE, fixed(TOP_TEXTS), _clusters, ("prompt",))

NEAR_DUPLICATES = Figure(
    "near_duplicates",
    "Near-duplicates",
    f"Texts that are equal {KEY_WORDS} are one; each row after the first of a text repeats it. "
    "Where the log has no prompts but a key of them, texts with the same key are one.",
    _near_sql,
    _near_duplicates,
    any_of=("prompt", "prompt_key"),
)

BENCHMARK = Figure(
    "benchmark",
    "Overlap with a list",
    f"{TEXTS_RULE} A row matches the entry of the list that its text resembles most, from the same similarity on.",
    fixed(TOP_TEXTS),
    _benchmark,
    ("prompt",),
    asks="benchmark",
    unasked="Not computed: no list to compare with was given.",
    tables=_benchmark_tables,
)
