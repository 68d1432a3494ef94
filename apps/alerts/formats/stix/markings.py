"""The Traffic Light Protocol in STIX: version 1.0 (STIX 2.1, section 7.2.1.4) and 2.0 (an extension definition)."""

from collections.abc import Iterable
from typing import Any

from apps.alerts.formats.loose import at, mapping, mappings, text, texts

TLP_2_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
LEVELS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")  # from the least to the most restrictive
TLP = {
    "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "CLEAR",  # called white in 1.0
    "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "GREEN",
    "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "AMBER",
    "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "RED",
    "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487": "CLEAR",
    "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "GREEN",
    "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421": "AMBER",
    "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003": "AMBER+STRICT",
    "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1": "RED",
}


def tlp(objects: Iterable[dict[str, Any]], known: dict[str, dict[str, Any]]) -> str | None:
    """The most restrictive level that any of the objects carries, as a whole or in a part; None if none does.

    `known` is the bundle by id: a marking it defines itself counts as well.
    """
    found = [_level(ref, known) for present in objects for ref in refs(present)]
    levels = [LEVELS.index(level) for level in found if level]
    return LEVELS[max(levels)] if levels else None


def refs(present: dict[str, Any]) -> list[str]:
    """The markings of an object and of its parts."""
    parts = [text(part.get("marking_ref")) for part in mappings(present.get("granular_markings"))]
    return [*texts(present.get("object_marking_refs")), *filter(None, parts)]


def _level(ref: str, known: dict[str, dict[str, Any]]) -> str | None:
    if ref in TLP:
        return TLP[ref]
    definition = known.get(ref, {})
    extension = mapping(mapping(definition.get("extensions")).get(TLP_2_EXTENSION))
    word = text(extension.get("tlp_2_0")) or text(at(definition, "definition.tlp"))
    level = {"WHITE": "CLEAR"}.get(word.upper(), word.upper())
    return level if level in LEVELS else None
