"""Small worlds for linkage: rings that share cards, devices, a prompt and an address pattern, among strangers."""

from dataclasses import dataclass, field

import numpy as np

from apps.accounts import linkage

STRANGERS = 400  # enough that one more or less changes no rate across a threshold


@dataclass
class World:
    """Who holds which (kind, name), by account; names of accounts are their ids."""

    held: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    trusted: set[int] = field(default_factory=set)
    opened: dict[int, float] = field(default_factory=dict)

    def evidence(self, order: np.random.Generator | None = None) -> tuple[linkage.Evidence, list[int], list]:
        """(evidence, its accounts, its values); `order` shuffles rows and the numbers of values."""
        names = sorted(self.held)
        values = sorted({value for held in self.held.values() for value in held})
        if order is not None:
            values = [values[i] for i in order.permutation(len(values))]
        place = {value: i for i, value in enumerate(values)}
        rows = [(i, place[value]) for i, name in enumerate(names) for value in sorted(self.held[name])]
        if order is not None:
            rows = [rows[i] for i in order.permutation(len(rows))]
        holder, value = np.array(rows, np.int32).reshape(-1, 2).T
        return (
            linkage.Evidence(
                accounts=np.array([list(name.to_bytes(16)) for name in names], np.uint8),
                holder=holder,
                value=value,
                kind=np.array([linkage.KINDS.index(kind) for kind, _ in values], np.uint8),
                key=np.array([hash_of(value) for value in values], np.uint64),
                opened=np.array([self.opened.get(name, np.nan) for name in names]),
                trusted=np.array([name in self.trusted for name in names]),
            ),
            names,
            values,
        )


def hash_of(value: tuple[str, str]) -> int:
    return int.from_bytes(f"{value[0]}{value[1]}".encode()[-8:].rjust(8, b"\0"))


def world(sizes: list[int], seed: int = 1, strangers: int = STRANGERS) -> World:
    """Rings of these sizes, of which three in four hang together by cards and devices, and single strangers.

    Accounts are named 1000 r + i for ring r, and from 1,000,000 on for strangers.
    """
    random, made = np.random.default_rng(seed), World()
    for r, size in enumerate(sizes):
        for i in range(size):
            held = {("email_pattern", f"r{r}"), ("template", f"t{r}")}
            if i < max(8, size * 3 // 4):  # a chain of cards and devices, each of two or three accounts
                held |= {("payment", f"r{r}c{i // 2}"), ("device", f"r{r}d{(i + 1) // 2}")}
            held.add(("ip_prefix", f"proxy{random.integers(40)}"))
            made.held[1000 * (r + 1) + i] = held
            made.opened[1000 * (r + 1) + i] = 20_000.0 + random.random() * 5
    for i in range(strangers):
        name = 1_000_000 + i
        made.held[name] = {("payment", f"s{i}"), ("device", f"s{i}"), ("user_agent", f"ua{random.integers(3)}")}
        if random.random() < 0.2:
            made.held[name].add(("ip_prefix", f"proxy{random.integers(40)}"))
        made.opened[name] = 19_000.0 + random.random() * 900
    return made


def rings_of(found: linkage.Found, names: list[int]) -> set[frozenset[int]]:
    """Rings as sets of names."""
    return {frozenset(names[i] for i in np.flatnonzero(found.ring == r).tolist()) for r in range(found.ring.max() + 1)}


def search(made: World, **how) -> set[frozenset[int]]:
    evidence, names, _ = made.evidence()
    return rings_of(linkage.find(evidence, **how), names)
