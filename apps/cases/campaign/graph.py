"""The graph of a campaign, small enough to read whatever the number of accounts.

Its nodes are rings and what their accounts share, never accounts. A value that one ring alone shares is drawn together
with that ring's other values of its kind; a value that crosses rings is a node of its own, since it is what holds
them together. Places are computed here, so that the page, the paper and every reader see the same picture. Pure.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

CROSSING = 36  # values with a node of their own; further ones of a kind are one node
KINDS_EACH = 4  # nodes around a ring
WIDTH, HEIGHT = 1000, 700
GOLDEN = math.pi * (3 - math.sqrt(5))

Held = Sequence[tuple[str, str, str, int]]  # kind, value, ring, accounts


def build(held: Held, rings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`nodes` (`id`, `type`, `kind`, `label`, `values`, `accounts`, `x`, `y`, `r`) and `edges` (from, to, accounts)."""
    nodes = _ring_nodes(rings)
    if not nodes:
        return {"nodes": [], "edges": []}
    known = {str(ring["id"]) for ring in rings}
    by_value: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for kind, value, ring, accounts in held:
        if ring in known:  # one that came in the meantime is drawn the next time
            by_value[kind, value][ring] = accounts
    own, edges = _own(by_value)
    crossing, more_edges = _crossing(by_value)
    everything = nodes + own + crossing
    edges += more_edges
    _place({node["id"]: node for node in everything}, nodes, own, crossing, edges)
    return {"nodes": everything, "edges": [list(edge) for edge in edges]}


Edges = list[tuple[str, str, int]]


def _ring_nodes(rings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        _node(f"ring:{ring['id']}", "ring", "", ring["ref"], 0, ring["accounts"], state=ring["state"]) for ring in rings
    ]


def _own(by_value: dict[tuple[str, str], dict[str, int]]) -> tuple[list[dict[str, Any]], Edges]:
    """Of each ring and kind one node: the values that nobody else shares."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for (kind, _), holders in by_value.items():
        if len(holders) == 1:
            ((ring, accounts),) = holders.items()
            sums[ring, kind][0] += 1
            sums[ring, kind][1] += accounts
    nodes, edges = [], []
    each: dict[str, int] = defaultdict(int)
    for (ring, kind), (values, accounts) in sorted(sums.items(), key=lambda item: (-item[1][1], item[0])):
        if each[ring] < KINDS_EACH:
            each[ring] += 1
            node = _node(f"own:{ring}:{kind}", "own", kind, "", values, accounts)
            nodes.append(node)
            edges.append((f"ring:{ring}", node["id"], accounts))
    return nodes, edges


def _crossing(by_value: dict[tuple[str, str], dict[str, int]]) -> tuple[list[dict[str, Any]], Edges]:
    """Values that several rings hold, most accounts first."""
    found = sorted(
        ((kind, value, holders) for (kind, value), holders in by_value.items() if len(holders) > 1),
        key=lambda row: (-len(row[2]), -sum(row[2].values()), row[:2]),
    )
    nodes: dict[str, dict[str, Any]] = {}
    weights: dict[tuple[str, str], int] = defaultdict(int)
    for at, (kind, value, holders) in enumerate(found):
        key = f"value:{kind}:{value}" if at < CROSSING else f"more:{kind}"
        node = nodes.setdefault(key, _node(key, key.partition(":")[0], kind, value[:6] if at < CROSSING else "", 0, 0))
        node["values"] += 1
        node["accounts"] += sum(holders.values())
        for ring, accounts in holders.items():
            weights[f"ring:{ring}", key] += accounts
    return list(nodes.values()), [(ring, key, accounts) for (ring, key), accounts in weights.items()]


def _node(key: str, type_: str, kind: str, label: str, values: int, accounts: int, **more: Any) -> dict[str, Any]:
    node = {"id": key, "type": type_, "kind": kind, "label": label, "values": values, "accounts": accounts}
    return node | {"opens": ":other" not in key} | more


# --- places ----------------------------------------------------------------------------------------------------------


def _place(
    by_id: dict[str, dict[str, Any]],
    rings: list[dict[str, Any]],
    own: list[dict[str, Any]],
    crossing: list[dict[str, Any]],
    edges: Edges,
) -> None:
    """Rings on an oval, what is theirs outside of it, what crosses inside, near those who hold it."""
    largest = max(node["accounts"] for node in rings) or 1
    for node in by_id.values():
        node["r"] = round(5 + 25 * math.sqrt(min(node["accounts"] / largest, 1)), 1)
    angle = {ring["id"]: 2 * math.pi * at / len(rings) - math.pi / 2 for at, ring in enumerate(rings)}
    for ring in rings:
        _at(ring, angle[ring["id"]], 0.62)
    around: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for node in own:
        around[f"ring:{node['id'].split(':')[1]}"].append(node)
    wedge = 2 * math.pi / len(rings)
    for ring_id, nodes in around.items():
        for at, node in enumerate(nodes):
            spread = (at - (len(nodes) - 1) / 2) * min(wedge * 0.85 / len(nodes), 0.22)
            _at(node, angle[ring_id] + spread, 0.92)
    _place_inside(by_id, crossing, edges)


def _at(node: dict[str, Any], angle: float, share: float) -> None:
    node["x"] = round(WIDTH / 2 + math.cos(angle) * share * WIDTH * 0.47, 1)
    node["y"] = round(HEIGHT / 2 + math.sin(angle) * share * HEIGHT * 0.46, 1)


def _place_inside(by_id: dict[str, dict[str, Any]], crossing: list[dict[str, Any]], edges: Edges) -> None:
    pulls: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for ring, key, accounts in edges:
        if by_id[key]["type"] in ("value", "more"):
            pulls[key].append((by_id[ring]["x"], by_id[ring]["y"], accounts))
    for at, node in enumerate(crossing):
        total = sum(weight for *_, weight in pulls[node["id"]])
        x = sum(x * weight for x, _, weight in pulls[node["id"]]) / total
        y = sum(y * weight for _, y, weight in pulls[node["id"]]) / total
        reach = 18 * math.sqrt(at + 0.5)  # a sunflower: those with the same holders do not lie on each other
        node["x"] = round((x - WIDTH / 2) * 0.45 + WIDTH / 2 + reach * math.cos(at * GOLDEN), 1)
        node["y"] = round((y - HEIGHT / 2) * 0.45 + HEIGHT / 2 + reach * 0.8 * math.sin(at * GOLDEN), 1)
