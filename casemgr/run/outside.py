"""Who signs the demo's log and its letters, and who watches the log: two signers, and a witness as another department
would run it.

The witness has a directory of its own and shares nothing with casemgr but an address and the log's public keys. Where
the environment names a policy or a signer of somebody's own, ours is not started.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from apps.audit.log import notes
from apps.audit.log.policy import Group, Log, Policy, Witness
from casemgr.run.paths import HOST, MANAGE, VAR
from casemgr.supervisor import ServiceError, processes

ORIGIN = "casemgr.localhost/trail"
WITNESS = "witness.localhost/demo"
IN_POLICY = ("demo-witness", "demo-witness-ml-dsa-44")  # a line for each of its keys; either suffices
SOCKETS = {"TRAIL_SIGNER_SOCKET": "signer.sock", "DOCUMENT_SIGNER_SOCKET": "documents.sock"}
LONGEST_SOCKET = 100  # bytes of a path; the system allows a few more


def environment() -> dict[str, str]:
    """What everybody in the demo is told about the log. Makes the keys and the policy when they are not there yet."""
    told = {"TRAIL_ORIGIN": ORIGIN, "TRAIL_KEY_FILE": str(VAR / "keys" / "trail.key")}
    told |= {name: value for name in told if (value := os.environ.get(name))}
    try:
        log = notes.load_or_make_signer(Path(told["TRAIL_KEY_FILE"]), told["TRAIL_ORIGIN"]).verifier
        if has_witness():
            told |= {"TRAIL_POLICY_FILE": str(VAR / "keys" / "trail.policy"), "TRAIL_ISSUE_NEEDS": "witnessed"}
            processes.write_private(Path(told["TRAIL_POLICY_FILE"]), str(policy(log)))
    except notes.BadNote as error:
        raise ServiceError(f"The keys of the demo's log cannot be used: {error}.") from error
    told |= {name: str(VAR / socket) for name, socket in SOCKETS.items() if has_signer(name)}
    return told | {name: value for name in told if (value := os.environ.get(name))}


def policy(log: notes.Verifiers) -> Policy:
    """Whom casemgr asks, and what it takes for a checkpoint to be witnessed."""
    state = VAR / "witness"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    processes.write_private(state / "port", str(processes.choose_port(state / "port")))
    cosigners = notes.load_or_make_cosigners(state / "witness.key", WITNESS)
    address = f"http://{HOST}:{(state / 'port').read_text()}/"
    keys = [Witness(name, key.verifier, address) for name, key in zip(IN_POLICY, cosigners, strict=True)]
    return Policy(tuple(map(Log, log.keys)), tuple(keys), (Group("demo", 1, IN_POLICY),), "demo")


def commands(told: dict[str, str]) -> dict[str, list[str]]:
    """The processes, by name."""
    found = {"anchors": [*MANAGE, "anchors"]}
    for name, command in (("TRAIL_SIGNER_SOCKET", "signer"), ("DOCUMENT_SIGNER_SOCKET", "document_signer")):
        if has_signer(name):
            found[command] = [*MANAGE, command]
    if has_witness():
        keys = f"{told['TRAIL_KEY_FILE']}.pub"
        listen = f"{HOST}:{(VAR / 'witness' / 'port').read_text()}"
        options = ["--state", str(VAR / "witness"), "--name", WITNESS, "--log", keys, "--listen", listen]
        found["witness"] = [sys.executable, "-m", "casemgr.witness", *options]
    return found


def has_signer(name: str) -> bool:
    """Below a path that is too long for a socket the sequencer and the worker sign themselves."""
    return not os.environ.get(name) and len(str(VAR / SOCKETS[name]).encode()) <= LONGEST_SOCKET


def has_witness() -> bool:
    return not os.environ.get("TRAIL_POLICY_FILE")
