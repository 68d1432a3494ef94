"""R20: privileged notes are never exported: in no report, letter, bundle, annex, page of others or answer to a program.

What they say, and that they were written.
"""

import pytest

from apps.cases import actions as cases
from apps.core import vault
from apps.disclosures import actions
from tests.disclosures.bundle.conftest import PRIVILEGED, made, order, rich, unpack  # noqa: F401 - fixtures
from tests.disclosures.conftest import compiled  # noqa: F401 - fixture
from tests.notices.conftest import decide, party, quick_paper, suspended  # noqa: F401 - fixtures

ADVICE = "Privileged: our weakest point is the second exhibit"


@pytest.fixture
def advised(suspended, people):  # noqa: F811
    cases.add_note(suspended.case, body=ADVICE, is_privileged=True, by=people.counsel)
    return suspended.case


@pytest.mark.parametrize("audience", ["regulator", "partner", "public"])
def test_no_report_says_it(advised, compiled, quick_paper, audience):  # noqa: F811
    report = compiled(audience=audience)
    everything = [*actions.files_of(report).values(), vault.read(report.snapshot_sha256)]
    assert len(everything) > 2
    assert not any(b"weakest point" in part for part in everything)


@pytest.mark.parametrize("audience", ["court", "partner"])
def test_no_bundle_says_that_there_is_one(made, people, audience, tmp_path):  # noqa: F811
    bundle = made(audience=audience)
    folder = unpack(bundle, tmp_path)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    note = bundle.case.notes.get(is_privileged=True)
    for path in files:
        data = path.read_bytes()
        assert PRIVILEGED.encode() not in data, path
        assert str(note.pk).encode() not in data, path


def test_no_page_of_those_without_the_right_says_it(advised, people, sign_in):
    for person in (people.analyst, people.lead, people.auditor):
        client = sign_in(person)
        for page in ("", "timeline/", "trail/", "evidence/"):
            assert b"weakest point" not in client.get(f"/cases/{advised.ref}/{page}").content
        assert b"weakest point" not in client.get("/search/?q=weakest").content


def test_no_program_is_told(advised, api):
    for address in (f"/api/v1/cases/{advised.ref}", f"/api/v1/cases/{advised.ref}/notes"):
        assert b"weakest point" not in api().get(address).content


def test_nobody_without_the_right_writes_or_moves_one(advised, people, sign_in):
    client = sign_in(people.analyst)
    client.post(f"/cases/{advised.ref}/notes/add/", {"body": "Mine", "is_privileged": "on"})
    assert not advised.notes.filter(body="Mine", is_privileged=True).exists()
