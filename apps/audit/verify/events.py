"""One event against itself: its hash, its seal, its leaf, and every column beside the body against the body."""

from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from django.conf import settings

from apps.audit.verify.reading import body_of, named, shown
from apps.audit.verify.report import Verdict


class Stored(NamedTuple):
    """A row of the table of events, as the reader has it: ids and times as PostgreSQL writes them."""

    id: int
    xid: int
    body: bytes
    body_sha256: bytes
    seal: bytes
    # what the body says as well
    event_uuid: str
    occurred_at: str
    act_uuid: str
    actor: str
    actor_kind: str
    on_behalf_of: str
    request_id: str
    action: str
    object_type: str
    object_id: str | None
    tables: list[str] | None
    case_id: str | None
    case_seq: int | None
    reason: str
    schema_version: int


OWN = 5  # columns that the body does not say
BESIDE = Stored._fields[OWN:]
AS_TEXT = {"event_uuid", "occurred_at", "act_uuid", "object_id", "case_id"}
COLUMNS = ", ".join(f"e.{name}::text" if name in AS_TEXT else f"e.{name}" for name in Stored._fields)


class Body(msgspec.Struct):
    """What of an event's body is looked at in every event. The changes wait: most are of no column that is private."""

    event: Any = None
    at: Any = None
    act: Any = None
    actor: Any = None
    actor_kind: Any = None
    on_behalf_of: Any = None
    request: Any = None
    action: Any = None
    object: Any = None
    batch: Any = None
    case: Any = None
    reason: Any = None
    v: Any = None
    changes: msgspec.Raw = msgspec.Raw(b"null")
    source_ip: Any = None

    @property
    def beside(self) -> tuple:
        """What the columns of BESIDE should say."""
        table, object_id = self.object or ("", None)
        case_id, case_seq = self.case or (None, None)
        at = str(self.at)
        return (
            self.event,
            f"{at[:10]} {at[11:26].rstrip('0').rstrip('.')}+00",  # PostgreSQL leaves zeros out at the end of a fraction
            self.act,
            self.actor,
            self.actor_kind,
            self.on_behalf_of,
            self.request,
            self.action,
            table,
            object_id,
            sorted({part["table"] for part in self.batch}) or None if self.batch else None,
            case_id,
            case_seq,
            self.reason,
            self.v,
        )


_decode = msgspec.json.Decoder(Body).decode
NOTHING = Body()


def says(data: bytes) -> Body:
    """Nothing when the bytes are not what casemgr writes, which their seal has said by then."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return NOTHING


class Check:
    """Checks events for a verdict."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self._inner, self._outer = _keyed(settings.EVENT_SEAL_KEY.encode())

    def _seal(self, body: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(body)
        outer.update(inner.digest())
        return outer.digest()

    def __call__(self, event: Stored, leaf: bytes | None = None) -> Body:
        """What the event says; nothing when casemgr did not write it, since nothing follows from it then."""
        data = event.body
        seal_fits = self._seal(data) == event.seal
        hash_fits = sha256(data).digest() == event.body_sha256
        leaf_fits = leaf is None or sha256(b"\x00" + data).digest() == leaf
        if not (seal_fits and hash_fits and leaf_fits):
            self._broken(event, body_of(data), leaf, hash_fits, seal_fits, leaf_fits)
        if not seal_fits:
            return NOTHING
        body = says(data)
        beside = body.beside
        if event[OWN:] != beside:
            self._differing(event, body_of(data), beside)
        return body

    def _broken(self, event: Stored, body: dict, leaf: bytes | None, *fits: bool) -> None:
        broken = [what for what, is_so in zip(("hash", "seal", "leaf"), fits, strict=True) if not is_so]
        if "seal" in broken and leaf is None:
            says = "was not written by casemgr: its seal is wrong."
        else:
            says = f"was changed: its body does not fit its {' and its '.join(broken)}."
        self.verdict.found(f"{_capital(named(body, event.id))} {says}", **_where(event))

    def _differing(self, event: Stored, body: dict, says: tuple) -> None:
        for column, said in zip(BESIDE, says, strict=True):
            if (value := getattr(event, column)) != said:
                self.verdict.found(
                    f"{_capital(named(body, event.id))}: its column {column} says {shown(value)}, "
                    f"its sealed body {shown(said)}.",
                    column=column,
                    **_where(event),
                )


def _keyed(key: bytes) -> tuple[Any, Any]:
    """The two halves of HMAC-SHA-256 (RFC 2104) with their key already taken in: to set the library's own up anew for
    each of a million events costs more than all the rest of an event."""
    block = (sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return sha256(bytes(byte ^ 0x36 for byte in block)), sha256(bytes(byte ^ 0x5C for byte in block))


def _where(event: Stored) -> dict[str, Any]:
    return {"table": "audit_event", "row": event.id, "event": event.event_uuid}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
