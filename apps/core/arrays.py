"""Long arrays as parameters of SQL."""

from collections.abc import Iterable


def plain(values: Iterable[str]) -> str:
    """A PostgreSQL array literal of values that need no quoting: ids, hashes, numbers, times, our own words.

    Cast it in the statement (`%s::uuid[]`). The driver looks at each element of a list, which costs more than the
    statement itself when there are thousands.
    """
    return "{" + ",".join(values) + "}"


def quoted(values: Iterable[str]) -> str:
    """The same of texts that may hold anything."""
    return plain('"' + value.replace("\\", r"\\").replace('"', r"\"") + '"' for value in values)
