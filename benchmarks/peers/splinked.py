"""Accounts linked by Splink, a probabilistic record linkage library (Fellegi and Sunter), on the same evidence.

As fair as we know how: random pairs are no non-matches where rings are large, so u and the term frequencies come from
the accounts that were there before the campaign, and m from a model of rings rather than from random pairs.
"""

from typing import Any

import numpy as np
import pyarrow as pa

from apps.accounts import linkage

COLUMNS = ("payment", "device", "email_pattern", "email_domain", "template", "tool_schema", "ip_prefix")
BLOCKS = (("payment",), ("device",), ("tool_schema",), ("template", "email_pattern"), ("template", "email_domain"),
          ("email_pattern", "email_domain"), ("template", "ip_prefix"))  # fmt: skip
M = {"payment": 0.10, "device": 0.10, "email_pattern": 0.20, "email_domain": 0.20, "template": 0.35,
     "tool_schema": 0.6, "ip_prefix": 0.02}  # fmt: skip
RARE = 5000  # holders above which a value makes no block
PRIOR = 2e-3  # pairs of accounts that are in one ring


def pairs(evidence: linkage.Evidence, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of accounts (indices) that match with at least this probability."""
    from splink import Linker, block_on
    from splink.backends.duckdb import DuckDBAPI

    columns = {name: _one_each(evidence, name) for name in COLUMNS}
    opened = evidence.opened if evidence.opened is not None else np.zeros(len(evidence))
    settled = opened < np.nanmedian(opened)
    table = {"unique_id": np.arange(len(evidence))}
    for name, values in columns.items():
        common = np.bincount(values[values >= 0], minlength=len(evidence.kind)) > RARE
        table[name] = pa.array(np.where((values >= 0) & ~common[values], values, 0), mask=(values < 0) | common[values])
    api = DuckDBAPI()
    settings: dict[str, Any] = {
        "link_type": "dedupe_only",
        "probability_two_random_records_match": PRIOR,
        "comparisons": [_comparison(name, M[name], _u(columns[name][settled])) for name in COLUMNS],
        "blocking_rules_to_generate_predictions": [block_on(*names) for names in BLOCKS],
        "retain_intermediate_calculation_columns": False,
        "retain_matching_columns": False,
    }
    linker = Linker(api.register(pa.table(table)), settings, log_level=None)
    found = linker.inference.predict(threshold_match_probability=threshold)
    rows = found.as_duckdbpyrelation().select("unique_id_l, unique_id_r").fetchnumpy()
    return rows["unique_id_l"].astype(np.int64), rows["unique_id_r"].astype(np.int64)


def _one_each(evidence: linkage.Evidence, kind: str) -> np.ndarray:
    """int[A]: the account's value of a kind, -1 where it has none; of several the commonest, so that most can agree."""
    rows = np.flatnonzero(evidence.kind[evidence.value] == linkage.KINDS.index(kind))
    total = np.bincount(evidence.value, minlength=len(evidence.kind))
    rows = rows[np.lexsort((total[evidence.value[rows]], evidence.holder[rows]))]
    out = np.full(len(evidence), -1)
    out[evidence.holder[rows]] = evidence.value[rows]  # the last one written is the commonest
    return out


def _u(values: np.ndarray) -> float:
    """Probability that two accounts of the background agree."""
    values = values[values >= 0]
    count, of = np.bincount(values).astype(float), len(values)
    return float(max(1e-6, (count * (count - 1)).sum() / max(1, of * (of - 1))))


def _comparison(column: str, m: float, u: float) -> dict[str, Any]:
    left, right = f'"{column}_l"', f'"{column}_r"'
    return {
        "output_column_name": column,
        "comparison_levels": [
            {"sql_condition": f"{left} IS NULL OR {right} IS NULL", "is_null_level": True, "label_for_charts": "null"},
            {"sql_condition": f"{left} = {right}", "label_for_charts": "same", "m_probability": m, "u_probability": u},
            {"sql_condition": "ELSE", "label_for_charts": "else", "m_probability": 1 - m, "u_probability": 1 - u},
        ],
    }
