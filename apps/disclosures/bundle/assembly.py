"""Puts a bundle together: everything but the exhibits' files is made here, as one stream of tar entries."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from apps.audit.anchors import witnesses
from apps.audit.log import notes, proofs
from apps.audit.log.policy import Log, Policy
from apps.audit.models import Anchor, Event
from apps.core import paper, vault
from apps.disclosures.annexes import to_csv
from apps.disclosures.bates import copies, production
from apps.disclosures.bundle import bag, description, policy, verifier
from apps.disclosures.bundle.contents import Contents, documents_of, held_files
from apps.disclosures.models import Bundle
from apps.staff.queries import names_of

HERE = Path(__file__).parent
VERIFIER = HERE / "verifier.py"
INSTRUCTIONS = HERE / "README.txt"


@dataclass(frozen=True)
class Made:
    """What was made for a bag: one file of the vault, and what the bundle's record says of it."""

    sha256: str
    size: int
    files: int
    checkpoint_size: int
    tagmanifest_sha256: str


def make(bundle: Bundle, prover: proofs.Prover) -> Made:
    """Write all that is made for the bag into the vault. Raises proofs.NotSequenced, vault.Missing."""
    writer = bag.Writer(bundle.ref, int(bundle.compiled_at.timestamp()))
    stored = vault.put(_entries(bundle, prover, writer))
    tags = writer.hashes["tagmanifest-sha256.txt"][0]
    return Made(stored.sha256, stored.size, len(writer.hashes), prover.size, tags)


def _entries(bundle: Bundle, prover: proofs.Prover, writer: bag.Writer) -> Iterator[bytes]:
    contents = Contents(bundle, prover)
    for file in held_files(bundle):
        writer.held(file)
    for entry in contents.entries():
        if entry.body is not None:
            yield writer.file(f"data/events/{entry.name}.json", entry.body)
        yield writer.file(f"proof/{entry.name}.tlog-proof", prover.proof(entry.index).encode())
    for path, data in documents_of(bundle):
        yield writer.file(path, data)
    yield from _copies(bundle, writer)
    yield from _lists(bundle, contents, writer)
    yield from _anchors(bundle, prover, writer)
    yield writer.file("verify/verify.py", VERIFIER.read_bytes())
    yield writer.file("verify/README.txt", instructions(bundle).encode())
    yield from writer.close(_info(bundle))


def _copies(bundle: Bundle, writer: bag.Writer) -> Iterator[bytes]:
    """Numbered copies. What could be copied when its pages were counted can be again: if not, the worker tries anew."""
    for row in bundle.numbered:
        with production.stamped(bundle, row) as copy:
            if copy.pages != row["last"] - row["first"] + 1:
                raise copies.NoCopy(
                    f"{row['label']} has {copy.pages:,} pages now, which are not those that were numbered"
                )
            yield from writer.stream(production.path_of(bundle, row), copy.file)


def _lists(bundle: Bundle, contents: Contents, writer: bag.Writer) -> Iterator[bytes]:
    exhibits, custody = contents.listed_exhibits(), contents.listed_custody()
    contents.actors |= {row["custodian"] for row in bundle.numbered if not row["ours"]}
    people = _people(bundle, contents.actors)
    documents = contents.listed_documents()
    places = sorted(contents.places, key=lambda place: place["index"])
    for name, data in (
        ("events", {"events": places}),
        ("exhibits", {"exhibits": exhibits}),
        ("custody", {"custody": custody}),
        ("documents", {"documents": documents}),
        ("values", {"values": contents.values}),
        ("people", {"people": people}),
    ):
        yield writer.file(f"data/{name}.json", rfc8785.dumps({"schema": f"casemgr.bundle.{name}/1", **data}))
    yield writer.file("data/exhibits.csv", _exhibits_csv(exhibits))
    if bundle.numbered:
        rows = production.load_file_rows(bundle, people)
        yield writer.file(f"{production.FOLDER}/loadfile.csv", to_csv(production.COLUMNS, rows))
    yield writer.file("data/custody.csv", _custody_csv(custody, people))
    about = {"id": str(bundle.pk), "ref": bundle.ref, "case": bundle.case.ref, "case_id": str(bundle.case_id)}
    described = description.describe(bundle=about, exhibits=exhibits, custody=custody, people=people, version=version())
    yield writer.file("data/case.jsonld", json.dumps(described, ensure_ascii=False, indent=1).encode() + b"\n")
    yield writer.file("data/certificate-draft.pdf", certificate(bundle, exhibits, contents.prover))


def _people(bundle: Bundle, actors: set[str]) -> dict[str, str]:
    if not policy.gets(bundle.audience, "people"):
        return {}
    return {actor: str(name) for actor, name in names_of(sorted(actors)).items()}


EXHIBIT_COLUMNS = ("exhibit", "item", "title", "shows", "kind", "bytes", "sha256", "sha512", "path")


def _exhibits_csv(exhibits: list[dict[str, Any]]) -> bytes:
    with_numbers = any("bates" in one for one in exhibits)
    return to_csv(
        (*EXHIBIT_COLUMNS, "bates") if with_numbers else EXHIBIT_COLUMNS,
        (
            {
                **one["item"]["row"],
                "exhibit": one["label"],
                "item": one["item"]["row"]["ref"],
                "shows": one["exhibit"]["row"].get("shows"),
                "bytes": one["item"]["row"]["byte_size"],
                "path": one.get("path") or "withheld",
                "bates": one.get("bates"),
            }
            for one in exhibits
        ),
    )


CUSTODY_COLUMNS = ("exhibit", "at", "kind", "who", "purpose", "measured_sha256", "intact")


def _custody_csv(custody: list[dict[str, Any]], people: dict[str, str]) -> bytes:
    return to_csv(
        CUSTODY_COLUMNS,
        (
            {
                **step["row"],
                "exhibit": chain["label"],
                "who": people.get(step["row"].get("actor"), step["row"].get("actor") or "withheld"),
                "intact": "yes" if step["row"]["intact"] else "NO",
            }
            for chain in custody
            for step in chain["events"]
        ),
    )


def _anchors(bundle: Bundle, prover: proofs.Prover, writer: bag.Writer) -> Iterator[bytes]:
    trust = whom_to_trust()
    yield writer.file("proof/checkpoint", prover.note.encode())
    yield writer.file("proof/policy", trust.encode())
    keys = verifier.Policy.parse(trust)
    for key in [*keys.logs, *keys.witnesses.values()]:
        yield writer.file(f"proof/keys/{key.id.hex()}.vkey", f"{key.text}\n".encode())
    stamps = Anchor.objects.filter(kind=Anchor.Kind.TIMESTAMP, size=prover.size).order_by("id")
    for number, anchor in enumerate(stamps, start=1):
        yield writer.file(f"proof/timestamps/{prover.size}-{number}.tsr", bytes(anchor.token))
    earlier = Bundle.objects.filter(case=bundle.case_id, checkpoint_size__lt=prover.size)
    for size in sorted({size for size in earlier.values_list("checkpoint_size", flat=True) if size}):
        yield writer.file(f"proof/consistency/{size}", prover.continuation(size).encode())


def whom_to_trust() -> str:
    """The log's keys and the witnesses of the settings, as C2SP tlog-policy."""
    configured = witnesses.configured_policy() or Policy()
    own = notes.load_verifier(settings.TRAIL_KEY_FILE)
    logs = configured.logs or tuple(Log(key) for key in (own.keys if own else ()))
    return str(replace(configured, logs=logs))


def _info(bundle: Bundle) -> dict[str, str]:
    provider = settings.PROVIDER
    return {
        "Source-Organization": provider["legal_name"],
        "Organization-Address": ", ".join(provider["address"]),
        "Contact-Email": provider["contact"],
        "External-Identifier": bundle.ref,
        "External-Description": f"Evidence bundle of {bundle.case.ref}",
        "Internal-Sender-Description": bundle.purpose,
        "Bundle-Id": str(bundle.pk),
        "Case": bundle.case.ref,
        "Case-Id": str(bundle.case_id),
        "Audience": bundle.audience,
        "Recipient": bundle.recipient,
        "Legal-Basis": bundle.legal_basis,
        "Prepared-By": bundle.compiled_by.name if policy.gets(bundle.audience, "people") else "withheld",
        "Bag-Software-Agent": f"casemgr {version()}",
    }


def certificate(bundle: Bundle, exhibits: list[dict[str, Any]], prover: proofs.Prover) -> bytes:
    """A draft for a human to complete and sign: Federal Rules of Evidence 902(11), (13), (14); 28 U.S.C. 1746."""
    title = f"Draft certification for {bundle.ref}"
    context = {
        "bundle": bundle,
        "exhibits": exhibits,
        "provider": settings.PROVIDER,
        "head": prover.head,
        "root": prover.head.root.hex(),
        "version": version(),
        "verifier_sha256": verifier_sha256(),
        "title": title,
    }
    return paper.to_pdf(
        render_to_string("pdf/certificate.html", context),
        sheet="report",
        size="letter",
        title=title,
        created=bundle.compiled_at,
    )


def instructions(bundle: Bundle) -> str:
    """How an expert of the other side checks the bag, with this bag's own names."""
    return INSTRUCTIONS.read_text(encoding="utf-8").replace("{REF}", bundle.ref).replace("{HASH}", verifier_sha256())


@cache
def verifier_sha256() -> str:
    return sha256(VERIFIER.read_bytes()).hexdigest()


@cache
def version() -> str:
    return tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


# --- the whole archive -----------------------------------------------------------------------------------------------


def archive(bundle: Bundle, start: int = 0) -> Iterator[bytes]:
    """The .tar, streamed from a byte on: the exhibits from the vault, then what was made. Always the same bytes."""
    assert bundle.made_bytes
    held = ((file, partial(vault.chunks, file.sha256)) for file in held_files(bundle))
    made = bundle.made_bytes, partial(vault.chunks, bundle.made_sha256)
    return bag.archive(bundle.ref, int(bundle.compiled_at.timestamp()), held, made, start=start)


def archive_size(bundle: Bundle) -> int:
    assert bundle.made_bytes
    return bag.archive_size(bundle.ref, int(bundle.compiled_at.timestamp()), held_files(bundle), bundle.made_bytes)


def receipt(bundle: Bundle) -> str:
    """The tlog-proof of the event that recorded the hash of the bag, with its body as the extra data.

    Raises proofs.NotSequenced.
    """
    events = Event.objects.filter(object_type=Bundle._meta.db_table, object_id=bundle.pk)
    event = events.get(action="disclosures.assemble_bundle")
    index = proofs.place_of(event)
    return proofs.Prover(proofs.checkpoint_for(index)).proof(index, extra=bytes(event.body))


class Shelf(verifier.Archive):
    """A bag as our own run of the verifier reads it: what was made from its file, the exhibits where they lie.

    Their hashes were measured a moment ago, step by step, and each is on record; they are not read again.
    """

    def __init__(self, bundle: Bundle, made: Made) -> None:
        self.held = {file.path: file for file in held_files(bundle)}
        super().__init__(vault.open_file(made.sha256))

    def names(self) -> list[str]:
        return sorted({*super().names(), *self.held})

    def open(self, name: str) -> Any:
        return vault.open_file(self.held[name].sha256) if name in self.held else super().open(name)

    def digests(self, name: str, algorithms: Any) -> dict[str, str]:
        if name in self.held:
            return {"sha256": self.held[name].sha256, "sha512": self.held[name].sha512}
        return super().digests(name, algorithms)


def check(bundle: Bundle, made: Made) -> dict[str, Any]:
    """What the verifier says of the bag, run as a stranger would run it."""
    return verifier.check_bundle(Shelf(bundle, made)).as_dict() | {"checked_at": timezone.now().isoformat()}
