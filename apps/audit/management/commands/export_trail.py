"""`manage.py export_trail FOLDER`: the whole log as files that the verifier derives again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit import actions
from apps.audit.principals import System


class Command(BaseCommand):
    help = "Write the whole log into a new folder, for `verify.py full FOLDER`. It holds every event as recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--reason", required=True, help="why it leaves; it is recorded")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if folder.exists():
            raise CommandError(f"{folder} is there already; name a folder that is not.")
        count = actions.export_trail(folder=folder, reason=options["reason"], by=System("console"))
        self.stdout.write(f"{count} entries of the log are in {folder}.")
