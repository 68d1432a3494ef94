"""How long it takes to import a history of terms, and to say which version bound each of 24,000 accounts.

    make bench NAME=terms ARGS="--folder ../shared/data/terms"

The import is measured in a transaction that is taken back, so that it starts with no terms each time. The last line is
JSON.
"""

import argparse
import json
import os
import subprocess
import time
from datetime import date
from pathlib import Path

import django

from casemgr.run.paths import BASE, MANAGE

FOLDER = BASE.parent / "shared" / "data" / "terms"
ACCOUNTS = 24_000


class _TakenBack(Exception):
    pass


def measure(folder: Path = FOLDER) -> dict[str, float]:
    """Seconds for the import, for importing the same again, and for the terms of all accounts at their acts."""
    from django.db import transaction

    from apps.audit.principals import System
    from apps.policies import actions

    figures: dict[str, float] = {}
    try:
        with transaction.atomic():
            by = System("import_terms")
            started = time.perf_counter()
            actions.import_terms(path=folder, by=by)
            figures["terms_import_s"] = round(time.perf_counter() - started, 2)
            started = time.perf_counter()
            actions.import_terms(path=folder, by=by)
            figures["terms_again_s"] = round(time.perf_counter() - started, 2)
            figures["terms_bound_24k_s"] = _bound()
            raise _TakenBack
    except _TakenBack:
        return figures


def _bound() -> float:
    from django.db import connection

    from apps.accounts.models import Account
    from apps.accounts.terms import in_force_for
    from apps.policies.models import Document

    document = Document.objects.order_by("service", "name").first()
    if document is None:
        raise SystemExit("The folder holds no terms.")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_account DISABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO accounts_account"
            " (id, ref, product, plan, country, organisation, contract, status, recorded_at)"
            " SELECT core_uuid7(), 'bench_' || n, %s, '', '', '', '', 'active', now() FROM generate_series(1, %s) AS n",
            [document.service, ACCOUNTS],
        )
    started = time.perf_counter()
    bound = in_force_for(Account.objects.filter(ref__startswith="bench_"), date(2020, 1, 1), date(2030, 1, 1))
    assert len({one.account_id for one in bound}) == ACCOUNTS
    return round(time.perf_counter() - started, 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="holds index.csv")
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "ERROR", "DEBUG": "false"}
    subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], check=True)
    django.setup()
    print(json.dumps({"benchmark": "terms"} | measure(options.folder)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
