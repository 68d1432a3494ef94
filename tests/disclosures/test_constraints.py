"""What the database itself refuses, whoever asks."""

import json

import pytest

from tests.notices.test_constraints import refused, run


def tamper(report, assignments: str, *params) -> None:
    run(f"UPDATE disclosures_report SET {assignments} WHERE id = %s", *params, report.pk)


def test_a_number_is_given_once(released, compiled):
    with refused("one_report_per_number"):
        tamper(compiled(), "ref = %s", released.ref)


def test_a_report_is_released_by_another_person(draft):
    with refused("a_report_is_released_by_another_person"):
        tamper(draft, "released_by_id = compiled_by_id, released_at = now()")


@pytest.mark.parametrize("missing", ["released_by_id", "released_at"])
def test_a_released_report_says_by_whom(releasing, missing):
    with refused("a_released_report_says_by_whom"):
        tamper(releasing, f"{missing} = NULL")


@pytest.mark.parametrize("missing", ["ref = NULL, files = '[{}]'", "files = '[]'"])
def test_a_released_report_has_number_and_files(releasing, missing):
    with refused("a_released_report_has_number_and_files"):
        tamper(releasing, f"state = 'released', {missing}")


SIGNED = {"signed_with": "ab", "unsigned_sha256": "cd", "signature_level": "B-LTA"}


@pytest.mark.parametrize("missing", SIGNED)
def test_a_released_report_is_signed(releasing, missing):
    first = {key: value for key, value in SIGNED.items() if key != missing}
    with refused("a_released_report_is_signed"):
        tamper(releasing, "state = 'released', files = %s", json.dumps([first]))


@pytest.mark.parametrize("level", ["B-T", "B-LT", "", None])
def test_a_report_is_signed_at_a_level_that_reports_have(releasing, level):
    with refused("a_released_report_is_signed"):
        tamper(releasing, "state = 'released', files = %s", json.dumps([SIGNED | {"signature_level": level}]))


def test_a_public_report_is_tlp_clear(compiled):
    with refused("a_public_report_is_tlp_clear"):
        tamper(compiled(audience="public"), "tlp = 'amber'")


def test_a_released_report_is_frozen(released):
    with refused("released_report_is_frozen"):
        tamper(released, "recipient = 'Somebody else'")
    with refused("released_report_is_frozen"):
        run("DELETE FROM disclosures_report WHERE id = %s", released.pk)
