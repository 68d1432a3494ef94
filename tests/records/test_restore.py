"""A backup brings back what was erased since; the journal, which no backup holds, has it erased once more."""

import io
import shutil
import subprocess

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.audit.models import Event
from apps.cases.models import Party
from apps.core import jobs
from apps.records import actions, journal
from apps.records.models import Erasure
from casemgr.supervisor.postgres import available_servers
from tests.audit.findings import sentences
from tests.audit.tampering import guards_off, sql
from tests.records.conftest import hold, request, verified

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture(autouse=True)
def _journal(settings, tmp_path) -> None:
    settings.ERASURE_JOURNAL = tmp_path / "records" / "erasures.jsonl"


def erase(world, party) -> Erasure:
    erasure = request(world, party)
    actions.erase_subject(erasure, by=world.people.approver)
    jobs.work_off()
    return erasure


def reapply() -> str:
    said = io.StringIO()
    call_command("reapply_erasures", stdout=said)
    return said.getvalue()


def test_the_journal_has_one_line_an_erasure_and_names_nobody(world):
    party = world.party()
    erasure = erase(world, party)
    journal.write_missing()
    (entry,) = journal.entries()
    assert (entry["ref"], entry["row"]) == (erasure.ref, str(party.pk))
    assert "Quarry Lane" not in str(entry)


def test_a_line_that_a_crash_kept_back_is_written_later(world, settings):
    erase(world, world.party())
    settings.ERASURE_JOURNAL.unlink()
    assert journal.write_missing() == 1


def test_a_journal_that_is_none_is_named(settings):
    settings.ERASURE_JOURNAL.parent.mkdir(parents=True)
    settings.ERASURE_JOURNAL.write_text("nonsense\n")
    with pytest.raises(CommandError, match="line 1"):
        reapply()


def program(name: str) -> str:
    """pg_dump or psql beside the newest server that there is, or on the path."""
    homes = [server.tree / server.program.parent for server in available_servers()]
    found = next((str(home / name) for home in homes if (home / name).exists()), shutil.which(name))
    return found or pytest.skip(f"there is no {name}")


def run(*arguments: str, **more) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_after_a_restore_the_erasure_is_carried_out_again(world, tmp_path):
    """As docs/records.md says it: a dump without keys from before the erasure, and the newest keys."""
    party = world.party()
    verified()
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    dump, keys = str(tmp_path / "casemgr.dump"), str(tmp_path / "keys.dump")
    run(program("pg_dump"), "-Fc", "--exclude-table-data=audit_subjectkey", "-f", dump, address)
    erase(world, party)
    world.party()  # whose key is newer than the dump
    run(program("pg_dump"), "-Fc", "--data-only", "--table=audit_subjectkey", "-f", keys, address)
    connection.close()
    run(program("pg_restore"), "-d", address, "--clean", "--if-exists", "--no-owner", dump)
    run(program("pg_restore"), "-d", address, "--disable-triggers", keys)
    party = Party.objects.get()
    assert party.name == "Quarry Lane Models Ltd"
    assert "1 erasures in the journal, 0 not erased" in reapply()
    party.refresh_from_db()
    assert party.name == "(erased)"
    assert Event.objects.filter(action="records.reapply_erasure").exists()
    rollback = "signer remembers"
    said = sentences(verified())
    assert [sentence for sentence in said if rollback not in sentence and "no place in the log" not in sentence] == []


def test_a_hold_of_the_restored_database_wins_and_is_said(world):
    party = world.party()
    erase(world, party)
    with guards_off():  # as the restored database had it
        sql("UPDATE cases_party SET name = 'Quarry Lane' WHERE id = %s", party.pk)
    found = hold(world, party.case)
    with pytest.raises(CommandError, match="legal hold"):
        reapply()
    party.refresh_from_db()
    assert party.name == "Quarry Lane"
    assert found.is_in_force
