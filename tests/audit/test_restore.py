"""A database that was put back to an older state: whoever has seen the newer one says so."""

from types import SimpleNamespace

import pytest
from django.db import connection

from apps.audit.log import sequencer
from apps.audit.models import AnchorParty, Checkpoint
from apps.audit.verify import verify
from apps.staff import actions
from tests.audit.anchors.conftest import attend, clock, store, witness  # noqa: F401 - fixtures
from tests.audit.findings import sentences
from tests.records.test_restore import program, run

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.slow]


@pytest.fixture
def restored(people, witness, store, settings, tmp_path) -> SimpleNamespace:  # noqa: F811
    """From a dump, after more was written, signed, witnessed and copied; and what somebody kept of that."""
    settings.TRAIL_COPY_SECONDS = 1
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    dump = str(tmp_path / "casemgr.dump")
    analyst = people.analyst
    sequencer.sequence()
    assert all(attend())
    older = Checkpoint.objects.latest("number").size
    run(program("pg_dump"), "-Fc", "-f", dump, address)
    actions.sign_in(analyst, methods=["password"], by=analyst)
    sequencer.sequence()
    newer = Checkpoint.objects.latest("number")
    assert all(attend())
    assert verify(outside=[newer.note]).holds
    connection.close()
    run(program("pg_restore"), "-d", address, "--clean", "--if-exists", "--no-owner", dump)
    assert Checkpoint.objects.latest("number").size == older
    return SimpleNamespace(older=older, newer=newer, analyst=analyst)


def forget(settings) -> None:
    """The signer's memory went the same way."""
    sequencer.local_signer().memory_file.unlink()
    settings.TRAIL_COPIES = []


def test_the_signer_remembers(restored, settings):
    settings.TRAIL_COPIES = []
    (sentence,) = sentences(verify())
    assert f"remembers a checkpoint of {restored.newer.size} entries, and the log has {restored.older}" in sentence
    actions.sign_out(restored.analyst, by=restored.analyst)
    with pytest.raises(
        sequencer.Refused, match=f"of {restored.newer.size} entries|first {restored.newer.size} entries"
    ):
        sequencer.sequence()


def test_a_checkpoint_that_somebody_kept_says_so(restored, settings):
    forget(settings)
    assert verify().holds
    (sentence,) = sentences(verify(outside=[restored.newer.note]))
    assert f"is of {restored.newer.size} entries, and the log has {restored.older}: this database" in sentence


def test_a_store_of_copies_says_so(restored, settings):
    stores = settings.TRAIL_COPIES
    forget(settings)
    settings.TRAIL_COPIES = stores
    (sentence,) = sentences(verify())
    assert f"{restored.newer.size:015d}.checkpoint: the log has no checkpoint of this size" in sentence


def test_a_witness_says_so_and_does_not_sign_another_history(restored, settings):
    """Neither while the older database has less, nor once it has grown past what the witness saw."""
    forget(settings)
    problems = []
    for _ in range(3):
        actions.sign_out(restored.analyst, by=restored.analyst)
        sequencer.sequence()
        assert attend() == [False]
        problems.append(AnchorParty.objects.get(name__startswith="witness.example").problem)
    assert Checkpoint.objects.latest("number").size > restored.newer.size
    assert "The log was rewritten, or this database is another one" in problems[-1]
