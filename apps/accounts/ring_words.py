"""Rings in words: what holds one together, why an account is in it, and what speaks against that. Pure.

Suspicion, not guilt: every sentence says what is on record, and none what somebody did.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from apps.accounts.models import Link, Ring, RingMember
from apps.accounts.models.rings import THINGS
from apps.core.ui.formats import counted, number, p_value

FAMILIES = {
    "naming": "naming",
    "telephone": "telephone",
    "payment": "payment",
    "device": "device",
    "key": "API key",
    "network": "network",
    "content": "prompts",
    "rhythm": "rhythm",
    "other": "other",
}
SURE = 0.8  # share of a ring that one value holds, from which on it is said
OLDER = 180  # days
CHANCE = 0.05
FEW = 2  # edges
UNSURE = 0.9
LISTED = 5  # parts that are named one by one


def thing(kind: str) -> str:
    return THINGS.get(kind, kind.replace("_", " "))


def rarity(rate: float) -> str:
    """A background rate as "1 in 76 000"."""
    return "nearly nobody" if rate <= 0 else f"1 in {number(round(1 / rate))}" if rate < 0.5 else "most"


def percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.01 or share == 0 else "under 1 %"


def families(ring: Ring) -> list[tuple[str, float]]:
    """Families of evidence with the share of members that each ties, largest first."""
    shares = ring.measures.get("families", {})
    return sorted(((FAMILIES.get(name, name), share) for name, share in shares.items()), key=lambda pair: -pair[1])


def summary(ring: Ring) -> str:
    """What it is, in sentences."""
    if ring.state == Ring.State.DISSOLVED:
        return "The accounts of this ring were last held together by edges that are no longer there."
    shares = families(ring)
    said = f"{counted(ring.size, 'account')} that seem to be operated together."
    if shares:
        named = [f"{name} ({percent(share)} of them)" for name, share in shares[:4]]
        said += f" They are tied by {_listed(named)}."
    if burst := ring.measures.get("sign_up_burst"):
        said += f" {percent(burst)} of them were opened within one day."
    if (together := ring.measures.get("synchrony")) is not None:
        said += f" The rhythm of their requests correlates with the ring's by {number(round(together, 2))} on average"
        tested = ring.measures.get("synchrony_p")
        floor = ring.measures.get("synchrony_p_floor")
        said += f" (p {_p(tested, floor)}, against groups of its size that nobody suspects)." if tested else "."
    return said


def _p(p: float, floor: float | None) -> str:
    text = p_value(p, floor)
    return text if text.startswith("<") else f"= {text}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def against(ring: Ring) -> list[str]:
    """What speaks against the ring as a whole."""
    measures, said = ring.measures, []
    if explained := measures.get("explained"):
        by = _EXPLAINED.get(explained.get("by"), "explained")
        said.append(f"{percent(explained.get('share', 1.0))} of its accounts are {by}.")
    if len(measures.get("families", {})) < 2:
        said.append("All that ties it is of one kind: several independent ones would be harder to explain by chance.")
    hub = measures.get("hub")
    if hub and measures.get("hub_share", 0) >= SURE:
        said.append(
            f"One {thing(hub['kind'])} is held by {percent(measures['hub_share'])} of it: "
            "if that is shared innocently, there is no ring."
        )
    if (p := measures.get("synchrony_p")) is not None and p > CHANCE:
        said.append("Its accounts are no more in step than groups of the same size that nobody suspects.")
    if measures.get("bridges"):
        worst = measures["bridges"][0]
        said.append(
            f"It hangs together by a bridge: without one {thing(worst['kind'])}"
            f" it falls into {in_parts(worst['parts'])}."
        )
    return said


_EXPLAINED = {
    "allowed": "under a contract or an authorisation on record",
    "organisation": "of one organisation",
    "reseller": "of one reseller",
}


def in_parts(sizes: list[int]) -> str:
    """[120, 31, 1, 1] as "parts of 120 and 31, and 2 single accounts"."""
    whole = [number(size) for size in sizes if size > 1]
    alone = sum(size == 1 for size in sizes)
    said = []
    if len(whole) > LISTED:
        whole = [*whole[:LISTED], f"{len(whole) - LISTED} smaller"]
    if whole:
        said.append(f"{'parts' if len(whole) > 1 else 'one part'} of {_listed(whole)}")
    if alone:
        said.append(counted(alone, "single account"))
    return ", and ".join(said) or "nothing"


def reasons(links: list[Link]) -> list[str]:
    """Why an account is in its ring, strongest first."""
    return [_reason(link) for link in sorted(links, key=lambda link: (-link.weight, link.kind, link.value_hmac))]


def _reason(link: Link) -> str:
    if link.kind == Link.SYNCHRONY:
        return "The rhythm of its requests follows the ring's, beyond what hours of the week explain."
    others = counted(max(link.members - 1, 0), "other account")
    outside = f"outside, {rarity(link.background_rate)} of all accounts has it"
    return f"It shares its {thing(link.kind)} with {others} of the ring; {outside}."


def way(ring: Ring | None, hops: Sequence[Any]) -> list[str]:
    """How one account leads to another; `hops` as in `queries.rings`."""
    if not ring:
        return ["They are in no ring together."]
    if not hops:
        return [f"Both are in {ring.ref}, and no edge on record leads from one to the other."]
    if len(hops) == 1:
        said = [_BY_RHYTHM if hops[0].by_rhythm else f"They share {_listed([_held(one) for one in hops[0].terms])}."]
    else:
        weakest = min(hops, key=lambda hop: hop.bits)
        bits = number(round(weakest.bits, 1))
        said = [
            f"They are linked over {counted(len(hops) - 1, 'other account')}, in {len(hops)} steps. A path is as strong"
            f" as its weakest step: from {weakest.start.ref} to {weakest.end.ref}, {bits} bits."
        ]
        said += [f"From {hop.start.ref} to {hop.end.ref}: {_BY_RHYTHM}" for hop in hops if hop.by_rhythm]
    return [*said, _BITS]


def _held(term: Any) -> str:
    return f"their {thing(term.kind)} (in the ring {number(term.members)}, outside {rarity(term.rate)})"


_BY_RHYTHM = (
    "No value that counts leads from one to the other. The rhythm of each one's requests follows the ring's, beyond"
    " what hours of the week explain: that ties each to the ring rather than to the other, and whoever works the same"
    " hours looks alike."
)
_BITS = (
    "One bit makes it twice as likely that accounts which share this are operated together, ten bits about a thousand"
    " times; of values of one family only the strongest counts."
)


def doubts(member: RingMember, links: list[Link], facts: dict[str, Any]) -> list[str]:
    """What speaks against an account's being in its ring.

    `facts`: `opened`, when half of the ring was opened; `authorisations` that cover it; `colleagues`, how many of the
    ring are of its organisation; `threshold`, below which a value counts as rare.
    """
    account, said = member.account, []
    if facts.get("authorisations"):
        said.append(f"An authorisation covers it: {_listed([str(one) for one in facts['authorisations']])}.")
    if account.contract:
        said.append(f"It is under a contract on record: {account.contract}.")
    if account.payer_verified:
        said.append("Its payer is verified.")
    older = _days_before(account.opened_at, facts.get("opened"))
    if older >= OLDER:
        said.append(
            f"It was opened {number(older)} days before half of the ring:"
            " who is robbed of a card or a key is tied to a ring as well."
        )
    if account.organisation and facts.get("colleagues", 0) > 1:
        said.append(
            f"{counted(facts['colleagues'], 'account')} of the ring are of its organisation, {account.organisation}: "
            "colleagues share networks and cards."
        )
    if links and all(link.kind == Link.SYNCHRONY for link in links):
        said.append("Only the rhythm of its requests ties it: whoever works the same hours looks alike.")
    elif len({link.family for link in links}) == 1:
        said.append(f"All that ties it is of one kind: {FAMILIES.get(links[0].family, links[0].family)}.")
    if 0 < len(links) <= FEW:
        said.append(f"{counted(len(links), 'edge')} {'ties' if len(links) == 1 else 'tie'} it, no more.")
    common = [link for link in links if link.value_hmac and link.background_rate > facts.get("threshold", 1e-3)]
    if common:
        said.append(f"Its {_listed(sorted({thing(link.kind) for link in common}))} is shared by many outside as well.")
    if member.probability < UNSURE:
        said.append(f"The linkage itself is not sure: {percent(member.probability)} on simulated campaigns.")
    return said


def _days_before(moment: datetime | None, other: datetime | date | None) -> int:
    return (other - moment).days if moment and isinstance(other, datetime) else 0
