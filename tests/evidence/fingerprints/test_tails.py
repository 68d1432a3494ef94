"""Exact tails against sums of their terms, against mpmath where double precision ends, and on their edges."""

import math
from bisect import bisect_left

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evidence.fingerprints import binomial, gamma_tails, proportions, ranks
from apps.evidence.fingerprints.schema import InvalidInputs

# --- binomial ---------------------------------------------------------------------------------------------------------


def log10_tail_by_mpmath(k: int, n: int, rate: float, depth: int = 3_000) -> float:
    """The first term over the incomplete beta function's continued fraction, from its depth upwards, in 60 digits."""
    with mpmath.workdps(60):
        p, a, b = mpmath.mpf(rate), mpmath.mpf(k), mpmath.mpf(n - k + 1)
        fraction = mpmath.mpf(1)
        for m in range(depth, -1, -1):
            if m:
                even = m * (b - m) * p / ((a + 2 * m - 1) * (a + 2 * m))
                odd = -(a + m) * (a + b + m) * p / ((a + 2 * m) * (a + 2 * m + 1))
                fraction = 1 + even / (1 + odd / fraction)
            else:
                fraction = 1 - (a + b) * p / (a + 1) / fraction
        ln = mpmath.loggamma(n + 1) - mpmath.loggamma(k + 1) - mpmath.loggamma(n - k + 1)
        ln += a * mpmath.log(p) + b * mpmath.log(1 - p) - mpmath.log(fraction)
        return float(ln / mpmath.log(10))


@given(st.integers(1, 200), st.data())
def test_tails_agree_with_the_sum_of_their_terms(n, data):
    k = data.draw(st.integers(0, n))
    rate = data.draw(st.sampled_from([0.05, 0.25, 0.5, 0.9]))
    terms = [math.comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in range(k, n + 1)]
    assert binomial.upper_tail(k, n, rate) == pytest.approx(math.fsum(terms), rel=1e-8, abs=0)
    assert binomial.log10_upper_tail(k, n, rate) == pytest.approx(math.log10(math.fsum(terms)), abs=1e-8)


@pytest.mark.parametrize(
    ("k", "n", "rate"),
    [
        (248_201, 248_201, 0.25),
        (30_000, 100_000, 0.25),
        (500, 1_000, 1e-6),
        (60, 1_080, 0.001),
        (260_000_000, 10**9, 0.25),
        (250_025_000_000, 10**12, 0.25),
        (250_005_000_000, 10**12, 0.25),
    ],
)
def test_tails_below_and_above_the_smallest_float_keep_their_digits(k, n, rate):
    assert binomial.log10_upper_tail(k, n, rate) == pytest.approx(log10_tail_by_mpmath(k, n, rate), rel=1e-10)


@given(st.integers(1, 10**9), st.sampled_from([1e-6, 0.25, 0.999]))
def test_none_and_all_are_the_edges(n, rate):
    assert binomial.upper_tail(0, n, rate) == 1
    assert binomial.log10_upper_tail(0, n, rate) == 0
    assert binomial.log10_upper_tail(n, n, rate) == pytest.approx(n * math.log10(rate), rel=1e-9)
    assert binomial.ln_lower_tail(n, n, rate) == 0
    assert binomial.ln_lower_tail(0, n, rate) == pytest.approx(n * math.log1p(-rate), rel=1e-9)


def test_a_tail_below_what_one_minus_cdf_can_tell_from_zero():
    assert 0 < binomial.upper_tail(600, 1000, 0.35) < 1e-50


@given(st.integers(1, 10**6), st.data())
def test_the_probability_of_one_count_agrees_with_mpmath(n, data):
    k = data.draw(st.integers(0, n))
    with mpmath.workdps(40):
        exact = (
            mpmath.log(mpmath.binomial(n, k))
            + k * mpmath.log(mpmath.mpf(0.3))
            + (n - k) * mpmath.log(1 - mpmath.mpf(0.3))
        )
    assert binomial.ln_probability(k, n, 0.3) == pytest.approx(float(exact), rel=1e-11, abs=1e-11)


def test_the_interval_is_exact():
    assert binomial.interval(0, 20) == pytest.approx((0, 1 - 0.025 ** (1 / 20)))
    assert binomial.interval(20, 20) == pytest.approx((0.025 ** (1 / 20), 1))
    assert binomial.interval(8, 40) == pytest.approx((0.0905, 0.3565), abs=5e-5)


@pytest.mark.parametrize("alpha", [1e-30, 1e-9, 1e-5, 0.01, 0.5])
@pytest.mark.parametrize("rate", [0.001, 0.25, 0.9])
@pytest.mark.parametrize("n", [1, 5, 50, 1_000, 248_201, 10**9])
def test_the_critical_count_is_the_first_that_rejects(n, rate, alpha):
    first = bisect_left(range(n + 1), True, key=lambda k: bool(binomial.upper_tail(k, n, rate) <= alpha))
    assert binomial.critical_count(n, rate, alpha) == first


def test_arrays_give_what_single_counts_give():
    k, n = np.array([0, 5, 10, 900, 1_000]), np.array([10, 10, 10, 1_000, 1_000])
    together = binomial.log10_upper_tail(k, n, 0.25)
    assert list(together) == [binomial.log10_upper_tail(a, b, 0.25) for a, b in zip(k, n, strict=True)]


# --- gamma ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("s", "n"), [(150.0, 100), (60.0, 40), (1.0, 1), (0.01, 3), (9_000.0, 100), (10_000.0, 4_000), (1.05e9, 10**9)]
)
def test_gamma_tails_agree_with_mpmath(s, n):
    with mpmath.workdps(50):
        if n <= 4_000:
            exact = mpmath.log(mpmath.gammainc(n, s, mpmath.inf, regularized=True), 10)
        else:  # the first term over its continued fraction's limit, far out: s / (s - n + 1 - n s / (s - n + 3)^2 ...)
            fraction = mpmath.mpf(s) + 1 - n + 2 * 2_000
            for i in range(2_000, 0, -1):
                fraction = mpmath.mpf(s) + 1 - n + 2 * (i - 1) + mpmath.mpf(i) * (n - i) / fraction
            ln = n * mpmath.log(s) - s - mpmath.loggamma(n) - mpmath.log(fraction)
            exact = ln / mpmath.log(10)
    assert gamma_tails.log10_upper_tail(s, n) == pytest.approx(float(exact), rel=1e-9)


@pytest.mark.parametrize(("s", "n"), [(150.0, 100), (10.0, 100_000), (40.0, 40), (2_000.0, 100)])
def test_the_bayes_factor_of_a_gamma_score_is_its_integral(s, n):
    with mpmath.workdps(60):
        mass = mpmath.gammainc(n + 1, 0, s, regularized=True)
        ln = s + mpmath.loggamma(n + 1) + mpmath.log(mass) - (n + 1) * mpmath.log(s)
    assert gamma_tails.log10_bayes_factor(s, n) == pytest.approx(float(ln / mpmath.log(10)), rel=1e-9)


def test_the_interval_of_a_mean_of_exponentials_inverts_its_tails():
    low, high = gamma_tails.scale_interval(150.0, 100)
    assert 10 ** gamma_tails.log10_upper_tail(150.0 / low, 100) == pytest.approx(0.025)
    assert 10 ** gamma_tails.log10_upper_tail(150.0 / high, 100) == pytest.approx(0.975)


# --- tables -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.integers(1, 20), st.booleans())
def test_fishers_test_is_the_sum_over_tables(k1, k2, more1, more2, two_sided):
    n1, n2, total = k1 + more1, k2 + more2, k1 + k2

    def weight(k: int) -> int:
        return math.comb(n1, k) * math.comb(n2, total - k)

    tables = range(max(0, total - n2), min(n1, total) + 1)
    extreme = [k for k in tables if (weight(k) <= weight(k1) if two_sided else k >= k1)]
    exact = sum(weight(k) for k in extreme) / math.comb(n1 + n2, total)
    found = proportions.fisher(k1, n1, k2, n2, two_sided=two_sided)
    assert found.value == pytest.approx(exact, rel=1e-9, abs=0)
    assert found.floor <= found.value


def test_a_huge_table_is_refused_and_not_enumerated():
    with pytest.raises(InvalidInputs, match=r"would enumerate .* tables"):
        proportions.compare(3, 10**12, 10**11, 10**12)


def test_a_difference_of_rates_has_newcombes_interval():
    # Newcombe 1998, Statistics in Medicine 17, table II: 56/70 and 48/80, method 10
    assert proportions.difference_interval(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_two_samples_without_variance_differ_by_nothing():
    assert proportions.pooled_z(0, 10, 0, 20) == proportions.pooled_z(10, 10, 20, 20) == 0


# --- ranks ------------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=60), st.floats(-100, 100))
def test_a_rank_p_lies_between_its_floor_and_one(controls, score):
    high, low = ranks.tail(score, controls, ""), ranks.tail(score, controls, "", small=True)
    assert 1 / (1 + len(controls)) == high.floor <= high.value <= 1
    assert high.value + low.value >= 1


def test_ties_count_against_the_proposition():
    assert ranks.tail(0.1 + 0.2, [0.3, 0.3], "").value == 1
