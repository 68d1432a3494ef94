"""`manage.py sequencer`: sequences events into the log and signs checkpoints until it is told to stop."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection

from apps.audit.log import notes, sequencer

log = logging.getLogger(__name__)

PAUSE = 0.3  # seconds between two looks at a quiet log: an event is sealed well within a second
PATIENCE = 1.0  # before trying again to reach the database, or to become the leader
AFTER_REFUSAL = 10.0


class Command(BaseCommand):
    help = "Give events their place in the Merkle log and sign checkpoints. One leader works, others wait for it to go."
    requires_system_checks = []  # which would load every page

    def handle(self, *args: Any, **options: Any) -> None:
        self.stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        while not self.stop.is_set():
            try:
                self.lead()
            except (OperationalError, InterfaceError) as error:
                log.warning("the database cannot be reached: %s", str(error).strip())
                connection.close()
                self.stop.wait(PATIENCE)
            except sequencer.Unreachable as error:
                log.warning("%s", error)
                self.stop.wait(PATIENCE)
            except (sequencer.Refused, notes.BadNote, OSError) as error:
                log.critical("nothing is signed: %s", error)
                self.stop.wait(AFTER_REFUSAL)
        connection.close()

    def lead(self) -> None:
        """Sequence as long as this process is the leader; return soon when another one is."""
        with sequencer.leading() as leads:
            while leads and not self.stop.is_set():
                if not sequencer.sequence_as_leader():
                    self.stop.wait(PAUSE)
        if not leads:
            self.stop.wait(PATIENCE)
