"""`manage.py document_signer`: holds the key that letters and reports are signed with, until told to stop."""

import logging
import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core import signing, sockets
from apps.core.signing import keys, wire

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Sign documents for the worker, over the socket DOCUMENT_SIGNER_SOCKET. Needs no database."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DOCUMENT_SIGNER_SOCKET:
            raise CommandError("DOCUMENT_SIGNER_SOCKET is not set: name the socket, to the worker as well.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        key = signing.file_key()
        try:
            own = key.certificates()[0]
            log.info("signing documents as %s, certificate %s", own.subject.rfc4514_string(), keys.fingerprint(own))
            wire.serve(key, Path(settings.DOCUMENT_SIGNER_SOCKET), stop)
        except (signing.Unusable, sockets.Unreachable, OSError) as error:
            raise CommandError(f"The document signer cannot work: {error}") from error
