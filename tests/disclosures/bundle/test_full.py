"""The whole log, derived again by the verifier from an export."""

import json
from random import Random

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import Event
from apps.disclosures.bundle import verifier
from tests.disclosures.bundle.conftest import sequence


@pytest.fixture
def export(rich, tmp_path):
    folder = tmp_path / "export"
    call_command("export_trail", folder, reason="Asked for by the court", verbosity=0)
    return folder


def checked(folder, *checkpoints):
    policy = verifier.Policy.parse((folder / "policy").read_text())
    return verifier.check_full(folder, policy, list(checkpoints))


def kinds(report):
    return {fault.kind for fault in report.faults}


def test_a_clean_export_is_the_log_that_was_signed(export):
    report = checked(export)
    assert report.faults == []
    entries = (export / "entries.ndjson").read_bytes().splitlines()
    assert f"first {len(entries)} entries" in report.integrity.proved[0]
    assert report.completeness.proved == ["The events of 1 case are numbered without a hole."]


def test_an_export_is_recorded_with_its_reason(export):
    event = Event.objects.get(action="audit.export_trail")
    assert event.reason == "Asked for by the court"


def test_a_folder_that_is_there_is_left_alone(export):
    with pytest.raises(CommandError, match="there already"):
        call_command("export_trail", export, reason="Again")


def mutated(lines: list[bytes], how: str, random: Random) -> list[bytes]:
    at = random.randrange(len(lines) - 1)
    if how == "changed":
        return [*lines[:at], lines[at].replace(b'"actor"', b'"actoR"'), *lines[at + 1 :]]
    if how == "removed":
        return lines[:at] + lines[at + 1 :]
    if how == "put in":
        return [*lines[:at], b"{}", *lines[at:]]
    if how == "moved":
        return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
    return lines[: -random.randrange(1, len(lines))]


def test_every_mutation_is_found(export):
    path, random = export / "entries.ndjson", Random(7)
    lines = path.read_bytes().splitlines()
    for how in ["changed", "removed", "put in", "moved", "cut"] * 5:
        path.write_bytes(b"".join(line + b"\n" for line in mutated(list(lines), how, random)))
        assert kinds(checked(export)) & {"log-differs", "tail-cut"}, how


def test_a_cut_is_found_by_a_checkpoint_from_elsewhere(export):
    """Whoever cuts the tail off cuts the checkpoints, too: nothing in the export can tell."""
    notes = (export / "checkpoints.ndjson").read_text().splitlines()
    (export / "checkpoints.ndjson").write_text("")
    lines = (export / "entries.ndjson").read_bytes().splitlines(keepends=True)
    (export / "entries.ndjson").write_bytes(b"".join(lines[:-3]))
    assert checked(export).faults == []
    assert "tail-cut" in kinds(checked(export, json.loads(notes[-1])))


def test_a_second_export_continues_the_first(rich, export, tmp_path, people):
    first = json.loads((export / "checkpoints.ndjson").read_text().splitlines()[-1])
    _ = people.reviewer
    sequence()
    call_command("export_trail", tmp_path / "later", reason="Again", verbosity=0)
    assert checked(tmp_path / "later", first).faults == []
