"""R7: negative results cannot be deleted, and a report lists every run on a suspect that it speaks of.

That nothing deletes a run stands in test_r07_kept; here somebody tries to leave one out of a report.
"""

import json

import pytest

from apps.cases import actions as cases
from apps.cases import strength
from apps.cases.strength import sentences
from apps.disclosures import actions
from tests.disclosures.conftest import compiled  # noqa: F401 - fixture
from tests.evidence.conftest import COUNTS, DECLARED, ran
from tests.notices.conftest import decide, quick_paper, suspended  # noqa: F401 - fixtures

NEGATIVE = COUNTS | {"green": 9_990}


@pytest.fixture
def tested(suspended, people):  # noqa: F811
    """The case with one run in its file, and two on the same suspect that nobody put there."""
    kept = ran(people)
    negative = ran(people, inputs=NEGATIVE)
    failed = ran(people, inputs=COUNTS | {"green": 40_001}, declared=DECLARED)
    other = ran(people, suspect="Windlass 3", inputs=NEGATIVE)
    cases.add_exhibit(suspended.case, item=kept.item, shows="Keyed text.", element="training", by=people.analyst)
    return kept, negative, failed, other


@pytest.mark.parametrize("audience", ["regulator", "partner", "public"])
def test_a_report_lists_every_run_on_the_suspect_of_its_exhibits(tested, compiled, quick_paper, audience):  # noqa: F811
    kept, negative, failed, other = tested
    report = compiled(audience=audience)
    assert [run["ref"] for run in report.content["runs"]] == [kept.ref, negative.ref, failed.ref]
    assert [run["exhibit"] for run in report.content["runs"]] == ["E3", None, None]
    page = next(iter(actions.files_of(report).values())).decode()
    assert all(run.ref in page for run in (kept, negative, failed))
    assert other.ref not in page
    assert "3 runs on Lantern 7B are on record, failed and negative ones included" in page.replace("\u00a0", " ")


def test_a_suspect_that_is_only_named_brings_its_runs(tested, compiled, suspended, people):  # noqa: F811
    cases.describe(suspended.case, summary="Their model windlass 3 answers in our words.", by=people.analyst)
    assert tested[3].ref in [run["ref"] for run in compiled().content["runs"]]


def test_the_form_offers_no_way_to_leave_one_out(tested, suspended, people, sign_in, quick_paper):  # noqa: F811
    sent = {
        "audience": "public",
        "recipient": "All",
        "legal_basis": "Law",
        "title": "Report",
        "runs": "",
        "exclude": "x",
    }
    client = sign_in(people.counsel)
    page = client.post(f"/cases/{suspended.case.ref}/reports/compile/", sent)
    assert page.status_code == 302
    report = suspended.case.reports.get()
    assert len(report.content["runs"]) == 3
    assert json.loads(actions.files_of(report)["report.json"])["snapshot"]["runs"] == report.content["runs"]
    assert client.delete(f"/evidence/runs/{tested[1].ref}/").status_code == 405


def test_what_was_left_out_of_the_file_still_counts_against_what_is_in_it(tested, suspended):  # noqa: F811
    found = strength.of(suspended.case)
    (one,) = [exhibit for exhibit in found.exhibits if exhibit.run]
    assert one.rerun.count == 2  # the failed one has no p-value
    assert "Its test was run 2 times on Lantern 7B" in sentences.of_exhibit(one)
    assert found.suspects[0].compared == 2
