"""DuckDB with one file and nothing else: no network, no extension, no other path, within a limit of memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import duckdb  # loaded where it is used: most processes never do, and it takes 26 MB and a fifth of a second

NAME = "DuckDB"
VERSION = version("duckdb")
# What the value of a figure could depend on, beside the file. The figures say so.
SETTINGS: dict[str, Any] = {"memory_limit": "1GB", "threads": 2, "TimeZone": "UTC", "preserve_insertion_order": True}
TEMPORARY = "20GB"


@contextmanager
def opened(work: Path, files: Sequence[Path]) -> Iterator["duckdb.DuckDBPyConnection"]:
    """A connection that reads these files and spills into `work`; what it is set to cannot be changed any more."""
    import duckdb

    spill = work / "spill"
    spill.mkdir(mode=0o700, parents=True, exist_ok=True)
    con = duckdb.connect(
        ":memory:",
        config={
            "temp_directory": str(spill),
            "max_temp_directory_size": TEMPORARY,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
        },
    )
    try:
        for name, value in SETTINGS.items():
            con.execute(f"SET {name} = '{value}'")
        con.execute("SET allowed_paths = $1", [[str(path) for path in files]])
        con.execute("SET allowed_directories = $1", [[f"{spill}/"]])
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        yield con
    finally:
        con.close()


@contextmanager
def on_log(work: Path, file: Path, tables: dict[str, pa.Table] | None = None) -> Iterator["duckdb.DuckDBPyConnection"]:
    """The normalised log as the view `log`, and small tables beside it."""
    with opened(work, [file]) as con:
        con.execute(f"CREATE VIEW log AS SELECT * FROM read_parquet('{file}')")  # noqa: S608 - our own path
        for name, table in (tables or {}).items():
            con.register(name, table)
        yield con
