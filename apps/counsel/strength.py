"""How strong a theory is: as strong as the weakest element that it cannot do without (R11), in words before figures.

Pure: no database, no Django.
"""

from collections.abc import Iterable
from typing import NamedTuple

ORDER = ("missing", "weak", "arguable", "strong")


class Weighed(NamedTuple):
    """An element as it was weighed."""

    name: str
    strength: str
    is_necessary: bool


class Overall(NamedTuple):
    """What becomes of a theory with such elements."""

    strength: str
    because: tuple[str, ...]  # the names of its weakest elements
    sentence: str


def overall(elements: Iterable[Weighed]) -> Overall:
    """Of the elements that the theory cannot do without; there is at least one."""
    needed = [element for element in elements if element.is_necessary]
    strength = min((element.strength for element in needed), key=ORDER.index)
    because = tuple(element.name for element in needed if element.strength == strength)
    return Overall(strength, because, _sentence(strength, because))


def _sentence(strength: str, because: tuple[str, ...]) -> str:
    names = _listed(because)
    return {
        "missing": f"It cannot be pleaded as it stands: nothing carries {names}.",
        "weak": f"It is weak, because {names} {'is' if len(because) == 1 else 'are'}.",
        "arguable": f"It can be argued; what it rests on least is {names}.",
        "strong": "Every element that it needs is strong.",
    }[strength]


def _listed(names: tuple[str, ...]) -> str:
    quoted = [f"“{name}”" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
