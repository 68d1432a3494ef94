"""The client of witnesses: C2SP tlog-witness, `add-checkpoint`.

A witness keeps the last checkpoint that it has seen of a log, and cosigns a newer one only with a proof that it
continues that one. So who rewrites the log, key and all, does not get its signature. What the witness has seen last is
taken from the last cosignature that was kept, and corrected by its own word where an answer was lost.
"""

from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from apps.audit.anchors.parties import Obtained, Unobtained
from apps.audit.log import merkle, notes
from apps.audit.log.policy import Policy
from apps.audit.models import Anchor, Checkpoint, Tile
from apps.core import outbound

LARGEST = 64 * 1024  # a cosignature has some 3.5 KiB at most
SECONDS = 10
EVERY = timedelta(seconds=2)
CLOCKS_APART = timedelta(minutes=5)
CONFLICT = 409  # it has seen another size than we think, and says which
REFUSALS = {
    400: "It calls what casemgr sent malformed (400).",
    403: "It does not accept the log's signature (403). Give its operator the log's key again: {key}",
    404: "It does not know a log called {origin} (404). Ask its operator to add it, with the key {key}",
    422: (
        "It refuses the checkpoint because the log does not continue what it has seen before (422). The log was "
        "rewritten, or this database is another one. Run verify_trail, and ask its operator for its last checkpoint."
    ),
}


@dataclass(frozen=True)
class Witness:
    """One address of the policy, with the keys of its witness, each under the name that the policy gives it."""

    url: str
    keys: Mapping[str, notes.CosignatureVerifier]

    kind = Anchor.Kind.WITNESS
    every = EVERY

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.keys)

    def obtain(self, checkpoint: Checkpoint) -> list[Obtained]:
        last = Anchor.objects.filter(kind=self.kind, party__in=self.names).order_by("-size").first()
        answer = self._post(last.size if last else 0, checkpoint)
        if answer.status == CONFLICT:
            answer = self._post(self._seen(answer.body, checkpoint), checkpoint)
        if not answer.is_success:
            raise Unobtained(self._refusal(answer, checkpoint))
        if len(answer.body) > LARGEST:
            raise Unobtained(f"Answered with more than {LARGEST} bytes, which no cosignature has.")
        obtained = self._verified(answer.body, checkpoint)
        for one in obtained:
            if one.stated_at and abs(one.stated_at - timezone.now()) > CLOCKS_APART:
                raise Unobtained(
                    f"Its cosignature says {one.stated_at:%Y-%m-%d %H:%M:%S} UTC, and the clock here "
                    f"{timezone.now():%H:%M:%S}: one of the two is wrong. It was not kept; set the clock."
                )
        return obtained

    def judge(self, anchor: Anchor, checkpoint: Checkpoint) -> datetime | None:
        judged = {one.by: one.stated_at for one in self._verified(bytes(anchor.token), checkpoint)}
        if anchor.party not in judged:
            raise Unobtained(f"It is not signed with the key of {anchor.party}.")
        return judged[anchor.party]

    def _post(self, old: int, checkpoint: Checkpoint) -> outbound.Outcome:
        proof = "".join(f"{b64encode(node).decode()}\n" for node in proof_of(old, checkpoint.size))
        return outbound.post(
            f"{self.url}/add-checkpoint",
            f"old {old}\n{proof}\n{checkpoint.note}".encode(),
            {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "casemgr"},
            seconds=SECONDS,
            reach=outbound.anchoring(self.url),
            read_at_most=LARGEST + 1,
        )

    def _seen(self, body: bytes, checkpoint: Checkpoint) -> int:
        """The size that the witness says it has seen last."""
        text = body[:32].removesuffix(b"\n")
        if not (text.isdigit() and len(text) < 20 and str(int(text)).encode() == text):
            raise Unobtained("Answered 409 without the size of the log that it has seen, so it cannot be asked again.")
        if int(text) > checkpoint.size:
            raise Unobtained(
                f"It has seen {int(text)} entries, and the log here has {checkpoint.size}: this database is an older "
                "copy, or its end was cut off. Run verify_trail; restore the newer one."
            )
        return int(text)

    def _refusal(self, answer: outbound.Outcome, checkpoint: Checkpoint) -> str:
        words = REFUSALS.get(answer.status or 0)
        if words is None:
            return answer.problem or f"Answered {answer.status}."
        key = notes.load_verifier(settings.TRAIL_KEY_FILE)
        return words.format(origin=checkpoint.note.partition("\n")[0], key=" and ".join(str(key).split()))

    def _verified(self, body: bytes, checkpoint: Checkpoint) -> list[Obtained]:
        """The lines of this witness's keys, and when each signed. Lines of keys that we do not know are passed over.

        Raises Unobtained when none is there, or one of them is wrong.
        """
        try:
            text = body.decode()
            cosigned = notes.with_signatures(checkpoint.note, text)
            by = [line[:2] for line in notes.signatures(f"{notes.split(checkpoint.note)[0]}\n{text}")]
            lines = list(zip(text.splitlines(keepends=True), by, strict=True))
            found = []
            for name, key in self.keys.items():
                if mine := "".join(line for line, signer in lines if signer == (key.name, key.id)):
                    found.append(Obtained(name, mine.encode(), key.open(cosigned)[1]))
        except (notes.BadNote, UnicodeDecodeError) as error:
            raise Unobtained(f"Its cosignature does not hold: {error}.") from error
        if not found:
            raise Unobtained(f"Its cosignature does not hold: it is by none of the keys of {' and '.join(self.keys)}.")
        return found


def proof_of(old: int, new: int) -> list[bytes]:
    """That the log of `new` entries continues that of `old`, from our tiles. Raises Unobtained."""
    if old in (0, new):
        return []
    try:
        return merkle.consistency_proof(
            old, new, merkle.from_tiles(lambda level, n: bytes(Tile.objects.get(level=level, n=n).hashes))
        )
    except (Tile.DoesNotExist, IndexError) as error:
        raise Unobtained("It was not asked: tiles of the log are missing here. Run verify_trail.") from error


def configured() -> list[Witness]:
    """The witnesses of the policy that can be asked: those with an address, once for each."""
    policy = configured_policy()
    keys: dict[str, dict[str, notes.CosignatureVerifier]] = {}
    for witness in policy.witnesses if policy else ():
        if witness.url:
            keys.setdefault(witness.url.rstrip("/"), {})[witness.name] = witness.key
    return [Witness(url, named) for url, named in keys.items()]


def configured_policy() -> Policy | None:
    """The policy of the settings; None where they name none. Raises ImproperlyConfigured."""
    path = settings.TRAIL_POLICY_FILE
    if not path:
        return None
    try:
        return Policy.parse(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"TRAIL_POLICY_FILE: {path} cannot be used: {error}") from error


def quorum_is_met(names: set[str]) -> bool:
    """Whether these witnesses are enough for the policy; a policy that cannot be used is met by nobody."""
    with suppress(ImproperlyConfigured):
        policy = configured_policy()
        return policy is not None and bool(names) and policy.is_met(names)
    return False
