"""`manage.py story`: the demo people do the whole job once. See fixtures/story."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from fixtures.presets import PRESETS
from fixtures.story import STAGES, ending, records, teller
from fixtures.story.stage import Broken, Play


class Command(BaseCommand):
    help = (
        "Play the demo: alerts over REST, triage, case, finding, decision, notice, report, trail. Goes on where it was."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the web server answers")
        parser.add_argument("--preset", choices=sorted(PRESETS), default="demo")
        parser.add_argument("--seed", type=int, default=2)

    def handle(self, *args: Any, **options: Any) -> None:
        play = Play(options["url"], options["preset"], options["seed"])
        console = Console(file=sys.stdout)
        try:
            if play.is_over:
                records.simulate(play)
                console.print("  The story was told here before; what was done since stays as it is.\n")
            else:
                teller.tell(play, STAGES, console)
            ending.show(play, console)
        except Broken as error:
            raise CommandError(str(error)) from error
