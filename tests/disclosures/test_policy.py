"""The policy speaks of every field, and who may see less never sees more."""

from types import UnionType
from typing import get_args, get_origin, get_type_hints

from apps.disclosures import policy
from apps.disclosures.snapshot import Snapshot


def leaves(kind, path: str = ""):
    """Every field of the snapshot that holds a value, as the policy writes its path."""
    for name, hint in get_type_hints(kind).items():
        yield from _leaf(hint, f"{path}{name}")


def _leaf(hint, path: str):
    if get_origin(hint) is list:
        yield from _leaf(get_args(hint)[0], f"{path}[]")
    elif hasattr(hint, "__dataclass_fields__"):
        yield from leaves(hint, f"{path}.")
    else:
        assert isinstance(hint, type | UnionType)
        yield path


def test_the_policy_speaks_of_every_field_and_no_other():
    assert set(policy.POLICY) == set(leaves(Snapshot))


def test_the_policy_uses_known_words():
    for path, row in policy.POLICY.items():
        assert len(row) == len(policy.AUDIENCES), path
        for cell in row:
            action, _, detail = cell.partition(" ")
            assert action in ("keep", "withhold", "omit", "pseudonym", "month", "small", "cell"), path
            assert (detail in policy.RULES) == (action in ("withhold", "omit", "pseudonym")), path


def test_who_may_see_less_never_sees_more():
    order = ("keep", "small", "cell", "month", "pseudonym", "omit", "withhold")
    for path, row in policy.POLICY.items():
        ranks = [order.index(cell.partition(" ")[0]) for cell in row]
        assert ranks == sorted(ranks), path
