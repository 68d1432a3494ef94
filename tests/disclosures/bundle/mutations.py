"""A bag in memory, and what somebody may do to it: with and without making its manifests anew."""

import hashlib
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from apps.disclosures.bundle import verifier

Files = dict[str, bytes]


class Memory(verifier.Bag):
    def __init__(self, files: Files) -> None:
        self.files = files

    def names(self) -> list[str]:
        return sorted(self.files)

    def open(self, name: str) -> Any:
        if name not in self.files:
            raise verifier.Bad(f"{name} is not a file of the archive")
        return io.BytesIO(self.files[name])


def of_folder(folder: Path) -> Files:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def judged(files: Files, **outside: Any) -> verifier.Report:
    return verifier.check_bundle(Memory(files), verifier.Outside(**outside))


def with_new_manifests(files: Files) -> Files:
    """What whoever changes a bag can do as well as whoever made it."""
    files = {name: data for name, data in files.items() if "manifest-" not in name}
    payload = sorted(name for name in files if name.startswith("data/"))
    octets = sum(len(files[name]) for name in payload)
    info = files["bag-info.txt"].split(b"\n")
    oxum = f"Payload-Oxum: {octets}.{len(payload)}".encode()
    files["bag-info.txt"] = b"\n".join(oxum if line.startswith(b"Payload-Oxum") else line for line in info)
    for kind, names in (("manifest", payload), ("tagmanifest", None)):
        listed = names if names is not None else sorted(set(files) - set(payload))
        made = {
            f"{kind}-{algorithm}.txt": "".join(
                f"{hashlib.new(algorithm, files[name]).hexdigest()}  {name}\n" for name in listed
            ).encode()
            for algorithm in verifier.ALGORITHMS
        }
        files |= made
    return files


class Mutation(NamedTuple):
    """What was done, the bag after it, and one of the kinds of fault that names it rightly, with the place."""

    name: str
    files: Files
    kinds: set[str]
    place: str


# --- by anybody: the manifests no longer match -----------------------------------------------------------------------


def plain(files: Files, random: Random) -> Mutation:
    return random.choice([_flip, _remove, _add, _cut, _swap])(dict(files), random)


def _flip(files: Files, random: Random) -> Mutation:
    name = random.choice([name for name, data in sorted(files.items()) if data])
    data = bytearray(files[name])
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    files[name] = bytes(data)
    return Mutation("flip", files, set(), name)


def _remove(files: Files, random: Random) -> Mutation:
    name = random.choice(sorted(files))
    del files[name]
    return Mutation("remove", files, set(), name)


def _add(files: Files, random: Random) -> Mutation:
    name = random.choice(["data/exhibits/E1/extra.json", "data/events/000000000001.json", "proof/extra", "extra.txt"])
    files[name] = b"{}"
    return Mutation("add", files, {"file-added"}, name)


def _cut(files: Files, random: Random) -> Mutation:
    name = random.choice([name for name, data in sorted(files.items()) if data])
    files[name] = files[name][: random.randrange(len(files[name]))]
    return Mutation("cut", files, set(), name)


def _swap(files: Files, random: Random) -> Mutation:
    one, other = random.sample(sorted(name for name in files if "manifest" not in name), 2)
    files[one], files[other] = files[other], files[one]
    return Mutation("swap", files, {"file-changed"}, one) if files[one] != files[other] else _flip(files, random)


# --- by somebody who makes the manifests anew: the log speaks against it ---------------------------------------------


def knowing(files: Files, random: Random) -> Mutation:
    made = random.choice(KNOWING)(dict(files), random)
    return made._replace(files=with_new_manifests(made.files))


def _event(files: Files, random: Random) -> Mutation:
    name = random.choice(sorted(name for name in files if name.startswith("data/events/")))
    body = json.loads(files[name])
    body["actor"] = "user:somebody-else"
    files[name] = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return Mutation("event", files, {"entry-differs"}, name)


def _hole(files: Files, random: Random) -> Mutation:
    listed = _load(files, "data/events.json")
    of_case = [line for line in listed["events"] if line["case_seq"]]
    gone = random.choice(of_case)
    listed["events"].remove(gone)
    files.pop(f"data/{gone.get('file')}", None)
    files.pop(f"proof/{gone['index']:012d}.tlog-proof")
    _dump(files, "data/events.json", listed)
    kinds = {"event-missing", "order-missing"}
    return Mutation("hole", files, kinds, "data/events.json" if gone is of_case[-1] else f"event {gone['case_seq']}")


def _reordered(files: Files, random: Random) -> Mutation:
    """Two events change places, and their proofs stay."""
    one, other = random.sample(sorted(name for name in files if name.startswith("data/events/")), 2)
    files[one], files[other] = files[other], files[one]
    return Mutation("reordered", files, {"entry-differs"}, one)


def _proof(files: Files, random: Random) -> Mutation:
    name = random.choice(sorted(name for name in files if name.endswith(".tlog-proof")))
    head, mark, note = files[name].decode().partition("\n\n")
    lines = head.split("\n")
    at = random.randrange(2, len(lines))
    lines[at] = lines[at].swapcase()
    files[name] = ("\n".join(lines) + mark + note).encode()
    return Mutation("proof", files, {"entry-differs", "proof-damaged"}, name.split("/")[1][:12])


def _checkpoint(files: Files, random: Random) -> Mutation:
    """The log is said to be larger than what was signed."""
    name = random.choice(sorted(name for name in files if name.endswith(".tlog-proof")))
    head, mark, note = files[name].decode().partition("\n\n")
    origin, size, rest = note.split("\n", 2)
    files[name] = f"{head}{mark}{origin}\n{int(size) + 1}\n{rest}".encode()
    return Mutation("checkpoint", files, {"checkpoint-untrusted"}, name)


def _exhibit(files: Files, random: Random) -> Mutation:
    name = random.choice(sorted(name for name in files if name.startswith("data/exhibits/")))
    files[name] += b" "
    return Mutation("exhibit", files, {"exhibit-differs"}, name)


def _exhibit_gone(files: Files, random: Random) -> Mutation:
    listed = _load(files, "data/exhibits.json")
    gone = listed["exhibits"].pop(random.randrange(len(listed["exhibits"])))
    del files[f"data/{gone['path']}"]
    _dump(files, "data/exhibits.json", listed)
    return Mutation("exhibit gone", files, {"exhibit-missing"}, gone["label"])


def _described(files: Files, random: Random) -> Mutation:
    listed = _load(files, "data/exhibits.json")
    line = random.choice(listed["exhibits"])
    part, column = random.choice([("item", "title"), ("item", "sha256"), ("exhibit", "shows"), ("exhibit", "number")])
    line[part]["row"][column] = "else"
    _dump(files, "data/exhibits.json", listed)
    return Mutation("described", files, {"record-differs"}, "data/exhibits.json")


def _custody(files: Files, random: Random) -> Mutation:
    listed = _load(files, "data/custody.json")
    step = random.choice(random.choice(listed["custody"])["events"])
    column = random.choice(["actor", "at", "intact", "measured_sha256", "kind"])
    step["row"][column] = not step["row"][column] if column == "intact" else "else"
    _dump(files, "data/custody.json", listed)
    return Mutation("custody", files, {"record-differs"}, "data/custody.json")


def _custody_gone(files: Files, random: Random) -> Mutation:
    listed = _load(files, "data/custody.json")
    events = random.choice(listed["custody"])["events"]
    events.pop(random.randrange(len(events)))
    _dump(files, "data/custody.json", listed)
    return Mutation("custody gone", files, {"custody-missing"}, "data/custody.json")


def _custody_put_in(files: Files, random: Random) -> Mutation:
    listed = _load(files, "data/custody.json")
    events = random.choice(listed["custody"])["events"]
    events.append({**events[0], "id": "00000000-0000-0000-0000-000000000000"})
    _dump(files, "data/custody.json", listed)
    return Mutation("custody put in", files, {"record-unknown"}, "data/custody.json")


def _document(files: Files, random: Random) -> Mutation:
    name = random.choice(sorted(name for name in files if name.startswith("data/documents/")))
    files[name] += b"\n"
    return Mutation("document", files, {"document-differs"}, name)


def _value(files: Files, random: Random) -> Mutation:
    listed = _load(files, "data/values.json")
    random.choice(listed["values"])["value"] = "Somebody Else Ltd"
    _dump(files, "data/values.json", listed)
    return Mutation("value", files, {"value-differs"}, "data/values.json")


def _info(files: Files, random: Random) -> Mutation:
    tag = random.choice(["Recipient", "Legal-Basis", "Audience", "External-Identifier"])
    lines = files["bag-info.txt"].decode().splitlines()
    changed = [f"{tag}: else" if line.startswith(f"{tag}:") else line for line in lines]
    files["bag-info.txt"] = "".join(f"{line}\n" for line in changed).encode()
    return Mutation("info", files, {"bag-info-differs"}, "bag-info.txt")


KNOWING: list[Callable[[Files, Random], Mutation]] = [
    _event,
    _hole,
    _reordered,
    _proof,
    _checkpoint,
    _exhibit,
    _exhibit_gone,
    _described,
    _custody,
    _custody_gone,
    _custody_put_in,
    _document,
    _value,
    _info,
]


def anything(files: Files, random: Random) -> Mutation:
    """Any byte of any file, the manifests made anew: only the receipt speaks against all of these."""
    whole = with_new_manifests(files)
    while True:  # the sum of the sizes, in bag-info.txt, is made anew with the manifests
        made = _flip({name: data for name, data in files.items() if "manifest" not in name}, random)
        if (changed := with_new_manifests(made.files)) != whole:
            return made._replace(files=changed)


# --- by somebody who wants the verifier to trip over its own feet ----------------------------------------------------

ODD: list[Any] = [None, True, -1, 10**30, 1.5, float("nan"), "", "x", "../../etc/passwd", "\ud800", [], {}, [[]]]


def odd(files: Files, random: Random) -> Files:
    """Somewhere in a list stands what nobody expects there; or the list is nested deeper than anybody can read."""
    files = dict(files)
    name = random.choice(sorted(name for name in files if re.fullmatch(r"data/[a-z]+\.json", name)))
    if random.random() < 0.05:
        files[name] = b'{"events":' + b"[" * 100_000
    else:
        value = _load(files, name)
        _spoil(value, random)
        files[name] = json.dumps(value).encode()
    return with_new_manifests(files)


def _spoil(value: Any, random: Random) -> None:
    while True:
        key = random.choice(sorted(value) if isinstance(value, dict) else range(len(value)))
        if not isinstance(value[key], dict | list) or not value[key] or random.random() < 0.15:
            value[key] = random.choice(ODD)
            return
        value = value[key]


def _load(files: Files, name: str) -> Any:
    return json.loads(files[name])


def _dump(files: Files, name: str, value: Any) -> None:
    files[name] = json.dumps(value, ensure_ascii=False).encode()
