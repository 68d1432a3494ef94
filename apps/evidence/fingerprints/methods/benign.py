"""What the tests of traffic share: benign traffic to compare with, and the words of their results."""

from typing import Any

BENIGN = {
    "matched": "The benign traffic is of the same product, period and kind of customer as the traffic in question.",
    "held_out": "The benign traffic was not used to choose the method, its threshold or its features.",
}
WORDS: dict[str, Any] = {
    "family": "traffic",
    "proposition": "the traffic explores the model",
    "alternative": "it is ordinary use",
    "validation_study": "Named with each run: labelled benign traffic, with hard cases such as benchmarks and batch "
    "work.",
    "error_rate": "One-sided 95 % bounds from labelled benign and hostile traffic; they cap the reported strength.",
    "limits": "Benchmarks, batch work, data labelling and products with many users look like exploration; an "
    "attacker who "
    "mixes in ordinary queries looks like a customer.",
    "acceptance": "Published; results on language-model traffic differ much from the original ones on images.",
}
AVERAGED = (
    "averaged over 14 pairs of attacker and normal traffic and three seeds at a window of 1,500 queries, on public "
    "datasets and not on customers (arXiv:2606.05725)"
)
