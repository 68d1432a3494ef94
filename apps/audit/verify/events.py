"""One event against itself: its hash, its seal, its leaf, and every column beside the body against the body."""

from hashlib import sha256
from typing import Any, NamedTuple

from django.conf import settings

from apps.audit.verify.reading import body_of, named, shown
from apps.audit.verify.report import Verdict


class Stored(NamedTuple):
    """A row of the table of events, as the reader has it: ids and times as PostgreSQL writes them."""

    id: int
    event_uuid: str
    xid: int
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
    body: bytes
    body_sha256: bytes
    seal: bytes


COLUMNS = ", ".join(f"e.{name}" for name in Stored._fields)
BESIDE = tuple(name for name in Stored._fields[:-3] if name not in ("id", "xid"))  # what the body says as well


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

    def __call__(self, event: Stored, leaf: bytes | None = None) -> dict[str, Any]:
        """The event's body; empty when casemgr did not write it, since nothing follows from it then."""
        data = event.body
        seal_fits = self._seal(data) == event.seal
        hash_fits = sha256(data).digest() == event.body_sha256
        leaf_fits = leaf is None or sha256(b"\x00" + data).digest() == leaf
        body = body_of(data)
        if not (seal_fits and hash_fits and leaf_fits):
            self._broken(event, body, leaf, hash_fits, seal_fits, leaf_fits)
        if not seal_fits:
            return {}
        says = _beside(body)
        if event[1:2] + event[3:17] != says:
            self._differing(event, body, says)
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


def _beside(body: dict[str, Any]) -> tuple:
    """What the columns of BESIDE should say, as the reader has them."""
    table, object_id = body.get("object") or ("", None)
    case_id, case_seq = body.get("case") or (None, None)
    get, at = body.get, str(body.get("at"))
    return (
        get("event"),
        f"{at[:10]} {at[11:26].rstrip('0').rstrip('.')}+00",  # PostgreSQL leaves zeros out at the end of a fraction
        get("act"),
        get("actor"),
        get("actor_kind"),
        get("on_behalf_of"),
        get("request"),
        get("action"),
        table,
        object_id,
        sorted({part["table"] for part in body["batch"]}) or None if get("batch") else None,
        case_id,
        case_seq,
        get("reason"),
        get("v"),
    )


def _where(event: Stored) -> dict[str, Any]:
    return {"table": "audit_event", "row": event.id, "event": event.event_uuid}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
