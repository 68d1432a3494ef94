"""Records of people linked by Splink, set up as its documentation does it for such sets."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from benchmarks.linkage_public import Columns

SEED = 20260504
RECALL = 0.7  # of the rules that tell how many pairs match at all


def pairs(records: list[dict[str, str]], columns: "Columns", threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of records (indices) that match with at least this probability."""
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.backends.duckdb import DuckDBAPI

    roles = ("name", "birth", "address", "region", "number", "phone")
    told = {role: {f"{role}_{i}": column for i, column in enumerate(getattr(columns, role))} for role in roles}
    names, birth, address, region, number, phone = (list(told[role]) for role in roles)
    table: dict[str, Any] = {"unique_id": np.arange(len(records))}
    for column, source in (item for role in roles for item in told[role].items()):
        table[column] = pa.array([record[source].casefold() or None for record in records], pa.string())
    comparisons: list[Any] = [
        *(cl.NameComparison(name).configure(term_frequency_adjustments=True) for name in names),
        *(cl.DamerauLevenshteinAtThresholds(name, [1, 2]) for name in (*birth, *number, *phone)),
        *(cl.JaroWinklerAtThresholds(name, [0.9, 0.7]).configure(term_frequency_adjustments=True) for name in address),
        *(cl.DamerauLevenshteinAtThresholds(name, [1]).configure(term_frequency_adjustments=True) for name in region),
    ]
    strict: list[Any] = [block_on(*names, *birth), *(block_on(name) for name in number)]
    rules = [
        *strict,
        block_on(*names, *region),
        block_on(*birth, *region),
        *(block_on(n, *birth) for n in names),
    ]
    if address:
        rules += [block_on(*address)]
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=False, retain_matching_columns=False,
    )  # fmt: skip
    linker = Linker(DuckDBAPI().register(pa.table(table)), settings, log_level=None)
    training = linker.training
    training.estimate_probability_two_random_records_match(strict, recall=RECALL)
    training.estimate_u_using_random_sampling(max_pairs=2e6, seed=SEED)
    for rule in (block_on(*names), block_on(*birth)):
        training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=threshold)
    rows = found.as_duckdbpyrelation().select("unique_id_l, unique_id_r").fetchnumpy()
    return rows["unique_id_l"].astype(np.int64), rows["unique_id_r"].astype(np.int64)
