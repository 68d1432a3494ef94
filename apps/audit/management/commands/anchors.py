"""`manage.py anchors`: asks witnesses, time-stamping authorities and write-once stores until it is told to stop."""

import logging
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection

from apps.audit.anchors import parties, rounds, waiting
from apps.audit.anchors.parties import Party

log = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two looks at whether something is due
PATIENCE = 2.0  # before trying again to reach the database


class Command(BaseCommand):
    help = "Have checkpoints witnessed, time-stamped and copied by the parties that the settings name."
    requires_system_checks = []  # which would load every page

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="ask each party once for what is due, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        found = parties.configured()
        parties.needs()
        if options["once"]:
            for party in found:
                rounds.attend(party)
            return
        if not found:
            log.warning("the settings name no witness, no time-stamping authority and no store: nothing is anchored")
        self.stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        # One of them that takes its time keeps no other waiting.
        threads = [threading.Thread(target=self.attend, args=[party], name=party.names[0]) for party in found]
        for thread in threads:
            thread.start()
        self.repeat(waiting.ring_if_due)
        for thread in threads:
            thread.join()

    def attend(self, party: Party) -> None:
        self.repeat(lambda: rounds.attend(party))

    def repeat(self, work: Any) -> None:
        """Do it again and again, through restarts of the database, until told to stop."""
        while not self.stop.is_set():
            try:
                work()
                self.stop.wait(PAUSE)
            except (OperationalError, InterfaceError) as error:
                log.warning("the database cannot be reached: %s", str(error).strip())
                connection.close()
                self.stop.wait(PATIENCE)
        connection.close()
