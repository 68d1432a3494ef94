"""Compiling an evidence bundle in the background, step by step, and releasing it by a second person."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.audit import ledger
from apps.audit.action import action
from apps.audit.log import proofs
from apps.audit.reads.look import reading
from apps.cases.drills import refuse_drill
from apps.cases.models import Case, Exhibit
from apps.core import jobs
from apps.core.ids import next_numbers, next_reference
from apps.disclosures.bates import numbering, production
from apps.disclosures.bundle import assembly, policy
from apps.disclosures.bundle.contents import closing_event
from apps.disclosures.models import Bundle, Report
from apps.disclosures.queries import documents_for
from apps.evidence import actions as evidence
from apps.notices.models import Notice

State = Bundle.State


@action
def compile_bundle(
    case: Case,
    *,
    audience: str,
    recipient: str,
    legal_basis: str,
    purpose: str,
    exhibits: Iterable[Exhibit],
    by,
    documents: Iterable[Notice | Report] = (),
    bates_prefix: str = "",
    confidentiality: str = "",
) -> Bundle:
    """Order a bundle of the case as it stands: the event of this order is the last one of the case that is in it.

    Raises ValidationError for a drill, for exhibits of another case, for documents that this audience may not have, and
    for numbers that cannot be given.
    """
    chosen = sorted(exhibits, key=lambda exhibit: exhibit.number)
    documents = list(documents)
    refuse_drill(case)
    if not chosen:
        raise ValidationError({"exhibits": "Choose at least one exhibit."})
    if any(exhibit.case_id != case.pk for exhibit in chosen):
        raise ValidationError({"exhibits": "An exhibit of another case is chosen."})
    if foreign := sorted(str(one) for one in set(documents) - set(documents_for(case, audience))):
        raise ValidationError({"documents": f"These were not made for this recipient: {', '.join(foreign)}."})
    _refuse_numbers(audience, bates_prefix, confidentiality)
    now = timezone.now()
    bundle = ledger.create(
        Bundle,
        ref=next_reference("B", now.year),
        case=case,
        audience=audience,
        recipient=recipient,
        legal_basis=legal_basis,
        purpose=purpose,
        exhibits=[_exhibit(exhibit) for exhibit in chosen],
        documents=[_document(document) for document in documents],
        bates_prefix=bates_prefix,
        confidentiality=confidentiality,
        compiled_by=by,
        compiled_at=now,
    )
    _go_on(bundle, 0, by)
    return bundle


def _refuse_numbers(audience: str, prefix: str, confidentiality: str) -> None:
    if confidentiality and not prefix:
        raise ValidationError({"confidentiality": "It is printed after the Bates number: choose a prefix as well."})
    if not prefix:
        return
    if not numbering.PREFIX.fullmatch(prefix):
        raise ValidationError(
            {"bates_prefix": "A prefix is 2 to 10 capital letters or digits, such as NAI, without spaces or dashes."}
        )
    if not policy.gets(audience, "files"):
        raise ValidationError({"bates_prefix": "This recipient gets no files, so there is nothing to number."})


def _exhibit(exhibit: Exhibit) -> dict:
    item = exhibit.item
    plain = {name: getattr(item, name) for name in ("ref", "title", "kind", "filename", "media_type", "byte_size")}
    return plain | {
        "exhibit": str(exhibit.pk),
        "number": exhibit.number,
        "shows": exhibit.shows,
        "element": exhibit.element,
        "item": str(item.pk),
        "sha256": item.sha256,
        "sha512": item.sha512,
        "collected_at": item.collected_at.isoformat(),
    }


def _document(document: Notice | Report) -> dict:
    if isinstance(document, Notice):
        name, digest = f"{document.ref}.pdf", document.pdf_sha256
    else:
        name, digest = document.files[0]["name"], document.files[0]["sha256"]
    table = document._meta.db_table
    return {"table": table, "id": str(document.pk), "ref": document.ref, "name": name, "sha256": digest}


def _go_on(bundle: Bundle, step: int, by) -> None:
    """The next step is a job of its own: a worker that is killed repeats that one, and nothing before it."""
    jobs.after_commit("disclosures.assemble", f"{bundle.pk}:{step}", by=by)


@action
def copy_exhibit(bundle: Bundle, *, step: int, by) -> None:
    """Measure the next exhibit's file and record, in its custody, that a copy goes into the bundle."""
    chosen = bundle.exhibits[step]
    item = Exhibit.objects.select_related("item").get(pk=chosen["exhibit"]).item
    if not by.has_perm("evidence.export_item", item):
        fail_bundle(bundle, reason=f"No copy may be taken of E{chosen['number']} as it is kept now.", by=by)
        return
    purpose = f"Copied into {bundle.ref} for {bundle.recipient}"[:300]
    measured = evidence.export_item(item, purpose=purpose, by=by)
    if measured.intact:
        _go_on(bundle, step + 1, by)
    else:
        fail_bundle(bundle, reason=f"The file of E{chosen['number']} is not what was collected.", by=by)


@action
def number_bundle(bundle: Bundle, *, by) -> None:
    """Take a number for each page of the copies, right after those of the last production with this prefix.

    The pages are counted first, by copying each file once; then the numbers are taken in the transaction that records
    them. A worker that is killed here took none; from here on they are this bundle's, whatever becomes of it.
    """
    if bundle.bates_first is not None:
        raise ValidationError("It has its numbers, and keeps them.")
    rows = production.rehearse(bundle)
    taken = next_numbers(f"bates:{bundle.bates_prefix}", sum(row["pages"] for row in rows))
    if taken[-1] > numbering.LAST:
        fail_bundle(bundle, reason=f"{bundle.bates_prefix} has no {len(taken):,} numbers left: use another.", by=by)
        return
    ledger.change(
        bundle,
        bates_first=taken[0],
        bates_last=taken[-1],
        numbered=production.numbered(rows, taken[0]),
    )
    _go_on(bundle, len(bundle.exhibits) + 1, by)


@action
def assemble_bundle(bundle: Bundle, *, by) -> None:
    """Make the bag and run the verifier over it. Raises NotSequenced while the order is not in the log."""
    prover = proofs.Prover(proofs.checkpoint_for(proofs.place_of(closing_event(bundle))))
    made = assembly.make(bundle, prover)
    verdict = assembly.check(bundle, made)
    if not verdict["holds"]:
        faults = [fault["sentence"] for one in verdict["verdicts"] for fault in one["faults"]]
        fail_bundle(bundle, reason=f"Our own verifier refuses it. {' '.join(faults[:20])}", by=by)
        return
    ledger.change(
        bundle,
        state=State.READY,
        checkpoint_size=made.checkpoint_size,
        made_sha256=made.sha256,
        made_bytes=made.size,
        made_files=made.files,
        tagmanifest_sha256=made.tagmanifest_sha256,
        verdict=verdict,
    )


@action
def fail_bundle(bundle: Bundle, *, reason: str, by) -> None:
    """It cannot be made, and says why. A new one is compiled when that is mended."""
    ledger.change(bundle, state=State.FAILED, problem=reason)


@action
def release_bundle(bundle: Bundle, *, reason: str, by) -> None:
    """Another person's release: from now on it can be taken, and nothing in it can change."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it is handed over."})
    refuse_drill(bundle.case)
    ledger.change(bundle, state=State.RELEASED, released_by=by, released_at=timezone.now(), released_why=reason.strip())


@action
def discard_bundle(bundle: Bundle, *, reason: str, by) -> None:
    """A bundle that will not be released. It stays on record."""
    if not reason.strip():
        raise ValidationError({"reason": "Say why it will not be released."})
    ledger.change(bundle, state=State.DISCARDED, problem=reason.strip())


@reading
def open_bundle(bundle: Bundle, *, what: str, by) -> None:
    """Record that somebody took it, or its receipt."""
    ledger.note(bundle, what=what)
