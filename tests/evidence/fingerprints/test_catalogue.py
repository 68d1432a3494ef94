"""What holds of every test: declared in full, computable from its example, plain data, refused by field name."""

import json
import math
import subprocess
import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.evidence.fingerprints import TESTS, InvalidInputs, UnknownTest, code_sha256, discrepancies, recompute
from apps.evidence.fingerprints.schema import Result

EACH = pytest.mark.parametrize("test", TESTS.values(), ids=TESTS.keys())


@EACH
def test_every_test_says_what_a_court_asks(test):
    fields = ("publication", "validation_study", "error_rate", "standard", "acceptance", "limits", "null_hypothesis")
    assert all(getattr(test, name).strip() for name in fields)
    assert test.assumptions
    assert all(len(text.split()) > 2 for text in test.units.values())
    assert set(test.units) == set(test.inputs.__struct_fields__)


@EACH
def test_every_example_gives_a_plain_result_with_a_sentence(test):
    result = recompute(test.id, test.example)
    plain = json.loads(json.dumps(msgspec.to_builtins(result), allow_nan=False))
    assert msgspec.convert(plain, Result) == result
    assert recompute(test.id, test.example) == result  # resampling is seeded
    assert result.sentence.endswith(".")
    assert "  " not in result.sentence
    assert not any(word in result.sentence for word in ("nan", "None", "proved", "stole", "weights were"))
    assert result.published == list(test.published)
    if result.p_value is not None:
        assert 0 <= result.p_floor <= result.p_value <= 1
        assert result.p_method
        assert f"{test.chance} with probability" in result.sentence


@EACH
def test_every_test_can_be_described_to_a_form_or_a_program(test):
    schema = json.loads(json.dumps(test.json_schema))
    required = {name for name in schema["required"] if name in schema["properties"]}
    assert required <= set(test.example)
    assert json.loads(json.dumps(dict(test.example))) == test.example


@EACH
def test_no_test_takes_a_number_that_is_none(test):
    numbers = [name for name, value in test.example.items() if isinstance(value, float)]
    for name in numbers:
        for value in (math.nan, math.inf):
            with pytest.raises(InvalidInputs, match=name):
                recompute(test.id, {**test.example, name: value})
    with pytest.raises(InvalidInputs, match="unknown field `secret`"):
        recompute(test.id, {**test.example, "secret": "x"})
    with pytest.raises(InvalidInputs, match="`assumptions` names moonshine"):
        recompute(test.id, {**test.example, "assumptions": {"moonshine": "held"}})


@EACH
def test_an_assumption_that_is_violated_leaves_no_strength(test):
    violated = dict.fromkeys(test.assumptions, "violated")
    result = recompute(test.id, {**test.example, "assumptions": violated, "validation": {"controls": 10_000}})
    assert result.log10_lr_cap in (0, None)
    assert result.direction != "supports"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"green": 202}, "`green` is 202, more than `scored`, 201"),
        ({"scored": 0, "green": 0}, "`scored` is 0"),
        ({"scored": "201"}, r"Expected `int`, got `str` - at `\$\.scored`"),
        ({"scored": 201.5}, r"at `\$\.scored`"),
        ({"scored": 10**13}, r"at `\$\.scored`"),
        ({"scored": True}, r"at `\$\.scored`"),
        ({"green": -1}, r"at `\$\.green`"),
        ({"gamma": 1.0}, r"at `\$\.gamma`"),
        ({"gamma": 0.99}, "below 1"),
        ({"validation": {"controls": 1, "false_positives": 2}}, "validation.false_positives"),
        ({"validation": {"positives": 1, "detected": 2}}, "validation.detected"),
        ({"deviations": ["x"] * 51}, "deviations"),
    ],
)
def test_wrong_inputs_are_refused_by_name(wrong, message):
    with pytest.raises(InvalidInputs, match=message):
        recompute("green-list", {"scored": 201, "green": 59, "gamma": 0.25, "distinct": True, "key_id": "K"} | wrong)


def test_an_unknown_test_is_refused_with_those_there_are():
    with pytest.raises(UnknownTest, match="green-list"):
        recompute("astrology", {})


def test_the_inputs_digest_depends_on_values_and_not_on_their_order():
    example = TESTS["canary"].example
    one, other = recompute("canary", example), recompute("canary", dict(reversed(example.items())))
    assert one == other
    assert one.inputs_sha256 != recompute("canary", {**example, "emitted": 6}).inputs_sha256
    assert one.code_sha256 == code_sha256()


def test_submitted_figures_that_differ_are_named():
    result = recompute("green-list", {"scored": 100, "green": 50, "gamma": 0.25, "distinct": True, "key_id": "K"})
    assert discrepancies({"p_value": 6.64e-8, "z": 5.7735, "note": "ok", "effect": True}, result) == []
    assert discrepancies({"p_value": 3.882e-9}, result) == ["Submitted p_value 3.88 × 10⁻⁹, recomputed 6.64 × 10⁻⁸."]
    assert discrepancies({"z": 5.0, "power": 0.5, "green_rate": 0.5}, result) == [
        f"Submitted power 0.5, recomputed {result.power:.4g}.",
        "Submitted z 5, recomputed 5.774.",
    ]


@given(st.integers(1, 10**6), st.data())
def test_a_negative_result_says_something_only_with_power(n, data):
    k = data.draw(st.integers(0, n))
    inputs = {"scored": n, "green": k, "gamma": 0.25, "distinct": True, "key_id": "K", "validation": {"controls": 500}}
    result = recompute("green-list", inputs)
    assert result.log10_lr_reported <= result.log10_lr_cap
    if result.direction == "against":
        assert result.power >= 0.8 or result.p_value <= 1e-5
    if result.direction == "uninformative":
        assert result.power < 0.8
        assert "says little" in result.sentence


def test_the_catalogue_is_light_to_load():
    """Web processes load it at their start; the slow libraries wait until a test needs them."""
    heavy = "{'statsmodels', 'pandas', 'datasketch', 'scipy'} & set(sys.modules)"
    code = f"import sys, apps.evidence.fingerprints, apps.evidence.fingerprints.multiple; print(sorted({heavy}))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
