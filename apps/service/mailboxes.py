"""Where returns lie until they are read: a maildir on this machine, or a mailbox that is read by IMAP.

A message is marked as read after it is on record. One that is read twice in spite of that is known by its hash.
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.service.returns import LONGEST

AT_ONCE = 500


class Unread:
    """A message that nobody has read yet."""

    def __init__(self, raw: bytes, done) -> None:
        self.raw, self.done = raw, done


@contextmanager
def opened() -> Iterator[Iterator[Unread]]:
    """The unread messages of the mailbox that the settings name, AT_ONCE at most. Raises OSError or imaplib.IMAP4.error
    when it cannot be reached."""
    parts = urlsplit(settings.RETURNS_URL)
    if parts.scheme == "maildir":
        yield _in_maildir(unquote(parts.path))
    elif parts.scheme in ("imaps", "imap"):
        with _imap(parts) as connection:
            yield _in_imap(connection, unquote(parts.path.strip("/")) or "INBOX")
    else:
        raise ImproperlyConfigured("RETURNS_URL is maildir:///path or imaps://user:password@host/INBOX")


def _in_maildir(path: str) -> Iterator[Unread]:
    """Names say which were seen (`…:2,S`), so that none is opened for it."""
    folder = Path(path)
    found = [file for part in ("new", "cur") for file in sorted((folder / part).iterdir()) if "S" not in _flags(file)]
    for file in found[:AT_ONCE]:
        with suppress(FileNotFoundError):  # another reader was quicker
            with file.open("rb") as opened:
                raw = opened.read(LONGEST + 1)
            yield Unread(raw, lambda file=file: _mark(file))


def _flags(file: Path) -> str:
    return file.name.rpartition(":2,")[2] if ":2," in file.name else ""


def _mark(file: Path) -> None:
    name = file.name.partition(":2,")[0]
    with suppress(FileNotFoundError):
        file.rename(file.parent.parent / "cur" / f"{name}:2,{''.join(sorted({*_flags(file), 'S'}))}")


def _imap(parts) -> imaplib.IMAP4:
    host = parts.hostname or ""
    connection: imaplib.IMAP4
    if parts.scheme == "imaps":
        tls = ssl.create_default_context(cafile=settings.EMAIL_CA_FILE or None)
        connection = imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=tls, timeout=settings.EMAIL_TIMEOUT)
    else:
        connection = imaplib.IMAP4(host, parts.port or 143, timeout=settings.EMAIL_TIMEOUT)
    connection.login(unquote(parts.username or ""), unquote(parts.password or ""))
    return connection


def _in_imap(connection: imaplib.IMAP4, name: str) -> Iterator[Unread]:
    connection.select(f'"{name}"')
    _, [found] = connection.uid("SEARCH", "UNSEEN")
    for uid in (found or b"").split()[:AT_ONCE]:
        _, answer = connection.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{LONGEST + 1}>)")
        raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
        if raw is not None:
            yield Unread(raw, lambda uid=uid: connection.uid("STORE", uid.decode(), "+FLAGS", r"(\Seen)"))
