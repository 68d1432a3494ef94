"""A key for documents in a process of its own: `RemoteKey` asks, `serve` answers."""

import logging
from functools import partial
from io import BufferedRWPair
from pathlib import Path
from threading import Event
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from apps.core import sockets
from apps.core.signing.keys import FileKey, Refused, Unusable
from apps.core.sockets import Unreachable

log = logging.getLogger(__name__)


class RemoteKey:
    """Asks the document signer behind a socket. Raises Unreachable, Refused, Unusable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._certificates: list[x509.Certificate] = []

    def certificates(self) -> list[x509.Certificate]:
        """As they were when the first document was signed with them: what is signed names the one that it was told."""
        if not self._certificates:
            said = self._ask({"ask": "certificates"})
            self._certificates = x509.load_pem_x509_certificates(said["certificates"].encode())
        return self._certificates

    def sign(self, attributes: bytes) -> bytes:
        return bytes.fromhex(self._ask({"ask": "sign", "attributes": attributes.hex()})["signature"])

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            with sockets.connected(self.path) as stream:
                sockets.send(stream, question)
                answer = sockets.receive(stream)
        except (OSError, ValueError, EOFError) as error:
            raise Unreachable(
                f"The document signer does not answer on {self.path} ({error}). Is `manage.py document_signer` "
                "running, and may this user write to its socket?"
            ) from error
        if "refused" in answer:
            raise Refused(answer["refused"])
        if "unusable" in answer:
            raise Unusable(answer["unusable"])
        return answer


def serve(key: FileKey, path: Path, stop: Event) -> None:
    """Answer on the socket until told to stop."""
    sockets.serve(partial(_answer, key), path, stop)


def _answer(key: FileKey, stream: BufferedRWPair) -> None:
    question = sockets.receive(stream)
    try:
        answer = _answered(key, question)
    except Refused as error:
        log.critical("not signed: %s", error)
        answer = {"refused": str(error)}
    except Unusable as error:
        log.critical("not signed: %s", error)
        answer = {"unusable": str(error)}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no question to a document signer: {error!r}") from error
    sockets.send(stream, answer)


def _answered(key: FileKey, question: dict[str, Any]) -> dict[str, str]:
    if question["ask"] == "certificates":
        return {"certificates": "".join(found.public_bytes(Encoding.PEM).decode() for found in key.certificates())}
    return {"signature": key.sign(bytes.fromhex(question["attributes"])).hex()}
