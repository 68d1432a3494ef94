"""Trust policies to the letter of C2SP tlog-policy: which logs, which witnesses, and how many of them have to agree.

    log casemgr.example/trail+7b1f…+AT2…
    witness registry witness.example/registry+01ab…+BGd…
    witness auditor auditor.example+93c0…+BtX…
    group outside any registry auditor
    quorum outside

Pure, and read as bytes: names are opaque, and no rule depends on what letters are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.audit.log import notes

NONE = "none"  # the quorum of a policy that asks for no witness
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class BadPolicy(ValueError):
    """A policy cannot be read; says in which line and why."""


@dataclass(frozen=True)
class Log:
    key: notes.Verifier
    url: str = ""


@dataclass(frozen=True)
class Witness:
    name: str
    key: notes.CosignatureVerifier
    url: str = ""


@dataclass(frozen=True)
class Group:
    """At least `least` of the members, each a witness or a group."""

    name: str
    least: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What a policy makes of a checkpoint that a log of it has signed."""

    head: notes.Head
    logs: tuple[notes.Verifier, ...]  # the keys of logs that signed
    witnesses: Mapping[str, datetime]  # who cosigned, by the policy's names, and when
    quorum: str
    is_met: bool

    @property
    def latest(self) -> datetime | None:
        """When the last of them signed; None when no witness did."""
        return max(self.witnesses.values(), default=None)


@dataclass(frozen=True)
class Policy:
    """Logs, witnesses, groups and the quorum. Anything that breaks a rule of the format raises BadPolicy."""

    logs: tuple[Log, ...] = ()
    witnesses: tuple[Witness, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    def __post_init__(self) -> None:
        for kind, keys in (("log", [log.key for log in self.logs]), ("witness", [w.key for w in self.witnesses])):
            if again := notes.duplicates(keys):
                raise BadPolicy(f"the key of {again[0].name} is there for a second {kind}")
        for url in [log.url for log in self.logs] + [witness.url for witness in self.witnesses]:
            _refuse_odd(url)
        known, used = {NONE}, set[str]()
        for witness in self.witnesses:
            _define(witness.name, known)
        for group in self.groups:
            _refuse_wrong(group, known - {NONE}, used)
            _define(group.name, known)
            used.update(group.members)
        if self.quorum not in known:
            raise BadPolicy(f"the quorum {self.quorum} is neither a witness nor a group defined before it")

    @classmethod
    def parse(cls, text: str | bytes) -> "Policy":
        """Raises BadPolicy."""
        return _Reading(text).policy()

    def __str__(self) -> str:
        lines = [_line("log", log.key, log.url) for log in self.logs]
        lines += [_line("witness", witness.name, witness.key, witness.url) for witness in self.witnesses]
        lines += [_line("group", group.name, _threshold(group), *group.members) for group in self.groups]
        return "\n".join([*lines, _line("quorum", self.quorum)]) + "\n"

    def encode(self) -> bytes:
        return str(self).encode("utf-8", "surrogateescape")

    def verify(self, note: str) -> Verdict:
        """Who of the policy has signed a checkpoint, and whether that is enough.

        Raises BadNote when no log of the policy has signed it under its own name, or a known signature is wrong.
        """
        text, _ = notes.split(note)
        head = notes.Head.parse(text)
        signed = tuple(log.key for log in self.logs if log.key.signed(note) and log.key.name == head.origin)
        if self.logs and not signed:
            raise notes.BadNote(f"no log of the policy has signed it as {head.origin}")
        cosigned = {witness.name: witness.key.signed(note) for witness in self.witnesses}
        times = {name: found[1] for name, found in cosigned.items() if found and found[1]}
        return Verdict(head, signed, times, self.quorum, self.is_met(set(times)))

    def is_met(self, cosigned: set[str]) -> bool:
        """Whether these witnesses are a quorum."""
        agreed = set(cosigned) & {witness.name for witness in self.witnesses}
        for group in self.groups:  # members are defined before their group
            if len(agreed.intersection(group.members)) >= group.least:
                agreed.add(group.name)
        return self.quorum == NONE or self.quorum in agreed


class _Reading:
    """Reads line by line, since what a line may name depends on those before it."""

    def __init__(self, text: str | bytes) -> None:
        self.text = text if isinstance(text, str) else text.decode("utf-8", "surrogateescape")
        self.logs: list[Log] = []
        self.witnesses: list[Witness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None

    def policy(self) -> Policy:
        for number, line in enumerate(self.text.split("\n"), start=1):
            words = re.split(r"[ \t]+", line.strip(" \t"))
            try:
                if FORBIDDEN.search(line):
                    raise BadPolicy("there is a control character in it")
                if words == [""] or words[0].startswith("#"):
                    continue
                self._read(words[0], words[1:])
                self._so_far()
            except (BadPolicy, notes.BadNote, UnicodeError) as error:
                raise BadPolicy(f"line {number} of the policy cannot be read: {error}") from error
        if self.quorum is None:
            raise BadPolicy("the policy has no quorum line; `quorum none` asks for no witness")
        return self._so_far()

    def _so_far(self) -> Policy:
        return Policy(tuple(self.logs), tuple(self.witnesses), tuple(self.groups), self.quorum or NONE)

    def _read(self, keyword: str, words: Sequence[str]) -> None:
        match keyword, words:
            case "log", [key, *url] if len(url) < 2:
                self.logs.append(Log(notes.Verifier.parse(key), "".join(url)))
            case "witness", [name, key, *url] if len(url) < 2:
                self.witnesses.append(Witness(name, notes.CosignatureVerifier.parse(key), "".join(url)))
            case "group", [name, least, *members] if members:
                self.groups.append(Group(name, _least(least, len(members)), tuple(members)))
            case "quorum", [name]:
                if self.quorum is not None:
                    raise BadPolicy("it has a second quorum")
                self.quorum = name
            case _:
                raise BadPolicy(f"{keyword!r} with {len(words)} words is no line of a policy")


def _define(name: str, known: set[str]) -> None:
    if name == NONE:
        raise BadPolicy("the name none means that no witness is asked for; nothing else can be called so")
    if name in known:
        raise BadPolicy(f"the name {name} is there twice")
    if not name:
        raise BadPolicy("a name is empty")
    _refuse_odd(name)
    known.add(name)


def _refuse_odd(word: str) -> None:
    if FORBIDDEN.search(word) or re.search(r"[ \t\n]", word):
        raise BadPolicy(f"{word!r} has a space or a control character in it")


def _refuse_wrong(group: Group, known: set[str], used: set[str]) -> None:
    for place, member in enumerate(group.members):
        if member not in known:
            raise BadPolicy(f"group {group.name} names {member}, which is not defined before it")
        if member in used or member in group.members[:place]:
            raise BadPolicy(f"{member} is a member twice: each can count in one way only")
    if not 1 <= group.least <= len(group.members):
        raise BadPolicy(f"group {group.name} wants {group.least} of {len(group.members)} members")


def _least(word: str, members: int) -> int:
    if word in ("any", "all"):
        return 1 if word == "any" else members
    if not re.fullmatch(r"[1-9][0-9]{0,8}", word):
        raise BadPolicy(f"{word} is neither any, all nor a number")
    return int(word)


def _threshold(group: Group) -> str:
    return {1: "any", len(group.members): "all"}.get(group.least, str(group.least))


def _line(*words: object) -> str:
    return " ".join(str(word) for word in words if str(word))
