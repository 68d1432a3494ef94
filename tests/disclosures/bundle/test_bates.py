"""Bates numbers of a bundle: from the order to the load file, over failures, killed workers and several at once."""

import csv
import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audit import ledger
from apps.audit.principals import System
from apps.core import jobs, vault
from apps.disclosures import actions
from apps.disclosures.actions import bundles
from apps.disclosures.bates import copies, numbering, production
from apps.disclosures.bundle import assembly
from apps.disclosures.models import Bundle
from apps.evidence import actions as evidence
from tests import paper
from tests.disclosures import pdfs
from tests.disclosures.bundle import mutations
from tests.disclosures.bundle.conftest import sequence, start_worker, unpack, work
from tests.disclosures.bundle.test_bundle import verify
from tests.kills import workers
from tests.notices.conftest import work_off
from tests.notices.test_constraints import refused, run

State = Bundle.State
LOAD_FILE = "data/bates/loadfile.csv"


@pytest.fixture
def order(rich: Any, people: Any) -> Callable[..., Bundle]:
    """Order a numbered bundle of the case; its letter is on paper, and signed."""
    work()

    def go(**values: Any) -> Bundle:
        values = {
            "audience": "court",
            "recipient": "Dr Ruth Expert",
            "legal_basis": "Order of the court of 3 May",
            "purpose": "Expert opinion for the defendant",
            "exhibits": rich.exhibits.all(),
            "documents": [],
            "bates_prefix": "NAI",
            "by": people.counsel,
        } | values
        return actions.compile_bundle(rich, **values)

    return go


@pytest.fixture
def exhibit(rich: Any, add_exhibit: Callable[..., Any], people: Any) -> Callable[[bytes, str], Any]:
    """Add a file to the exhibits of the case."""

    def go(content: bytes, name: str) -> Any:
        item = evidence.collect(
            kind="other", title=name, origin="Sent to us", filename=name, chunks=content, by=people.analyst
        )
        return add_exhibit(rich, item=item, group=name[:20])

    return go


def files_of(bundle: Bundle, folder: Any) -> mutations.Files:
    return mutations.of_folder(unpack(bundle, folder / bundle.ref))


def lines_of(files: mutations.Files) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[LOAD_FILE].decode(), newline="")))


@pytest.mark.slow
def test_a_numbered_bundle_from_the_order_to_the_load_file(made, rich, exhibit, people, tmp_path):
    """Exhibits that are PDFs and a letter as copies, everything else as a page that stands for it."""
    exhibit(pdfs.plain("What they wrote", 3), "answer.pdf")
    exhibit(pdfs.encrypted("password"), "=locked 漢字.pdf")
    bundle = made(documents=bundles.documents_for(rich, "court"), confidentiality="CONF")
    files = files_of(bundle, tmp_path)
    lines = lines_of(files)
    assert [line["FileName"] for line in lines][3:5] == ["answer.pdf", "'=locked 漢字.pdf"]
    assert [row["why_placeholder"] for row in bundle.numbered] == [
        *["it is no PDF (application/json)"] * 3,
        "",
        "it is encrypted and asks for a password",
        "",
    ]
    assert bundle.numbered[-1]["left_out"] == ["its signature", "a file inside it"]
    pages = sum(row["last"] - row["first"] + 1 for row in bundle.numbered)
    assert (bundle.bates_first, bundle.bates_last) == (1, pages)
    assert bundle.bates_span == f"NAI-0000001-CONF to NAI-{pages:07d}-CONF"
    for line, row in zip(lines, bundle.numbered, strict=True):
        assert hashlib.sha256(files[f"data/{row['path']}"]).hexdigest() == line["SHA256"] == row["sha256"]
        assert (line["BegBates"], line["Confidentiality"]) == (f"NAI-{row['first']:07d}-CONF", "CONF")
        assert line["BegAttach"] == line["EndAttach"] == ""
        assert line["Custodian"] == ("Northlight AI Ltd" if row["ours"] else people.analyst.name)
        copy = files[f"data/bates/{line['BegBates']}.pdf"]
        text = paper.text(copy)
        assert all(f"NAI-{number:07d}-CONF" in text for number in range(row["first"], row["last"] + 1))
        assert paper.pages(copy) == row["last"] - row["first"] + 1
        if row["ours"] or row["why_placeholder"]:
            assert paper.validate(copy) == []
        if row["why_placeholder"]:
            assert row["sha256"] in text.replace("\n", "")
    assert "=locked 漢字.pdf" in paper.text(files["data/bates/NAI-0000007-CONF.pdf"])
    assert "NAI-0000004-CONF to NAI-0000006-CONF" in files["data/exhibits.csv"].decode()
    report = mutations.judged(files)
    assert report.faults == []
    assert any("given out without a gap, to 6 copies" in sentence for sentence in report.completeness.proved)
    code, told = verify("case", "..", cwd=tmp_path / bundle.ref / bundle.ref / "verify")
    assert (code, told["holds"]) == (0, True)


def test_a_name_that_no_typeface_has_is_spelt_out():
    assert production.legible("a\u202e𓀀\x00b.pdf") == "a<U+202E><U+13000><U+0000>b.pdf"


def test_without_a_prefix_there_is_nothing_of_numbers(made, tmp_path):
    bundle = made(bates_prefix="")
    files = files_of(bundle, tmp_path)
    assert not any("bates" in name for name in files)
    assert b"bates" not in files["data/exhibits.csv"] + files["data/exhibits.json"]
    assert mutations.judged(files).faults == []


def test_numbers_go_on_from_production_to_production(made, rich, tmp_path):
    """Of one prefix; another begins with one."""
    spans = [made(bates_prefix=prefix).bates_span for prefix in ("NAI", "NAI", "N2", "NAI")]
    assert spans == [
        "NAI-0000001 to NAI-0000003",
        "NAI-0000004 to NAI-0000006",
        "N2-0000001 to N2-0000003",
        "NAI-0000007 to NAI-0000009",
    ]


def test_numbers_of_what_is_not_produced_are_never_used_again(order, people, sign_in):
    """A discarded production leaves a gap, which its page and the next one's name."""
    first = order()
    sequence()
    work()
    actions.discard_bundle(first, reason="Wrong recipient", by=people.counsel)
    second = order()
    sequence()
    work()
    second.refresh_from_db()
    assert second.bates_span == "NAI-0000004 to NAI-0000006"
    client = sign_in(people.counsel)
    own = client.get(reverse("disclosures:bundle", args=[first.pk])).content.decode()
    assert "NAI-0000001 to NAI-0000003 were taken and never produced" in own
    other = client.get(reverse("disclosures:bundle", args=[second.pk])).content.decode()
    assert "NAI-0000001 to NAI-0000003" in other
    assert "Never produced, and not used again" in other


def test_an_order_says_what_is_wrong_with_its_numbers(order, rich, people, sign_in):
    for prefix in ("A", "ABCDEFGHIJK", "nai", "NAI-", "N I", "ÄÖ", "٣٤"):
        with pytest.raises(ValidationError, match="2 to 10 capital letters or digits"):
            order(bates_prefix=prefix)
    with pytest.raises(ValidationError, match="choose a prefix as well"):
        order(bates_prefix="", confidentiality="AEO")
    with pytest.raises(ValidationError, match="nothing to number"):
        order(audience="partner")
    values: dict[str, Any] = {"audience": "court", "recipient": "Expert", "legal_basis": "Order", "purpose": "Opinion"}
    values |= {"exhibits": [str(rich.exhibits.first().pk)], "bates_prefix": "nai"}
    answer = sign_in(people.counsel).post(reverse("disclosures:compile_bundle", args=[rich.ref]), values)
    assert answer.status_code == 422
    assert "2 to 10 capital letters or digits" in answer.content.decode()
    assert not Bundle.objects.exists()


def test_a_prefix_that_is_used_up_says_so(order):
    run("INSERT INTO core_counter (kind, year, value) VALUES ('bates:NAI', 0, %s)", numbering.LAST - 2)
    bundle = order()
    sequence()
    work()
    bundle.refresh_from_db()
    assert (bundle.state, bundle.bates_first) == (State.FAILED, None)
    assert bundle.problem == "NAI has no 3 numbers left: use another."


def test_what_no_longer_can_be_copied_keeps_its_numbers(order, exhibit, monkeypatch):
    """The pages were counted, and now the copier fails: the worker tries again, and the range stays."""
    exhibit(pdfs.plain("What they wrote", 3), "answer.pdf")
    bundle = order()
    sequence()
    usual = copies.COPY
    monkeypatch.setattr(copies, "COPY", copies.Bounds(60, 1, 1))
    work()
    bundle.refresh_from_db()
    assert (bundle.state, bundle.bates_span) == (State.ASSEMBLING, "NAI-0000001 to NAI-0000006")
    monkeypatch.setattr(copies, "COPY", usual)
    run("UPDATE core_job SET due_at = now() WHERE state = 'waiting'")
    work()
    bundle.refresh_from_db()
    assert (bundle.state, bundle.bates_span) == (State.READY, "NAI-0000001 to NAI-0000006")


DEATHS_BEFORE = {
    "while the pages are counted": workers.before(copies, "_answer"),
    "when the numbers were taken": workers.after(production, "numbered"),
    "before they are on record": workers.before(bundles, "_go_on"),
}
DEATHS_AFTER = {
    "while the second copy is made": workers.before(copies, "_answer", 2),
    "before the bag is on record": workers.before(assembly, "check"),
}


@pytest.mark.slow
def test_a_killed_worker_takes_no_number_twice_and_none_in_vain(order, exhibit, committed_db):
    exhibit(pdfs.plain("What they wrote", 3), "answer.pdf")
    bundle = order()
    jobs.work_off(len(bundle.exhibits))
    for when, death in DEATHS_BEFORE.items():
        assert not workers.work(death), when
        bundle.refresh_from_db()
        assert (bundle.state, bundle.bates_span) == (State.ASSEMBLING, ""), when
    assert workers.work(task=lambda: jobs.work_off(1))
    sequence()
    for when, death in DEATHS_AFTER.items():
        assert not workers.work(death), when
        bundle.refresh_from_db()
        assert (bundle.state, bundle.bates_span) == (State.ASSEMBLING, "NAI-0000001 to NAI-0000006"), when
        sequence()
    work_off()
    bundle.refresh_from_db()
    assert (bundle.state, bundle.bates_span) == (State.READY, "NAI-0000001 to NAI-0000006")
    assert bundle.verdict["holds"]
    second = order()
    sequence()
    work()
    second.refresh_from_db()
    assert second.bates_first == 7


def test_several_productions_at_once_take_each_number_once(order, exhibit, committed_db):
    """Each worker is a thread with a session of its own in the database."""
    exhibit(pdfs.plain("What they wrote", 4), "answer.pdf")
    ordered = [order() for _ in range(6)]
    sequence()
    for worker in [start_worker() for _ in range(4)]:
        worker.join()
    sequence()
    work()
    taken = sorted(Bundle.objects.values_list("bates_first", "bates_last"))
    assert [first for first, _ in taken] == [1 + 7 * place for place in range(len(ordered))]
    assert [last for _, last in taken] == [7 * (place + 1) for place in range(len(ordered))]


PAGES = st.lists(st.lists(st.integers(1, 2000), min_size=1, max_size=12), min_size=2, max_size=6)


@given(productions=PAGES)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ranges_are_contiguous_over_any_documents_productions_and_threads(
    productions, order, committed_db, monkeypatch
):
    """Whatever has how many pages, and whoever of several workers comes first."""
    prefix = f"P{Bundle.objects.count()}"
    ordered = [order(bates_prefix=prefix) for _ in productions]
    pages = {bundle.pk: many for bundle, many in zip(ordered, productions, strict=True)}
    monkeypatch.setattr(production, "rehearse", lambda bundle: [{"pages": many} for many in pages[bundle.pk]])

    def number(bundle: Bundle) -> None:
        try:
            actions.number_bundle(bundle, by=System("worker"))
        finally:
            connection.close()

    with ThreadPoolExecutor(len(ordered)) as pool:
        list(pool.map(number, ordered))
    taken = list(Bundle.objects.filter(bates_prefix=prefix).order_by("bates_first"))
    rows = [row for bundle in taken for row in bundle.numbered]
    assert [row["first"] for row in rows] == [1, *(row["last"] + 1 for row in rows[:-1])]
    assert rows[-1]["last"] == taken[-1].bates_last == sum(map(sum, productions))
    for bundle in taken:
        assert (bundle.numbered[0]["first"], bundle.numbered[-1]["last"]) == (bundle.bates_first, bundle.bates_last)
        assert [row["last"] - row["first"] + 1 for row in bundle.numbered] == pages[bundle.pk]


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_bates_prefix_is_of_capitals_and_digits", "bates_prefix = 'nai'"),
        ("numbers_and_designation_need_a_prefix", "bates_prefix = '', confidentiality = 'AEO'"),
        ("bates_numbers_are_a_range", "bates_first = 2, bates_last = 1"),
        ("bates_numbers_are_a_range", "bates_first = 1"),
        ("bates_numbers_are_a_range", "bates_first = 1, bates_last = 10000000"),
        ("bates_numbers_are_a_range", "numbered = '[{}]'"),
        (
            "a_ready_bundle_has_its_numbers",
            "state = 'ready', made_sha256 = 'x', made_bytes = 1, made_files = 1, checkpoint_size = 1,"
            " tagmanifest_sha256 = 'x', verdict = '{}'",
        ),
    ],
)
def test_the_database_refuses(order, constraint, change):
    bundle = order()
    with refused(constraint):
        run(f"UPDATE disclosures_bundle SET {change} WHERE id = %s", bundle.pk)


def take(bundle: Bundle, prefix: str, first: int, last: int) -> None:
    with transaction.atomic(), ledger.act("tests.arrange", System("tests")):
        ledger.change(bundle, bates_prefix=prefix, bates_first=first, bates_last=last)


def test_the_database_gives_no_number_twice(order):
    """Nor do numbers of another prefix count as between two of this one."""
    taking = "bates_prefix = %s, bates_first = %s, bates_last = %s"
    one, other, third, fourth = (order() for _ in range(4))
    take(one, "AB", 1_000_000, 3_000_000)
    take(other, "AB2", 5, 9)
    take(third, "AB", 3_000_001, 3_000_001)
    for first, last in ((1, 1_000_000), (2_000_000, 2_000_000), (3_000_001, 9_999_999), (1, 9_999_999)):
        with refused("a_bates_number_is_used_once"):
            run(f"UPDATE disclosures_bundle SET {taking} WHERE id = %s", "AB", first, last, fourth.pk)
    take(fourth, "AB", 1, 999_999)
    for change in ("bates_last = 8", "bates_prefix = 'AB3'", "confidentiality = 'AEO'", "numbered = '[{}]'"):
        with refused("bates_numbers_stay"):
            run(f"UPDATE disclosures_bundle SET {change} WHERE id = %s", other.pk)
    with refused("bates_numbers_stay"):
        run("DELETE FROM disclosures_bundle WHERE id = %s", other.pk)


# --- what somebody may do to the numbers -----------------------------------------------------------------------------


@pytest.fixture
def bag(made, exhibit, tmp_path) -> mutations.Files:
    exhibit(pdfs.plain("What they wrote", 3), "answer.pdf")
    return files_of(made(confidentiality="AEO"), tmp_path)


def changed(files: mutations.Files, change: Callable[[list[list[str]]], Any]) -> set[tuple[str, str]]:
    """The faults that a bag has with another load file, in kind and sentence."""
    rows = list(csv.reader(io.StringIO(files[LOAD_FILE].decode(), newline="")))
    change(rows)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    report = mutations.judged(mutations.with_new_manifests({**files, LOAD_FILE: text.getvalue().encode()}))
    return {(fault.kind, fault.sentence) for fault in report.faults}


def test_what_is_wrong_with_a_load_file_is_named(bag):
    def swapped(rows: list[list[str]]) -> None:
        rows[1], rows[2] = rows[2], rows[1]

    def hashes_swapped(rows: list[list[str]]) -> None:
        rows[1][7], rows[2][7] = rows[2][7], rows[1][7]

    def overlapping(rows: list[list[str]]) -> None:
        rows[2][0] = rows[1][0]

    def foreign(rows: list[list[str]]) -> None:
        rows[2][0] = "ABC-0000002-AEO"

    def open_to_all(rows: list[list[str]]) -> None:
        rows[3][8] = ""

    def renamed(rows: list[list[str]]) -> None:
        rows[4][6] = "another.pdf"

    expected: list[tuple[Any, str, str]] = [
        (swapped, "bates-gap", "line 2: NAI-0000001-AEO to NAI-0000001-AEO are missing before it"),
        (hashes_swapped, "bates-original", "line 2: data/exhibits/E1/log.json is not the original"),
        (overlapping, "bates-overlap", "line 3: NAI-0000001-AEO is given out before it"),
        (foreign, "bates-row", "line 3: ABC-0000002-AEO to NAI-0000002-AEO is no range"),
        (open_to_all, "bates-row", "is given for Confidentiality, the log says AEO"),
        (renamed, "bates-row", "line 5: another.pdf is given for FileName, the log says answer.pdf"),
        (lambda rows: rows.pop(2), "bates-gap", "NAI-0000002-AEO to NAI-0000002-AEO are missing"),
        (lambda rows: rows.pop(), "bates-range", "ends with NAI-0000003-AEO, and the numbers of this bundle with"),
        (lambda rows: rows.append(rows[1]), "bates-overlap", "line 6"),
        (lambda rows: rows[0].reverse(), "bates-row", "does not have the columns"),
        (lambda rows: rows.clear(), "bates-row", "does not have the columns"),
    ]
    assert changed(bag, lambda rows: None) == set()
    for change, kind, sentence in expected:
        found = changed(bag, change)
        assert any(kind == one and sentence in words for one, words in found), (kind, sentence, found)


def test_what_is_wrong_with_copies_and_originals_is_named(bag):
    def faults(files: mutations.Files) -> set[tuple[str, str]]:
        report = mutations.judged(mutations.with_new_manifests(files))
        return {(fault.kind, fault.where) for fault in report.faults}

    copy, original = "data/bates/NAI-0000004-AEO.pdf", "data/exhibits/E4/answer.pdf"
    assert faults({name: data for name, data in bag.items() if name != copy}) == {("copy-missing", copy)}
    assert faults({**bag, "data/bates/NAI-0000007-AEO.pdf": b"%PDF"}) == {
        ("file-unlisted", "data/bates/NAI-0000007-AEO.pdf")
    }
    assert ("bates-original", f"{LOAD_FILE}, line 5") in faults({**bag, original: bag[copy]})
    assert faults({name: data for name, data in bag.items() if name != LOAD_FILE}) == {("file-unreadable", LOAD_FILE)}


def test_no_load_file_trips_the_verifier(bag):
    random = Random(8)
    for _ in range(60):
        data = bytearray(bag[LOAD_FILE])
        for _ in range(random.randrange(1, 8)):
            data[random.randrange(len(data))] = random.randrange(256)
        if bytes(data) != bag[LOAD_FILE]:
            report = mutations.judged(mutations.with_new_manifests({**bag, LOAD_FILE: bytes(data)}))
            assert report.faults
            assert all(fault.where.startswith(LOAD_FILE) for fault in report.faults), report.faults


def test_the_vault_keeps_no_copy_beside_the_bag(made, exhibit):
    """Originals stay as they are, and under their own hash."""
    added = exhibit(pdfs.plain("What they wrote", 3), "answer.pdf")
    made()
    assert vault.measure(added.item.sha256) == added.item.sha256
