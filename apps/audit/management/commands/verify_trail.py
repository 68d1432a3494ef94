"""`manage.py verify_trail`: the verdicts for people, or as JSON; exit status 1 when anything is wrong."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import actions
from apps.audit.actions import PROCESSES
from apps.audit.principals import System
from apps.audit.verify import Report, Verdict, verify


class Command(BaseCommand):
    help = "Verify the trail: integrity of the log, completeness, and agreement of the tables with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument(
            "--against",
            metavar="FILE",
            type=Path,
            action="append",
            default=[],
            help="a checkpoint that somebody kept outside: the log has to continue it (may be given several times)",
        )
        parser.add_argument(
            "--record",
            action="store_true",
            help="keep a record and an event of it, as the nightly one does; it goes on where one was interrupted",
        )
        parser.add_argument(
            "--incremental", action="store_true", help="only what came since the last recorded one; implies --record"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.is_quiet = options["json"] or not self.stderr.isatty()
        if options["record"] or options["incremental"]:
            if options["against"]:
                raise CommandError(
                    "A recorded verification takes no checkpoint from outside: give --against by itself."
                )
            report = actions.verify_trail(
                by=System("verify_trail"),
                is_full=not options["incremental"],
                tell=lambda record: self.tell(record.state["done"], record.state["of"]),
            )
        else:
            outside = [self.read(file) for file in options["against"]]
            report = verify(lambda state: self.tell(state.done, state.of), outside=outside, processes=PROCESSES)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
        else:
            self.print(report)
        if not report.holds:
            sys.exit(1)

    def read(self, file: Path) -> str:
        try:
            return file.read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file} cannot be read: {error}") from error

    def tell(self, done: int, of: int) -> None:
        if not self.is_quiet:
            self.stderr.write(f"\r{min(done, of):,} of {of:,} entries and rows read", ending="")
            self.stderr.flush()

    def print(self, report: Report) -> None:
        self.stdout.write(f"Trail of {report.size} entries, verified in {report.seconds:.1f} s")
        if report.key:
            self.stdout.write(f"Signatures checked with {report.key}")
        for verdict in report.verdicts:
            self.stdout.write(f"\n{self._word(verdict)}  {verdict.question}")
            if verdict.checked:
                self.stdout.write("      " + ", ".join(f"{number} {what}" for what, number in verdict.checked.items()))
            if verdict.remark:
                self.stdout.write(f"      {verdict.remark}")
            for finding in verdict.findings:
                self.stdout.write(f"    - {finding.sentence}")
            if verdict.wrong > len(verdict.findings):
                self.stdout.write(f"    … and {verdict.wrong - len(verdict.findings)} more.")
        if report.remark:
            self.stdout.write(f"\n{report.remark}")
        if report.skipped:
            self.stdout.write("\nWhat was not looked at:")
            for sentence in report.skipped:
                self.stdout.write(f"    - {sentence}")

    def _word(self, verdict: Verdict) -> str:
        if not verdict.holds:
            return self.style.ERROR(" NO  ")
        return self.style.SUCCESS(" yes ") if verdict.is_proven else "  -  "
