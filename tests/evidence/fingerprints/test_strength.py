"""Routes to a likelihood ratio, the validated cap, the scales, and what follows for a population."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evidence.fingerprints import TESTS, InvalidInputs, binomial, prevalence, recompute, scales, strength

# --- Bayes factor -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "gamma", "expected"),
    [
        (64_239, 248_201, 0.25, 19.65),
        (59, 201, 0.25, -0.58),
        (53, 201, 0.25, -1.10),
        (26_081, 105_401, 0.25, -3.11),
        (16, 16, 0.5, 3.89),
    ],
)
def test_bayes_factors_under_the_declared_prior(k, n, gamma, expected):
    assert strength.log10_bayes_factor(k, n, gamma) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(("k", "n", "gamma"), [(16, 16, 0.5), (59, 201, 0.25), (0, 40, 0.1), (64_239, 248_201, 0.25)])
def test_the_bayes_factor_is_the_integral_over_its_prior(k, n, gamma):
    def ratio(rate):
        return mpmath.exp(k * mpmath.log(rate / null) + (n - k) * mpmath.log((1 - rate) / (1 - null)))

    with mpmath.workdps(40):
        null = mpmath.mpf(gamma)
        around = [k / n + step for step in (-0.01, 0, 0.01)]  # where the integrand is concentrated
        integral = mpmath.quad(ratio, [null, *(rate for rate in around if gamma < rate < 1), 1])
        exact = mpmath.log10(integral / (1 - null))
    assert strength.log10_bayes_factor(k, n, gamma) == pytest.approx(float(exact), abs=1e-7)


def test_the_bayes_factor_holds_where_its_tail_underflows():
    # none green of n: the integral of (1 - p)^n from gamma to 1, by hand, leaves 1 / (n + 1)
    assert strength.log10_bayes_factor(0, 10**12, 0.25) == pytest.approx(-math.log10(10**12 + 1))


# --- p alone ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "at_most", "e_value"),
    [
        (0.05, 2.4560, 2.23607),
        (0.01, 7.98840, 5.0),
        (0.001, 53.2560, 15.8114),
        (1e-5, 3195.36, 158.114),
        (1e-10, 1.59768e8, 5e4),
    ],
)
def test_what_a_p_alone_allows(p, at_most, e_value):
    assert 10 ** strength.log10_at_most(math.log10(p)) == pytest.approx(at_most, rel=1e-5)
    assert 10 ** strength.log10_e_value(math.log10(p)) == pytest.approx(e_value, rel=1e-5)


@given(st.floats(-5_000, 0))
def test_the_bound_is_never_below_one_and_never_below_the_calibrator(log10_p):
    bound = strength.log10_at_most(log10_p)
    assert bound >= 0
    assert strength.log10_e_value(log10_p) <= bound + 1e-12


# --- cap --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("controls", "fpr_upper"),
    [(300, 0.0099360), (1_000, 0.00299124), (3_000, 0.000998080), (10_000, 0.000299528), (24_000, 0.000124815)],
)
def test_the_cap_is_what_clean_controls_carry(controls, fpr_upper):
    assert strength.fpr_upper(0, controls) == pytest.approx(1 - 0.05 ** (1 / controls), rel=1e-9)
    assert strength.fpr_upper(0, controls) == pytest.approx(fpr_upper, rel=1e-5)
    assert 10 ** strength.log10_cap(controls, 0, 0, 0) == pytest.approx(1 / fpr_upper, rel=1e-5)


def test_the_cap_counts_false_alarms_and_misses_and_ends_at_a_million():
    assert 10 ** strength.log10_cap(1_000, 0, 0, 0) == pytest.approx(334, abs=1)
    assert strength.log10_cap(1_000, 3, 0, 0) < strength.log10_cap(1_000, 0, 0, 0)
    assert (
        strength.log10_cap(1_000, 0, 20, 10) < strength.log10_cap(1_000, 0, 20, 20) < strength.log10_cap(1_000, 0, 0, 0)
    )
    assert strength.log10_cap(10**9, 0, 0, 0) == 6
    assert strength.log10_cap(0, 0, 0, 0) == strength.log10_cap(10, 10, 0, 0) == 0


OPEN = [(test.id, route) for test in TESTS.values() for route in test.routes if route != "densities"]


@pytest.mark.parametrize(("test_id", "route"), [*OPEN, ("canary", "densities")])
def test_every_route_is_named_and_capped(test_id, route):
    inputs = {**TESTS[test_id].example, "route": route, "validation": {"controls": 300}}
    result = recompute(test_id, inputs)
    assert result.lr_route == route
    assert result.lr_called == strength.ROUTES[route].called
    assert result.log10_lr_reported <= result.log10_lr_cap == pytest.approx(math.log10(1 / 0.009936), abs=1e-4)


def test_a_route_that_the_test_does_not_take_is_refused():
    with pytest.raises(
        InvalidInputs, match=r"`route` is densities; for Behavioural template distance there are: e_value"
    ):
        recompute("behaviour-distance", {"distance": 1.0, "controls": [2.0], "route": "densities"})
    with pytest.raises(InvalidInputs, match="do not declare what it needs"):
        recompute("green-list", {**TESTS["green-list"].example, "route": "densities"})


# --- scales -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lr", "words"),
    [
        (1, "no"),
        (1.9, "no"),
        (2, "weak"),
        (10, "moderate"),
        (100, "moderately strong"),
        (1_000, "strong"),
        (10_000, "very strong"),
        (999_999, "very strong"),
        (1_000_000, "extremely strong"),
    ],
)
def test_the_scale_of_likelihood_ratios(lr, words):
    assert scales.scale("enfsi-2015").words(math.log10(lr)) == words


@pytest.mark.parametrize(
    ("probability", "likelihood", "chance"),
    [
        (0.03, "almost no chance", "remote"),
        (0.05, "very unlikely", "highly improbable"),
        (0.30, "unlikely", "improbable"),
        (0.50, "roughly even chance", "roughly even odds"),
        (0.55, "likely", "probable"),
        (0.94, "very likely", "highly probable"),
        (0.97, "almost certain", "nearly certain"),
    ],
)
def test_the_two_rows_of_icd_203_are_two_scales(probability, likelihood, chance):
    assert scales.scale("icd-203-likelihood").words_for_probability(probability) == likelihood
    assert scales.scale("icd-203-probability").words_for_probability(probability) == chance


def test_the_tables_of_stix_and_the_admiralty_code():
    def confidences(name):
        return [step.confidence for step in scales.scale(name).steps]

    assert confidences("stix-admiralty") == [90, 70, 50, 30, 10, None]
    assert confidences("stix-dni") == [5, 15, 30, 50, 70, 85, 95]
    assert [step.code for step in scales.scale("admiralty-source").steps] == list("ABCDEF")
    assert [step.code for step in scales.scale("admiralty-information").steps] == list("123456")


def test_every_scale_names_its_source_and_is_called_as_its_file():
    assert len(scales.names()) == 7
    for name in scales.names():
        scale = scales.scale(name)
        assert scale.id == name
        assert scale.source
        assert scale.rule


def test_a_result_names_the_scale_of_its_words():
    assert recompute("green-list", TESTS["green-list"].example).scale == scales.LR_SCALE


# --- populations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("population", "bad", "fpr", "ppv", "wronged"),
    [
        (5_000_000, 24_000, 1e-3, 0.812763, 4976),
        (5_000_000, 24_000, 1e-4, 0.977479, 497.6),
        (5_000_000, 24_000, 1e-5, 0.997702, 49.76),
        (5_000_000, 240, 1e-3, 0.0414129, 4999.76),
        (1_000_000, 24_000, 0.003, 0.880626, 2928),
    ],
)
def test_who_is_wronged_when_everybody_is_tested(population, bad, fpr, ppv, wronged):
    found = prevalence.flagged(population, bad, 0.9, fpr)
    assert found.ppv == pytest.approx(ppv, rel=1e-5)
    assert found.wrongly == pytest.approx(wronged)


@pytest.mark.parametrize(
    ("prior", "lr", "after"),
    [
        (0.0048, 100, 0.325379),
        (0.0048, 1e4, 0.979690),
        (0.0048, 1e6, 0.999793),
        (0.001, 100, 0.0909918),
        (0.001, 1e4, 0.909174),
        (0.001, 1e6, 0.999002),
    ],
)
def test_what_a_prior_makes_of_a_ratio(prior, lr, after):
    assert prevalence.posterior(prior, math.log10(lr)) == pytest.approx(after, rel=1e-5)


def test_chance_hits_among_thousands_of_innocents():
    assert prevalence.false_hits(24_000, 4) == pytest.approx(0.760110, rel=1e-5)
    assert prevalence.false_hits(5_000_000, 4) == pytest.approx(158.356, rel=1e-5)
    assert prevalence.critical_z(0.01, 24_000) == pytest.approx(4.93, abs=0.005)
    assert prevalence.critical_z(0.05, 24_000) == pytest.approx(4.60, abs=0.01)
    assert binomial.upper_bound(0, 400) == pytest.approx(0.0074614, abs=5e-8)
