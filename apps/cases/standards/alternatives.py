"""The register of other explanations, `alternatives.json`: each with its question, and what would tell it apart."""

from pathlib import Path

import msgspec


class Alternative(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    question: str  # in plain words
    evidence: str  # what would tell it from what is suspected
    test: str  # how to find out
    letter: str  # as the one concerned reads it


class Register(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    source: str
    alternatives: tuple[Alternative, ...]


REGISTER = msgspec.json.decode(Path(__file__).with_name("alternatives.json").read_bytes(), type=Register)
ALTERNATIVES = {one.id: one for one in REGISTER.alternatives}
CHOICES = [(one.id, one.name) for one in REGISTER.alternatives]
