"""Numbers in words, never without the word that stood in front of them: “over 16 million exchanges”."""

from apps.core.ui.formats import number

GREAT = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
ORDERS = {
    10**2: "hundreds",
    10**3: "thousands",
    10**4: "tens of thousands",
    10**5: "hundreds of thousands",
    10**6: "millions",
    10**7: "tens of millions",
    10**8: "hundreds of millions",
    10**9: "billions",
    10**12: "trillions",
}
WORDS = {
    "exactly": "",
    "about": "about",
    "over": "over",
    "at_least": "at least",
    "under": "under",
    "at_most": "at most",
}


def say(qualifier: str, *, value: float | None, lower: float | None, upper: float | None, unit: str) -> str:
    """The number as it was given. An exact one says so only by having no other word."""
    if qualifier == "order" and lower is not None:
        return f"{ORDERS[int(lower)]} of {unit}" if lower in ORDERS else f"in the order of {great(lower)} {unit}"
    if qualifier == "between" and lower is not None and upper is not None:
        return f"between {great(lower)} and {great(upper)} {unit}"
    if value is None:
        raise ValueError(f"a number that is {qualifier} has a value")
    bounds = (
        f" ({great(lower)} to {great(upper)})"
        if qualifier == "about" and lower is not None and upper is not None
        else ""
    )
    return " ".join(filter(None, (WORDS[qualifier], great(value) + bounds, unit)))


def great(value: float) -> str:
    """16 000 000 as “16 million”, 28 800 000 as “28.8 million”, 24 000 as it is. Nothing is rounded away."""
    for size, word in GREAT:
        if abs(value) >= size and round(value / size, 2) * size == value:
            return f"{number(round(value / size, 2))} {word}"
    return number(value)
