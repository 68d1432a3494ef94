"""`manage.py signer`: holds the log's key in a process of its own and signs for the sequencer until told to stop."""

import logging
import signal
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.audit.log import notes, sequencer, wire

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Sign checkpoints for the sequencer, over the socket TRAIL_SIGNER_SOCKET. Needs no database."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TRAIL_SIGNER_SOCKET:
            raise CommandError("TRAIL_SIGNER_SOCKET is not set: name the socket, to the sequencer as well.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        signer = sequencer.local_signer()
        try:
            keys = notes.load_or_make_signer(signer.key_file, signer.origin)
            for key in keys.verifier.keys:
                log.info("signing as %s with key %s", key.name, key.id.hex())
            wire.serve(signer, Path(settings.TRAIL_SIGNER_SOCKET), stop)
        except (notes.BadNote, wire.Unreachable, OSError) as error:
            raise CommandError(f"The signer cannot work: {error}") from error
