"""Which records name a file of the vault. Each room says so for its tables; a file goes only when none names it, and
what none names is not looked for when the vault is measured.
"""

from django.db import connection

# What it is in words -> a statement that gives the hashes, in a column `sha256`.
NAMED: dict[str, str] = {}


def names(what: str, statement: str) -> None:
    """Register a statement that gives all hashes a room's records name now."""
    NAMED[what] = statement


def whose(sha256: str) -> list[str]:
    """What the records call the file, in words; empty when none of them names it."""
    found = []
    with connection.cursor() as cursor:
        for what, statement in NAMED.items():
            cursor.execute(
                f"SELECT EXISTS (SELECT FROM ({statement}) AS named WHERE sha256 = %s)",  # noqa: S608 - of our own rooms
                [sha256],
            )
            if cursor.fetchone()[0]:
                found.append(what)
    return found


def all_named() -> str:
    """A statement that gives every hash once."""
    return " UNION ".join(f"({statement})" for statement in NAMED.values())
