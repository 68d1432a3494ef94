"""The pictures of a report draw what there is."""

from datetime import date, timedelta

import pytest

from apps.disclosures import figures

PALETTE = dict.fromkeys(("ink", "ink-2", "line", "line-2", "accent", "warn", "stop"), "#123456")


@pytest.mark.parametrize("days", [1, 2, 40, 400])
def test_activity_draws_each_day_with_activity(days):
    series = [(date(2026, 1, 15) + timedelta(n), n % 7) for n in range(days)]
    picture = figures.activity(series, [(date(2026, 1, 15), "Release <1>")], PALETTE)
    assert picture.count("<rect") == sum(1 for _, count in series if count)
    assert "Release &lt;1&gt;" in picture


def test_strength_has_a_bar_for_each_exhibit_and_a_tick_for_each_cap():
    picture = figures.strength([("E1", 2.4, 2.5), ("E2", -0.6, None)], PALETTE)
    assert picture.count("<rect") == 2
    assert picture.count('stroke-width="1.4"') == 1
    assert ">250<" in picture
    assert ">1/4.0<" in picture


@pytest.mark.parametrize("log10", [-20, -7, 0, 0.05, 5.99, 6, 6.01, 12, 300])
def test_any_ratio_can_be_drawn(log10):
    picture = figures.strength([("E1", log10, None)], PALETTE)
    assert picture.count('text-anchor="middle"') <= 10
    assert len(picture) < 6_000
