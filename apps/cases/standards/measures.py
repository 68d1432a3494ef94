"""What each measure does and how it is undone: data, read by pages, letters and the orders that carry measures out."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """`effect` and `rollback` are sentences; without a `rollback` nothing has to be undone."""

    effect: str
    rollback: str = ""
    by_systems: bool = False  # the provider's systems carry it out, account by account
    weighs: bool = False  # of high impact: a third person releases it, however few accounts it meets
    against: bool = True  # whether it is one against anybody


MEASURES: Mapping[str, Measure] = {
    "warn": Measure("The account holder is told what the terms ask of them. Nothing is restricted."),
    "challenge": Measure(
        "Each session has to pass a challenge before it goes on.", "The challenge is not asked any more.", True
    ),
    "limit": Measure("No more requests a day are answered than the limit says.", "The limit is lifted.", True),
    "degrade": Measure("Answers hold less, as the scope says.", "Answers come in full again.", True, weighs=True),
    "verify_identity": Measure(
        "The account holder is asked who they are. The account goes on meanwhile.", "The request is withdrawn.", True
    ),
    "suspend": Measure("Requests of the account and its keys are refused.", "The account is let in again.", True),
    "terminate": Measure(
        "The contract ends and the account is closed.",
        "The account is opened again, with its data as long as they are kept.",
        True,
        weighs=True,
    ),
    "region_block": Measure(
        "Requests of the account from the territory are refused.",
        "Requests from the territory are answered again.",
        True,
        weighs=True,
    ),
    "cease_and_desist": Measure("A party is asked to stop. Its accounts are left as they are."),
    "preserve": Measure("A party is asked to keep what bears on the matter."),
    "refer": Measure("The matter is handed to an authority."),
    "no_violation": Measure("Nothing is done: what was found breaks no clause.", against=False),
    "invalid_report": Measure("Nothing is done: what led here was no valid report.", against=False),
}

BY_SYSTEMS = tuple(name for name, measure in MEASURES.items() if measure.by_systems)
WEIGHTY = tuple(name for name, measure in MEASURES.items() if measure.weighs)
AGAINST_NOBODY = tuple(name for name, measure in MEASURES.items() if not measure.against)
