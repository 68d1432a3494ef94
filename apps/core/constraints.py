import pgtrigger
from django.db.models import F, Q


def both_or_neither(*fields: str) -> Q:
    """The columns are all null or all set, such as a time and the person who acted then."""
    return Q(**{f"{name}__isnull": True for name in fields}) | Q(**{f"{name}__isnull": False for name in fields})


def different(one: str, other: str) -> Q:
    """Two columns do not hold the same, where both are set: the two people of a two-person rule."""
    return Q(**{f"{one}__isnull": True}) | Q(**{f"{other}__isnull": True}) | ~Q(**{one: F(other)})


def refers_to(constraint: str, column: str, table: str) -> list[pgtrigger.Trigger]:
    """A foreign key that is checked once for a statement, for tables that are written by the thousand: PostgreSQL's own
    checks row by row and locks the row it finds, which costs more than writing the rows. Its column is declared with
    `db_constraint=False`.

    It says nothing when what is referred to is deleted: for tables whose rows stay.
    """
    return _checked(
        constraint,
        f"""SELECT FROM (SELECT DISTINCT {column} AS id FROM written) AS w
            WHERE id IS NOT NULL AND NOT EXISTS (SELECT FROM {table} AS t WHERE t.id = w.id)""",  # noqa: S608 - our names
        f"{column} of a row of % is not there in {table}",
    )


def belongs_to(constraint: str, column: str, table: str, shared: str) -> list[pgtrigger.Trigger]:
    """What a column refers to has the same value in `shared` as the row itself, such as a version of its document."""
    return _checked(
        constraint,
        f"""SELECT FROM (SELECT DISTINCT {column} AS id, {shared} AS shared FROM written) AS w
            JOIN {table} AS t ON t.id = w.id WHERE t.{shared} IS DISTINCT FROM w.shared""",  # noqa: S608 - our names
        f"{column} of a row of % has another {shared} in {table}",
    )


def _checked(constraint: str, wrong: str, message: str) -> list[pgtrigger.Trigger]:
    """Triggers that refuse, once for a statement, when there are such rows among the `written`."""
    func = f"""
        IF EXISTS ({wrong}) THEN
            RAISE EXCEPTION '{message}', TG_TABLE_NAME
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = '{constraint}', TABLE = TG_TABLE_NAME;
        END IF;
        RETURN NULL;"""
    return [
        pgtrigger.Trigger(
            name=f"{constraint}_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(new="written"),
            func=func,
        )
        for name, operation in (("new", pgtrigger.Insert), ("set", pgtrigger.Update))
    ]
