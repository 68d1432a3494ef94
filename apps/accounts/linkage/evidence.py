"""What linkage reads and what it answers: plain arrays, so that it runs on anything that can fill them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

# The kinds of value that accounts may share; `Evidence.kind` holds the place in this list.
KINDS = (
    "email", "email_domain", "email_pattern", "phone", "payment", "device", "api_key", "ip_prefix", "asn",
    "user_agent", "template", "tool_schema", "other",
)  # fmt: skip

# Kinds that stand or fall together are one family, and count once however many of them agree.
FAMILY = {
    "email": "naming",  # one script makes up addresses, their domain and their pattern
    "email_domain": "naming",
    "email_pattern": "naming",
    "phone": "telephone",  # numbers are recycled and rented by the minute: weak
    "payment": "payment",
    "device": "device",
    "user_agent": "device",  # says what the device says, only less
    "api_key": "key",
    "ip_prefix": "network",  # a block lies in one autonomous system: the second says nothing new
    "asn": "network",
    "template": "content",  # one program sends the prompts and declares the tools
    "tool_schema": "content",
    "other": "other",
}
RHYTHM = "rhythm"
FAMILIES = (*dict.fromkeys(FAMILY.values()), RHYTHM)

STRONG = ("payment", "device", "api_key")  # each is enough to call two accounts one hand, within the guards
SYNCHRONY = -1  # stands for the rhythm where a value is expected

# What may explain a ring innocently: a contract or permission, or that its accounts give the same organisation.
EXPLAINED = ("", "allowed", "organisation")

HOWS = ("strong", "merged", "attached", "synchrony", "confirmed")

FAMILY_OF_KIND = np.array([FAMILIES.index(FAMILY[kind]) for kind in KINDS], np.uint8)
IS_STRONG = np.array([kind in STRONG for kind in KINDS])


@dataclass(frozen=True)
class Elsewhere:
    """Of a part of the population: what the accounts that are not in it hold. For incremental runs.

    All rings are in the part, each as one row (see `Evidence.stands_for`). Settled accounts are outside every ring and
    were opened before `Found.settled_before` of the last full run.
    """

    accounts: int = 0
    settled: int = 0
    holders: np.ndarray | None = None  # int[V]
    settled_holders: np.ndarray | None = None  # int[V]
    settled_before: float | None = None  # days since 1970


@dataclass(frozen=True)
class Evidence:
    """Who holds what: A accounts, V values, E edges in any order. Doubled edges count once.

    `accounts` holds ids in ascending order, one row each: the order of everything that comes out follows from it.
    `opened` is in days since 1970, nan where unknown. `trusted` are never joined by themselves: an old account with a
    verified payer shares a card with a ring because the card was stolen. `organisation` is a code or -1; `allowed`
    says that a contract or permission covers what the account does. Both explain a ring, neither hides it.

    In an incremental run a row may stand for a whole ring: `stands_for` counts its accounts, `times` on an edge those
    of them that hold the value.
    """

    accounts: np.ndarray  # uint8[A, 16]
    holder: np.ndarray  # int32[E]
    value: np.ndarray  # int32[E]
    kind: np.ndarray  # uint8[V]
    key: np.ndarray  # uint64[V]
    opened: np.ndarray | None = None  # float64[A]
    trusted: np.ndarray | None = None  # bool[A]
    organisation: np.ndarray | None = None  # int32[A]
    allowed: np.ndarray | None = None  # bool[A]
    stands_for: np.ndarray | None = None  # int32[A]; None: one each
    times: np.ndarray | None = None  # int32[E]; None: one each
    elsewhere: Elsewhere = field(default_factory=Elsewhere)

    def __post_init__(self) -> None:
        size, values = len(self.accounts), len(self.kind)
        for name, length in {
            "opened": size, "trusted": size, "organisation": size, "allowed": size,
            "stands_for": size, "key": values, "value": len(self.holder), "times": len(self.holder),
        }.items():  # fmt: skip
            column = getattr(self, name)
            if column is not None and len(column) != length:
                raise ValueError(f"{name} has {len(column)} rows where {length} are wanted.")
        if len(self.holder) and (self.holder.min() < 0 or self.holder.max() >= size):
            raise ValueError("An edge names an account that is not there.")
        if len(self.value) and (self.value.min() < 0 or self.value.max() >= values):
            raise ValueError("An edge names a value that is not there.")

    def __len__(self) -> int:
        return len(self.accounts)


@dataclass(frozen=True)
class Rhythm:
    """Requests per account and hour, where there were any: three columns of one length.

    Hour 0 is the beginning of the period, which has `hours` of them; rows sorted by account are quicker.
    """

    account: np.ndarray  # int32
    hour: np.ndarray  # int
    count: np.ndarray  # int
    hours: int
    week: np.ndarray | None = None  # float64[168]: what accounts outside rings do by hour of the week; None: found out
    of_rings: "Centroids | None" = None  # of the rows that stand for rings


@dataclass(frozen=True)
class Centroids:
    """The rhythm of rings over the period: sums of their accounts' residuals, and how many accounts that were."""

    row: np.ndarray  # int: the row of the evidence, or the number of the ring
    total: np.ndarray  # float32[rings, hours]
    tested: np.ndarray  # int[rings]


@dataclass(frozen=True)
class Ties:
    """What people said of edges, as (account, value); account None means everybody who holds the value.

    The value SYNCHRONY with an account cuts it off from every ring that its rhythm alone would put it into.
    """

    cut: list[tuple[int | None, int]] = field(default_factory=list)
    confirmed: list[tuple[int | None, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Settings:
    """Every threshold. They were chosen before and on the tuning seeds 1 to 9, never on seeds that are scored."""

    hub: int = 200  # a strong value with more holders belongs to a shop or a farm: ignored
    least: int = 8  # accounts in a ring; fewer are a family or a team
    rare: float = 1e-3  # share of the settled accounts outside suspected rings that may hold a value that counts
    held: float = 0.05  # share of a ring's accounts that holds a weak value, before it is the ring's own
    settled_days: float = 14.0  # an account is settled that was opened so much before ...
    newest: float = 0.05  # ... all but this share of the suspects
    families: int = 2  # of evidence for a merger
    supporters: int = 6  # accounts that carry a merger
    kinds: int = 2  # of rare values that attach a single account
    concentrated: float = 0.9  # share of a value's suspected holders in the ring that it attaches to
    ours: float = 0.2  # share of all holders of a value in the ring that it attaches to
    part: int = 10  # accounts on either side of a bridge that is not to be trusted
    older_days: float = 180.0  # older than a ring by so much, and tied by a card alone: robbed rather than member
    covered: float = 0.8  # share of a ring that an innocent reason must cover
    queries: int = 50  # of an account before its rhythm says anything
    together: float = 0.5  # correlation with a ring's rhythm that attaches an account
    reported: float = 0.35  # the same with one rare value to support it
    in_step: float = 0.6  # correlation of the rhythms of two rings that counts as a family of evidence
    days: int = 5  # between an account's first and last request before its rhythm says anything
    spread: float = 24.0  # hours over which its requests are spread, as 1 / sum of squared shares
    draws: int = 199  # groups drawn for the test of a ring's rhythm
    seed: int = 20260504

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Links:
    """The edges that hold rings together, as columns: an account holds a value that others of its ring hold too."""

    account: np.ndarray  # int32
    value: np.ndarray  # int32; SYNCHRONY for the rhythm
    ring: np.ndarray  # int32
    members: np.ndarray  # int32: accounts of the ring that hold the value
    background_rate: np.ndarray  # float64: share of the accounts outside rings that hold it, 0 to 1
    weight: np.ndarray  # float64, bits: log2 of the rate in the ring over the rate outside
    family: np.ndarray  # uint8: place in FAMILIES
    kind: np.ndarray  # uint8: place in KINDS; len(KINDS) for the rhythm

    def __len__(self) -> int:
        return len(self.account)


@dataclass(frozen=True)
class Found:
    """Rings, and why. Rings are numbered by size, then by their first account."""

    ring: np.ndarray  # int32[A], -1: none
    how: np.ndarray  # uint8[A]: place in HOWS
    probability: np.ndarray  # float64[A]: that it belongs to its ring; 0 without a ring
    synchrony: np.ndarray  # float32[A]: correlation with the rhythm of its ring, nan where not tested
    links: Links
    measures: list[dict[str, Any]]
    settled_before: float | None  # days since 1970: who was opened before is background, None: everybody outside rings
    week: np.ndarray | None  # float64[168]: what accounts outside rings do by hour of the week
    centroids: Centroids | None
    split: list[tuple[int, int, int, int]]  # (account, value, size on one side, on the other): bridges not trusted

    @property
    def rings(self) -> int:
        return len(self.measures)
