"""`manage.py verify_trail`: the verdicts for people, or as JSON; exit status 1 when anything is wrong."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.audit.verify import Report, Verdict, verify


class Command(BaseCommand):
    help = "Verify the trail: integrity of the log, completeness, and agreement of the tables with it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify(None if options["json"] else self.stderr.write if options["verbosity"] > 1 else None)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))
        else:
            self.print(report)
        if not report.holds:
            sys.exit(1)

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

    def _word(self, verdict: Verdict) -> str:
        if not verdict.is_proven:
            return "  -  "
        return self.style.SUCCESS(" yes ") if verdict.holds else self.style.ERROR(" NO  ")
