"""The bundle as CASE/UCO sees it: JSON-LD for the tools of forensic examiners. Plain data in, plain data out.

Exhibits are files with hashes, each step of custody an investigative action, its outcome a provenance record. Only
exhibits, custody, people and casemgr itself are described; for all else the events are the record.
CASE 1.5 (https://caseontology.org), UCO (https://unifiedcyberontology.org).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

CONTEXT = {
    "kb": "urn:casemgr:",
    "investigation": "https://ontology.caseontology.org/case/investigation/",
    "action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}

Node = dict[str, Any]


def describe(
    *,
    bundle: Mapping[str, Any],
    exhibits: Iterable[Mapping[str, Any]],
    custody: Iterable[Mapping[str, Any]],
    people: Mapping[str, str],
    version: str,
) -> Node:
    """`bundle` has id, ref, case and case_id; `exhibits` and `custody` are as they are listed in the bag; `people` are
    names by actor, where they may be told."""
    exhibits, custody = list(exhibits), list(custody)
    tool = {
        "@id": _id("Tool", f"casemgr {version}"),
        "@type": "tool:Tool",
        "core:name": "casemgr",
        "tool:version": version,
    }
    files = {exhibit["item"]["id"]: _file(exhibit) for exhibit in exhibits}
    actors = sorted({step["row"]["actor"] for chain in custody for step in chain["events"] if "actor" in step["row"]})
    identities = {actor: _identity(actor, people.get(actor, "")) for actor in actors}
    steps = [
        node
        for chain in custody
        for step in chain["events"]
        for node in _step(step, chain, files[chain["item"]], identities, tool)
    ]
    parts = [*files.values(), *identities.values(), *steps, tool]
    case = {
        "@id": _id("Investigation", bundle["case_id"]),
        "@type": "investigation:Investigation",
        "core:name": bundle["case"],
        "core:description": f"Evidence bundle {bundle['ref']}",
        "investigation:investigationForm": "case",
        "core:object": [{"@id": node["@id"]} for node in parts],
    }
    return {"@context": CONTEXT, "@graph": [case, *parts]}


def _file(exhibit: Mapping[str, Any]) -> Node:
    item, row = exhibit["item"], exhibit["item"]["row"]
    facets: list[Node] = [
        {
            "@id": _id("ContentDataFacet", item["id"]),
            "@type": "observable:ContentDataFacet",
            "observable:sizeInBytes": _typed("integer", row["byte_size"]),
            "observable:mimeType": row["media_type"],
            "observable:hash": [_hash(item["id"], "SHA256", row["sha256"]), _hash(item["id"], "SHA512", row["sha512"])],
        }
    ]
    if exhibit.get("path"):
        facets.append(
            {
                "@id": _id("FileFacet", item["id"]),
                "@type": "observable:FileFacet",
                "observable:fileName": exhibit["path"].rpartition("/")[2],
                "observable:filePath": f"data/{exhibit['path']}",
            }
        )
    return {
        "@id": _id("File", item["id"]),
        "@type": "observable:File",
        "core:name": f"{exhibit['label']} {row['title']}",
        "core:description": exhibit["exhibit"]["row"].get("shows", ""),
        "core:hasFacet": facets,
    }


def _hash(item: str, method: str, value: str) -> Node:
    return {
        "@id": _id("Hash", f"{item} {method}"),
        "@type": "types:Hash",
        "types:hashMethod": method,
        "types:hashValue": _typed("hexBinary", value),
    }


def _identity(actor: str, name: str) -> Node:
    kind = "identity:Person" if actor.startswith("user:") else "identity:Identity"
    return {"@id": _id("Identity", actor), "@type": kind, "core:name": name or actor}


def _step(
    step: Mapping[str, Any], chain: Mapping[str, Any], file: Node, identities: Mapping[str, Node], tool: Node
) -> list[Node]:
    row = step["row"]
    record = {
        "@id": _id("ProvenanceRecord", step["id"]),
        "@type": "investigation:ProvenanceRecord",
        "core:description": f"{row['kind']}: the file was {'' if row['intact'] else 'NOT '}what was collected",
        "investigation:exhibitNumber": chain["label"],
        "core:object": {"@id": file["@id"]},
    }
    at = _typed("dateTime", datetime.fromisoformat(row["at"]).isoformat())
    done = {
        "@id": _id("InvestigativeAction", step["id"]),
        "@type": "investigation:InvestigativeAction",
        "core:name": row["kind"],
        "core:description": row.get("purpose", ""),
        "action:startTime": at,
        "action:endTime": at,
        "action:object": {"@id": file["@id"]},
        "action:result": {"@id": record["@id"]},
        "action:instrument": {"@id": tool["@id"]},
    }
    if "actor" in row:
        done["action:performer"] = {"@id": identities[row["actor"]]["@id"]}
    return [done, record]


def _typed(kind: str, value: object) -> Node:
    return {"@type": f"xsd:{kind}", "@value": str(value)}


def _id(kind: str, what: str) -> str:
    """The kind, and a UUID that follows from what is named: UCO knows no UUID of version 7, which our records have."""
    return f"kb:{kind}-{uuid5(NAMESPACE_URL, f'urn:casemgr:{what}')}"
