"""`manage.py simulate`: write a simulated campaign as files, post it over REST, or score what was found in it."""

import json
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

import httpx
from django.core.management.base import BaseCommand, CommandError

from fixtures import posting
from fixtures.simulate import ALL_PRESETS, ALL_STYLES, Wanted, simulate
from fixtures.truth import first_alerts, read_truth, score_rings


class Command(BaseCommand):
    help = "Simulate a campaign among innocent accounts: write files, post them, score findings. See fixtures/README.md"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--preset", choices=ALL_PRESETS, default="demo")
        parser.add_argument("--seed", type=int, default=1, help="1 to 9 for tuning, 100 and above for scoring")
        parser.add_argument("--style", choices=ALL_STYLES, help="how every ring hides itself")
        parser.add_argument("--out", type=Path, help="folder for what the product may read")
        parser.add_argument("--truth", type=Path, help="folder of the truth (default: OUT with -truth appended)")
        parser.add_argument("--format", choices=("parquet", "ndjson"), help="of account records (large: parquet)")
        for part in ("activity", "log", "alerts"):
            parser.add_argument(f"--{part}", action=BooleanOptionalAction, help=f"whether to write the {part}")
        parser.add_argument("--drill", help="name of the exercise that all alerts carry")
        parser.add_argument(
            "--post", metavar="URL", help="post the files in OUT to this server instead of writing them"
        )
        parser.add_argument("--key", help="API key to post account records with")
        parser.add_argument("--alert-keys", type=Path, help="JSON file to post alerts with: API key by detector")
        parser.add_argument("--score", type=Path, metavar="RINGS", help="JSON list of ref, probability, ring to score")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["score"]:
                self._score(options)
            elif options["out"] is None:
                raise ValueError("Say where: --out FOLDER.")
            elif options["post"]:
                self._post(options)
            else:
                self._write(options)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error

    def _write(self, options: dict[str, Any]) -> None:
        out = options["out"]
        wanted = Wanted(
            options["preset"], options["seed"], options["style"], options["format"], options["activity"],
            options["log"], options["alerts"], options["drill"],
        )  # fmt: skip
        truth = options["truth"] or out.with_name(out.name + "-truth")
        for path in simulate(wanted, out, truth, self._say):
            self.stdout.write(str(path))

    def _post(self, options: dict[str, Any]) -> None:
        keys = json.loads(options["alert_keys"].read_bytes()) if options["alert_keys"] else {}
        if not (options["key"] or keys):
            raise ValueError("Say with which key: --key KEY for account records, --alert-keys FILE for alerts.")
        with httpx.Client(base_url=options["post"], timeout=posting.TIMEOUT) as client:
            for what, requests in posting.post(options["out"], client, options["key"], keys, self._say).items():
                self.stdout.write(f"{what}: {requests} requests")

    def _score(self, options: dict[str, Any]) -> None:
        if options["truth"] is None:
            raise ValueError("Say what is true: --truth FOLDER.")
        rows = json.loads(options["score"].read_bytes())
        first = first_alerts(options["out"]) if options["out"] else None
        result = score_rings(read_truth(options["truth"]), rows, first_alert=first)
        self.stdout.write(json.dumps(result.as_json(), indent=1))

    def _say(self, text: str) -> None:
        self.stderr.write(text)
