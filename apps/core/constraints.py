from django.db.models import F, Q


def both_or_neither(*fields: str) -> Q:
    """The columns are all null or all set, such as a time and the person who acted then."""
    return Q(**{f"{name}__isnull": True for name in fields}) | Q(**{f"{name}__isnull": False for name in fields})


def different(one: str, other: str) -> Q:
    """Two columns do not hold the same, where both are set: the two people of a two-person rule."""
    return Q(**{f"{one}__isnull": True}) | Q(**{f"{other}__isnull": True}) | ~Q(**{one: F(other)})
