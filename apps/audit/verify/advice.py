"""What a finding means, and what to do about it, in words for who is no engineer."""

from typing import NamedTuple


class Advice(NamedTuple):
    means: str
    do: str


KEEP = "Keep the database as it is, with a copy of it, and find out who had its owner's password."
ADVICE: dict[tuple[str, str], Advice] = {
    ("integrity", "audit_event"): Advice(
        "An entry of the trail is not as casemgr wrote it: it was changed, or put there past casemgr.",
        f"{KEEP} The entry as it was is in a backup from before; its hash proves which one is right.",
    ),
    ("integrity", "audit_leaf"): Advice(
        "The log is not the one that was signed: an entry was changed, removed or put in.",
        f"{KEEP} Hold a checkpoint kept outside against it: manage.py verify_trail --against FILE.",
    ),
    ("integrity", "audit_tile"): Advice(
        "The stored hashes of the log do not fit its entries. The entries themselves may be sound.",
        "Restore the tile from a backup; the sequencer signs nothing more until it fits.",
    ),
    ("integrity", "audit_checkpoint"): Advice(
        "A signed statement of the log's size does not fit the log: its end was cut off, or a copy is older.",
        "If a backup was restored, restore the newer one. If not, treat it as tampering and keep everything as it is.",
    ),
    ("integrity", "audit_logstate"): Advice(
        "The sequencer's own note of how far it is was changed.", "Ask whoever looks after the database what was done."
    ),
    ("integrity", ""): Advice(
        "A key, or the signer's memory, is not where it should be, or the log is not what it was.",
        "Ask whoever looks after the installation; until then signatures cannot be checked.",
    ),
    ("completeness", "audit_event"): Advice(
        "An entry is missing, or waits for its place in the log.",
        "See whether the sequencer runs. A number that is missing from a case was deleted before it was sealed.",
    ),
    ("completeness", "audit_casecounter"): Advice(
        "The count of a case's entries does not fit its entries: some were removed, or the count was changed.", KEEP
    ),
    ("completeness", "audit_manifest"): Advice(
        "The list of rows that one act wrote, or the rows as they were, is gone or changed.",
        "Restore it from a backup: the entry has its hash. What was erased on purpose is not named here.",
    ),
    ("completeness", "audit_privatevalue"): Advice(
        "A personal value is gone or is another one, and no erasure is on record that took it.",
        "Look for the erasure that should have been recorded; else restore the value from a backup.",
    ),
    ("completeness", "audit_subjectkey"): Advice(
        "A key of somebody's personal values is there without values, or does not open them.",
        "Look for an erasure that was not finished; else restore from a backup.",
    ),
    ("agreement", ""): Advice(
        "A record says something that no act in casemgr wrote: it was changed, added or deleted in the database.",
        f"{KEEP} What it was is shown by its history, as of any time; correct it in casemgr, with the reason.",
    ),
    ("time", ""): Advice(
        "What a party outside says about the log contradicts it.",
        "Treat it as a rewritten or rolled-back log: keep everything, and ask that party for its own record.",
    ),
}


def advice(verdict: str, table: str) -> Advice:
    known = ADVICE.get((verdict, table)) or ADVICE.get((verdict, ""))
    return known or Advice("Something that the trail refers to is not as it should be.", KEEP)
