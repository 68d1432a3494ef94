"""How long a letter takes from being issued in the browser to its signed file, and what a long appendix takes.

    make bench NAME=notices ARGS="--letters 40 --rows 24000"

The site is served over HTTP; a worker, and the signer of documents in a process of its own, work beside it. Approved
letters are issued one after the other, and each is downloaded as soon as there is a file. Then a document with a long
list of accounts is set, signed and judged, and its memory is watched. The last line is JSON: `single_p95_s`; of the
appendix seconds (also of processor time), peak memory of a process in MB, pages and megabytes, and what the validator
found wrong (where it is installed). At last a mailing is drafted and issued by two workers, and the same HTML is set by
the library alone in two processes: `bulk_to_bare_loop` and `worker_rss_mb`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django

from benchmarks.intake import server
from casemgr.run.paths import MANAGE

PATIENCE = 120.0  # seconds for one letter
WARM = 2  # letters that are not counted
LOOK_EVERY = 1.0  # seconds; ten times as often, looking took a fortieth of what the workers could have had


def main() -> int:
    quick = bool(os.environ.get("QUICK"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--letters", type=int, default=5 if quick else 40)
    parser.add_argument("--rows", type=int, default=1_000 if quick else 24_000)
    parser.add_argument("--bulk", type=int, default=40 if quick else 800)
    parser.add_argument("--loop", type=int, help="how many of the mailing's letters the bare loop sets (all)")
    parser.add_argument("--work", action="store_true", help="be a worker (used by the benchmark itself)")
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "casemgr.settings", "LOG_LEVEL": "ERROR", "CELERY_BROKER_URL": ""}
    if options.work:
        return work()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DOCUMENT_SIGNER_SOCKET"] = f"{folder}/s"
        for command in (["migrate"], ["collectstatic", "--no-input"]):
            subprocess.run([*MANAGE, *command, "--verbosity", "0"], check=True)
        django.setup()
        with beside([*MANAGE, "document_signer"]), server() as (url, _):
            world = import_module("tests.architecture.world").World()  # untyped, like all tests
            found = {"benchmark": "notices"} | singles(world, url, options.letters)
            found |= bulk(world, options.bulk, options.loop) | appendix(options.rows)
    print(json.dumps(found))
    return 0


def work() -> int:
    """Do what is due until the parent ends us."""
    django.setup()
    from apps.core import jobs

    while True:
        if not jobs.work_off(limit=1):
            time.sleep(0.02)


@contextmanager
def beside(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


# --- one letter ------------------------------------------------------------------------------------------------------


def singles(world: Any, url: str, count: int) -> dict[str, float]:
    """From the request that issues a letter to its file, downloaded; the first ones warm everything up."""
    letters = [world.notice("approved") for _ in range(count + WARM)]
    browser = signed_in(url, world.people.counsel)
    with beside([sys.executable, "-m", "benchmarks.notices", "--work"]):
        took = sorted([issue(browser, url, letter) for letter in letters][WARM:])
    p95 = took[min(len(took) - 1, int(0.95 * len(took)))]
    return {"letters": count, "single_p50_s": round(statistics.median(took), 3), "single_p95_s": round(p95, 3)}


def signed_in(url: str, person: Any) -> Any:
    import httpx
    from django.test import Client

    client = Client()
    client.force_login(person)
    browser = httpx.Client(cookies={"session": client.cookies["session"].value}, timeout=PATIENCE)
    browser.get(f"{url}/letters/")  # a page with a form gives the token
    browser.headers.update({"X-CSRFToken": browser.cookies["csrf"], "Origin": url})
    return browser


def issue(browser: Any, url: str, letter: Any) -> float:
    began = time.perf_counter()
    answer = browser.post(f"{url}/notices/{letter.pk}/issue/")
    if answer.status_code != 302:
        sys.exit(f"The letter was not issued: {answer.status_code}")
    while (answer := browser.get(f"{url}/notices/{letter.pk}/file")).status_code == 404:
        if time.perf_counter() - began > PATIENCE:
            sys.exit("The letter has no file.")
        time.sleep(0.01)
    if not answer.content.startswith(b"%PDF"):
        sys.exit(f"The letter was not sent: {answer.status_code}")
    return time.perf_counter() - began


# --- a long list -----------------------------------------------------------------------------------------------------


def appendix(rows: int) -> dict[str, Any]:
    from apps.core import paper, pdf, signing
    from apps.core.appendix import Appendix, seconds_for

    columns = ("Account", "First active", "Last active", "Requests")
    listed = Appendix("The accounts", columns, [row(number) for number in range(rows)], "accounts.csv")
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A list</title></head>'
        f'<body class="letter"><h1>A list</h1>{listed.to_html()}</body></html>'
    )
    options: dict[str, Any] = {"title": "A list", "created": datetime(2026, 3, 19, tzinfo=UTC), "signature_field": True}
    pdf._close_idle()
    before, began = os.times(), time.perf_counter()
    with watched() as peak:
        made = paper.to_pdf(
            html, sheet="letter", attachments=[listed.attachment()], seconds=seconds_for(rows), **options
        )
        signed = signing.sign(made, signing.key()).pdf
    took = time.perf_counter() - began
    pdf._close_idle()  # what the renderer took is counted when it has ended
    after = os.times()
    spent = sum(after[:4]) - sum(before[:4])
    return {
        "appendix_rows": rows,
        "appendix_s": round(took, 1),
        "appendix_cpu_s": round(spent, 1),
        "appendix_rss_mb": max(peak.values()),
        "appendix_mb": round(len(signed) / 1e6, 1),
        "appendix_wrong": judged(signed),
    }


def row(number: int) -> tuple[str, ...]:
    return f"acct_{number * 2654435761 % 2**32:08x}", "2026-02-03", f"2026-04-{number % 30 + 1:02}", f"{number:,}"


@contextmanager
def watched() -> Iterator[dict[int, int]]:
    """Peak memory in MB of each process that works for us meanwhile, by its id."""
    peak: dict[int, int] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_EVERY):
            for pid in descendants(os.getpid()):
                peak[pid] = max(peak.get(pid, 0), peak_mb(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def descendants(pid: int) -> list[int]:
    try:
        children = [
            int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()
        ]
    except OSError:
        return []
    return [found for child in children for found in (child, *descendants(child))]


def peak_mb(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) // 1024
    except (OSError, IndexError):
        return 0  # it has ended


def judged(document: bytes) -> list[str] | None:
    """What keeps it from being PDF/A-3a and PDF/UA-1; None where nobody here can say."""
    try:
        return import_module("tests.paper").validate(document)[:5]
    except ImportError:
        return None


# --- many letters ----------------------------------------------------------------------------------------------------


def bulk(world: Any, count: int, loop: int | None) -> dict[str, Any]:
    """A mailing of so many letters, by two workers, and the bare loop over the same HTML in two processes.

    `bulk_to_bare_loop` is the rate of the mailing, from its release to the last signed file, over that of the loop.
    """
    from apps.cases import actions as cases
    from apps.notices import actions
    from apps.notices.models import Mailing

    made = import_module("tests.cases.conftest")
    made.make_accounts(count, "mailed")
    made.make_activity()
    decision = world.approved()
    if decision.state == "held":  # a third person has to agree to what meets so many
        cases.release_decision(decision, by=world.people.lead)
    mailing = actions.start_mailing(decision, kind="suspension", by=world.people.counsel)
    with workers() as peak:
        drafting = seconds_until(mailing, Mailing.State.REVIEW)
        for sampled in mailing.sample.all():
            actions.mark_letter(sampled, mark="right", by=world.people.approver)
        actions.approve_mailing(mailing, by=world.people.approver)
        drafts = mailing.notices.filter(state="draft").count()
        actions.release_mailing(mailing, typed=str(drafts), by=world.people.counsel)
        issuing = seconds_until(mailing, Mailing.State.DONE)
    looped, bare = bare_loop(mailing, loop)
    return {
        "bulk_letters": drafts,
        "bulk_drafting_s": round(drafting, 1),
        "bulk_issuing_s": round(issuing, 1),
        "bare_loop_letters": looped,
        "bare_loop_s": round(bare, 1),
        "bulk_to_bare_loop": round((drafts / issuing) / (looped / bare), 3),
        "worker_rss_mb": max(peak.values()),
    }


@contextmanager
def workers() -> Iterator[dict[int, int]]:
    """Two of them, and the peak memory of each process of theirs."""
    work_for_us = [sys.executable, "-m", "benchmarks.notices", "--work"]
    with watched() as peak, beside(work_for_us), beside(work_for_us):
        yield peak


def seconds_until(mailing: Any, state: str) -> float:
    began = time.perf_counter()
    while mailing.state != state:
        if time.perf_counter() - began > PATIENCE + mailing.count:
            sys.exit(f"The mailing is still {mailing.state}: {mailing.pieces.exclude(problem='').first()}")
        time.sleep(LOOK_EVERY)
        mailing.refresh_from_db()
    return time.perf_counter() - began


def bare_loop(mailing: Any, most: int | None) -> tuple[int, float]:
    """How many of the same letters in how many seconds, by the library alone, in two processes that read style sheets
    and typefaces once."""
    from apps.core import paper
    from apps.notices import writing

    letters = (
        mailing.notices.filter(state="issued").select_related("template", "decision", "account").order_by("ref")[:most]
    )
    papers = [writing._paper(letter, writing.facts_of(letter)) for letter in letters]
    sheets = paper._set(papers[0], "letter", "a4")
    halves = [[(each.html, dict(each.assets)) for each in papers[start::2]] for start in (0, 1)]
    began = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(set_all, halves, [sheets.css] * 2, [sheets.fonts] * 2))
    return len(papers), time.perf_counter() - began


def set_all(letters: list[tuple[str, dict]], css: list[str], fonts: dict[str, bytes]) -> None:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    files = {f"asset:{name}": data for name, data in fonts.items()}

    class Files(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            return URLFetcherResponse(url, files[url], {"Content-Type": "image/svg+xml"} if ".svg" in url else {})

    configuration, fetcher = FontConfiguration(), Files()
    sheets = [CSS(string=text, url_fetcher=fetcher, font_config=configuration) for text in css]
    for html, assets in letters:
        files.update({f"asset:{name}": data for name, data in assets.items()})
        pages = HTML(string=html, url_fetcher=fetcher).render(font_config=configuration, stylesheets=sheets)
        pages.write_pdf(pdf_variant="pdf/a-3a")


if __name__ == "__main__":
    sys.exit(main())
