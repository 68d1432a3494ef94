"""Personal data and the trail: the leaf holds a commitment, the value lies where it can be erased.

commitment = SHA-256(0x02 || nonce || column || 0x00 || value as JSON), nonce of 32 random bytes.
"""

import hashlib
import json
import os
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection

from apps.audit.models import Event, PrivateValue, SubjectKey
from apps.core import prepared

# The verbs that erase. Their events name what went: in `details`, `erased` lists the uuid of an event and the field.
# The guard of the tables, audit_require_erasure, knows them too.
ERASING = ("records.erase_subject", "records.reapply_erasure", "records.drop_spare_keys", "records.carry_on")


def commitment(nonce: bytes, column: str, value: object) -> str:
    data = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.sha256(b"\x02" + nonce + column.encode() + b"\x00" + data).hexdigest()


def hide(event_uuid, column: str, side: str, subject: str, value: object) -> dict | None:
    """Keep the value apart and return what the event's body says instead. Nothing is hidden where there is nothing."""
    if value is None or value == "":
        return None
    nonce = os.urandom(32)
    prepared.send(KEEP, [event_uuid, f"{column}.{side}", subject, nonce, _encrypt(subject, value)])
    return {"commitment": commitment(nonce, column, value)}


KEEP = f"""
    INSERT INTO {PrivateValue._meta.db_table} (event_uuid, field, subject, nonce, ciphertext)
    VALUES (%s, %s, %s, %s, %s)"""  # noqa: S608 - our table


def reveal(event_uuid, column: str, side: str) -> object | None:
    """The value behind a commitment, or None when it was erased."""
    row = PrivateValue.objects.filter(event_uuid=event_uuid, field=f"{column}.{side}").first()
    key = row and SubjectKey.objects.filter(subject=row.subject).first()
    if not row or not key:
        return None
    data = bytes(row.ciphertext)
    return json.loads(key_from(bytes(key.wrapped)).decrypt(data[:12], data[12:], row.subject.encode()))


def erase(subjects: list[str]) -> list[tuple[str, str]]:
    """Destroy all values of the subjects, and their keys; returns event and field of each value, for the trail to name.

    PostgreSQL refuses it where a legal hold is on one of them, and where no erasure is on record when it commits.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {PrivateValue._meta.db_table} WHERE subject = ANY(%s)"  # noqa: S608 - our table
            " RETURNING event_uuid::text, field",
            [subjects],
        )
        gone = cursor.fetchall()
        cursor.execute(f"DELETE FROM {SubjectKey._meta.db_table} WHERE subject = ANY(%s)", [subjects])  # noqa: S608
    return gone


def erase_values(values: list[tuple[str, str]]) -> list[str]:
    """Destroy single values, given as event and field; returns their subjects. Keys stay: a subject that is there still
    may be writing its next value at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {PrivateValue._meta.db_table} p USING unnest(%s::uuid[], %s::text[]) AS gone (event, field)"  # noqa: S608
            " WHERE p.event_uuid = gone.event AND p.field = gone.field RETURNING p.subject",
            [[event for event, _ in values], [field for _, field in values]],
        )
        return sorted({subject for (subject,) in cursor.fetchall()})


def drop_spare_keys() -> list[str]:
    """Destroy the keys that open nothing; returns their subjects. After a restore only, when nobody is writing."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {SubjectKey._meta.db_table} k WHERE NOT EXISTS"  # noqa: S608 - our tables
            f" (SELECT FROM {PrivateValue._meta.db_table} p WHERE p.subject = k.subject) RETURNING subject"
        )
        return sorted(subject for (subject,) in cursor.fetchall())


# Hashes of secrets, and secrets that are sealed once more: nobody has to read them, for whatever reason.
SECRETS = frozenset(
    {"password", "secret_sha256", "sealed_secret", "sealed_previous", "sealed_address", "sealed_addresses"}
)


@dataclass(frozen=True)
class Kept:
    """A value behind a commitment, as a person may be shown it."""

    field: str
    value: object | None  # None once it was erased
    is_secret: bool = False

    @property
    def label(self) -> str:
        words = {"source_ip": "Address of the request"}.get(self.field, self.field.replace("_", " "))
        return words[:1].upper() + words[1:]


def kept(event: Event) -> list[Kept]:
    """Every value that the event's body holds a commitment to. A secret is named and not told."""
    return [
        Kept(column, None, is_secret=True)
        if column in SECRETS
        else Kept(column, reveal(event.event_uuid, column, "new"))
        for column in kept_fields(json.loads(bytes(event.body)))
    ]


def kept_fields(body: dict) -> list[str]:
    """What an event's body holds commitments to."""
    columns = [column for column, (_, new) in (body.get("changes") or {}).items() if _is_commitment(new)]
    return columns + (["source_ip"] if _is_commitment(body.get("source_ip")) else [])


def _is_commitment(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"commitment"}


def key_from(wrapped: bytes) -> AESGCM:
    """The key of a subject. Raises InvalidTag when it is not wrapped under PRIVATE_DATA_KEY."""
    return AESGCM(_master().decrypt(wrapped[:12], wrapped[12:], b"subject key"))


def _encrypt(subject: str, value: object) -> bytes:
    nonce = os.urandom(12)
    return nonce + key_from(_wrapped_key(subject)).encrypt(nonce, json.dumps(value).encode(), subject.encode())


WRAPPED = f"SELECT wrapped FROM {SubjectKey._meta.db_table} WHERE subject = %s"  # noqa: S608 - our table


def _wrapped_key(subject: str) -> bytes:
    """The key of a subject, made when it has none."""
    if found := prepared.send(WRAPPED, [subject]).fetchone():
        return found[0]
    key, _ = SubjectKey.objects.get_or_create(subject=subject, defaults={"wrapped": _wrap(AESGCM.generate_key(256))})
    return bytes(key.wrapped)


def _master() -> AESGCM:
    return AESGCM(hashlib.sha256(settings.PRIVATE_DATA_KEY.encode()).digest())


def _wrap(key: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + _master().encrypt(nonce, key, b"subject key")
