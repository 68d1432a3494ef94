from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.audit.principals import System
from apps.policies import actions

SHOWN_EVERY = 25  # lines read between two lines of progress


class Command(BaseCommand):
    help = "Imports a recorded history of terms: a folder with an index.csv and one Markdown file a version."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="the folder that holds index.csv")

    def handle(self, *, path: Path, verbosity: int, **options: Any) -> None:
        def show(number: int) -> None:
            if verbosity and number % SHOWN_EVERY == 0:
                self.stderr.write(f"  {number} records read", ending="\r" if self.stderr.isatty() else "\n")

        try:
            summary = actions.import_terms(path=path, by=System("import_terms"), progress=show)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        for rejection in (*summary.not_terms, *summary.rejected):
            self.stderr.write(self.style.WARNING(f"line {rejection.line}, {rejection.file}: {rejection.reason}"))
        self.stdout.write(
            f"{_counted(summary.versions, 'version')} of {_counted(summary.documents, 'new document')} imported, seen"
            f" {_counted(summary.sightings, 'time')}: {_counted(summary.texts, 'new text')}, {summary.clauses} clauses,"
            f" {summary.tags} tags to decide. {summary.skipped} were there already, {len(summary.not_terms)} held no"
            f" terms, {len(summary.rejected)} were rejected."
        )
        if summary.rejected:
            raise CommandError("Not every record could be imported; the lines above say why.")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
