from datetime import UTC, date, datetime
from io import StringIO
from itertools import groupby, pairwise
from operator import itemgetter

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audit import ledger
from apps.audit.action import Forbidden
from apps.audit.models import Event
from apps.audit.principals import System
from apps.policies import actions, queries
from apps.policies.models import Clause, Document, RejectedRecord, Sighting, Tagging, Text, Version

TERMS = "# Terms\n\nEffective: January 31, 2026\n\n## 1. Use\n\n1. Do not train competing models.\n" + "Be fair. " * 40


def rows() -> list[int]:
    return [model.objects.count() for model in (Document, Text, Version, Clause)]


MORE = TERMS + "More of it."


def bring_in(history, by, **added):
    """Import what the history holds, with more records first: moment (day of January) -> text."""
    for day, text in added.items():
        history.add(text, f"2026-01-{int(day[1:]):02}T00:00:00Z")
    return actions.import_terms(path=history.write(), by=by)


def told() -> list[tuple]:
    """The versions of the one document there is: the day it was seen first, its text, the days of its sightings."""
    return [
        (
            version.seen_at.day,
            "more" if version.text.content.endswith("More of it.") else "terms",
            sorted(sighting.seen_at.day for sighting in version.sightings.all()),
        )
        for version in Version.objects.order_by("seen_at")
    ]


def test_an_import_keeps_each_text_once_and_a_version_for_each_time_it_was_in_force(history, people):
    summary = bring_in(history, people.counsel, d1=TERMS, d2=MORE, d3=TERMS)
    assert (summary.documents, summary.texts, summary.versions, summary.rejected) == (1, 2, 3, [])
    assert rows() == [1, 2, 3, summary.clauses]
    version = Version.objects.earliest("seen_at")
    assert version.text.content == TERMS
    assert version.text.byte_size == len(TERMS.encode())
    assert (version.effective_from, version.effective_words) == (date(2026, 1, 31), "Effective: January 31, 2026")
    assert Document.objects.get().slug == "harbour-terms-of-service-main"


def test_a_tracking_token_or_white_space_makes_no_version_but_a_sighting(history, people):
    linked = TERMS + "[us](https://a.example/?t={})"
    summary = bring_in(
        history,
        people.counsel,
        d1=linked.format(1),
        d2=linked.format(2),
        d3=linked.format(3).replace(" fair", "\n fair"),
    )
    assert (summary.versions, summary.sightings, summary.texts) == (1, 3, 3)
    version = Version.objects.get()
    assert version.text.content == linked.format(1)
    newest = queries.sightings(version).first()
    assert (newest.seen_at.day, newest.text.sha256) == (3, Text.objects.get(content__contains="\n fair").sha256)


def test_what_is_no_terms_is_refused_with_its_reason_and_can_be_inspected(history, people):
    summary = bring_in(history, people.counsel, d1=TERMS, d2="[Moved](https://a.example/)", d3=TERMS)
    assert told() == [(1, "terms", [1, 3])]
    assert [(one.line, one.reason) for one in summary.not_terms] == [
        (3, "the record has 5 characters of text: a redirect or an empty page, not the terms")
    ]
    kept = RejectedRecord.objects.get()
    assert (kept.kind, kept.content, kept.reason) == (
        "no_terms",
        "[Moved](https://a.example/)",
        summary.not_terms[0].reason,
    )
    assert bring_in(history, people.counsel).not_terms
    assert RejectedRecord.objects.count() == 1


def test_a_history_that_grows_at_its_end_extends_the_last_version(history, people):
    bring_in(history, people.counsel, d1=TERMS)
    before = Version.objects.get()
    summary = bring_in(history, people.counsel, d5=TERMS, d9=MORE)
    assert (summary.versions, summary.sightings, summary.skipped) == (1, 2, 1)
    assert told() == [(1, "terms", [1, 5]), (9, "more", [9])]
    assert Version.objects.earliest("seen_at") == before


def test_a_record_that_comes_late_parts_a_version_in_two(history, people):
    bring_in(history, people.counsel, d1=TERMS, d3=TERMS, d9=TERMS)
    first = Version.objects.get()
    summary = bring_in(history, people.counsel, d5=MORE)
    assert told() == [(1, "terms", [1, 3]), (5, "more", [5]), (9, "terms", [9])]
    assert (summary.versions, summary.sightings, summary.skipped) == (2, 1, 3)
    assert Version.objects.earliest("seen_at") == first
    assert bring_in(history, people.counsel).versions == 0


def test_a_record_that_comes_late_may_show_that_a_version_is_older(history, people):
    bring_in(history, people.counsel, d1=TERMS, d9=MORE)
    newer = Version.objects.latest("seen_at")
    bring_in(history, people.counsel, d4=MORE.replace("fair", "[fair](x)"))
    assert told() == [(1, "terms", [1]), (4, "more", [4, 9])]
    moved = Version.objects.latest("seen_at")
    assert (moved.pk, moved.text.content.count("[fair]")) == (newer.pk, 40)
    assert queries.clauses(moved).exists()


@given(order=st.permutations([1, 2, 3, 4, 5, 6]), texts=st.lists(st.booleans(), min_size=6, max_size=6))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_in_which_records_come_makes_no_difference(history, people, order, texts):
    try:
        with transaction.atomic():
            for day in order:
                bring_in(history, people.counsel, **{f"d{day}": MORE if texts[day - 1] else TERMS})
            days = [(day, "more" if more else "terms") for day, more in enumerate(texts, start=1)]
            expected = [[day for day, _ in run] for _, run in groupby(days, key=itemgetter(1))]
            assert [sightings for _, _, sightings in told()] == expected
            assert [day for day, _, _ in told()] == [run[0] for run in expected]
            raise _Undo
    except _Undo:
        history.rows.clear()


class _Undo(Exception):
    pass


def test_importing_again_changes_nothing(history, people):
    history.add(TERMS)
    path = history.write()
    actions.import_terms(path=path, by=people.counsel)
    before = rows()
    again = actions.import_terms(path=path, by=people.counsel)
    assert (again.versions, again.texts, again.clauses, again.skipped) == (0, 0, 0, 1)
    assert rows() == before


def test_one_event_says_what_came_in_and_from_whom(history, people):
    history.add(TERMS)
    history.add(TERMS, sha256="0" * 64)
    actions.import_terms(path=history.write(), by=people.counsel)
    event = Event.objects.get(action="policies.import_terms")
    assert event.actor == people.counsel.actor
    written = (Document, Text, Version, Sighting, Clause, Tagging, RejectedRecord)
    assert set(event.tables) == {m._meta.db_table for m in written}
    assert b'"versions":1' in bytes(event.body)
    assert b"SHA-256" in bytes(event.body)  # the rejection, with its reason


def test_another_text_at_a_known_moment_is_rejected_and_not_taken(history, people):
    history.add(TERMS)
    actions.import_terms(path=history.write(), by=people.counsel)
    history.rows.clear()
    history.add(TERMS + "Tampered.", record_kind="first_record")
    summary = actions.import_terms(path=history.write(), by=people.counsel)
    assert [rejection.reason for rejection in summary.rejected] == [
        "another text of this document is recorded at this moment already"
    ]
    assert Version.objects.get().text.content == TERMS
    assert RejectedRecord.objects.get().content.endswith("Tampered.")


def test_documents_whose_names_make_the_same_slug_have_their_own(history, people):
    history.add(TERMS, service="Har bour")
    history.add(TERMS, service="Har-bour")
    actions.import_terms(path=history.write(), by=people.counsel)
    slugs = Document.objects.values_list("slug", flat=True)
    assert set(slugs) == {"har-bour-terms-of-service-main", "har-bour-terms-of-service-main-2"}


def test_a_folder_that_is_no_history_is_refused_in_words(tmp_path, people):
    with pytest.raises(ValidationError, match=r"There is no index\.csv"):
        actions.import_terms(path=tmp_path, by=people.counsel)


@pytest.mark.parametrize("role", ["analyst", "approver", "auditor", "admin"])
def test_only_legal_counsel_and_the_command_import(history, people, role):
    history.add(TERMS)
    with pytest.raises(Forbidden):
        actions.import_terms(path=history.write(), by=getattr(people, role))
    assert rows() == [0, 0, 0, 0]


# --- the command ------------------------------------------------------------------------------------------------------


def run(path) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_terms", str(path), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_says_what_it_did(history, db):
    history.add(TERMS)
    out, _ = run(history.write())
    assert "1 version of 1 new document imported" in out
    out, _ = run(history.root)
    assert "1 were there already" in out
    assert Event.objects.filter(action="policies.import_terms").last().actor == "system:import_terms"


def test_the_command_names_each_rejected_record_and_fails(history, db, capsys):
    history.add(TERMS)
    history.add(TERMS, file="none.md")
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="Not every record"):
        call_command("import_terms", str(history.write()), stdout=out, stderr=err)
    assert "line 3, none.md: the file does not exist" in err.getvalue()
    assert Version.objects.count() == 1


def test_the_command_refuses_a_wrong_folder_in_one_sentence(tmp_path, db):
    with pytest.raises(CommandError, match=r"There is no index\.csv"):
        run(tmp_path)


# --- constraints ------------------------------------------------------------------------------------------------------


def provoke(model, **values) -> str:
    with ledger.act("tests.arrange", System()), pytest.raises(ValidationError) as refused, transaction.atomic():
        ledger.create(model, **values)
    return refused.value.code


def test_the_database_refuses_what_there_is_already(history, people):
    history.add(TERMS)
    actions.import_terms(path=history.write(), by=people.counsel)
    document, text, version, clause = (model.objects.first() for model in (Document, Text, Version, Clause))
    names = {"collection": "main", "service": "Harbour", "name": "Terms of Service"}
    assert provoke(Document, **names, slug="other") == "one_document_per_collection_service_name"
    assert provoke(Document, **(names | {"name": "Other"}), slug=document.slug) == "one_document_per_slug"
    content = {"normalised_sha256": "0" * 64, "content": "x", "byte_size": 1}
    assert provoke(Text, sha256=text.sha256, **content) == "a_text_is_held_once"
    seen = {"document": document, "text": text, "seen_at": version.seen_at, "kind": "change"}
    assert provoke(Version, **seen, source_file="x.md") == "one_version_per_document_and_moment"
    assert provoke(Sighting, **seen, version=version, source_file="x.md") == "a_document_is_seen_once_at_a_moment"
    part = {"text": text, "content": "x", "sha256": "0" * 64, "said_sha256": "0" * 64}
    assert provoke(Clause, **part, address=clause.address, ordinal=999) == "one_clause_per_address"
    assert provoke(Clause, **part, address="new", ordinal=clause.ordinal) == "clauses_are_in_one_order"


def test_terms_do_not_change_by_sql_without_an_event(committed_db, history, people):
    history.add(TERMS)
    actions.import_terms(path=history.write(), by=people.counsel)
    with (
        connection.cursor() as cursor,
        pytest.raises(IntegrityError, match="policies_clause was changed without an entry in the trail"),
    ):
        cursor.execute("UPDATE policies_clause SET content = 'You may do anything.'")


# --- the recorded terms of real services ------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_recorded_terms_of_all_services_are_imported_and_in_force_when_they_were(real_terms, people):
    summary = actions.import_terms(path=real_terms, by=people.counsel)
    assert (summary.documents, summary.texts, summary.versions, summary.skipped) == (24, 174, 198, 0)
    assert summary.sightings == 236
    assert (summary.rejected, summary.not_terms) == ([], [])
    assert actions.import_terms(path=real_terms, by=people.counsel).skipped == 236
    assert len(queries.services(people.analyst)) == 7

    document = Document.objects.get(service="OpenAI", name="Terms of Service")
    by_hand = [  # every change of this document, from its index
        ("2023-10-16T12:30:05+00:00", "a1da2dcc"),
        ("2023-11-14T18:30:25+00:00", "d9d49b2d"),
        ("2023-11-15T00:30:28+00:00", "ca036b3b"),
        ("2023-12-02T06:30:26+00:00", "417bd95e"),
        ("2024-02-10T00:30:28+00:00", "fc03b5d8"),
    ]
    microsecond = datetime.resolution
    for (_, before), (moment, after) in pairwise([("", None), *by_hand]):
        at = datetime.fromisoformat(moment)
        assert commit(queries.in_force(document, at - microsecond)) == before
        assert commit(queries.in_force(document, at)) == after
        assert commit(queries.in_force(document, at + microsecond)) == after

    address = "using-our-services/what-you-cannot-do/use-output-to-develop-models-that"
    assert queries.clause_in_force(document, address, date(2023, 11, 13)) is None
    version, clause = queries.clause_in_force(document, address, date(2023, 11, 14))
    assert commit(version) == "d9d49b2d"
    assert clause.content == "Use Output to develop models that compete with OpenAI."
    history = queries.clause_history(version, clause)
    assert [(bool(stretch.clause), stretch.since) for stretch in history] == [
        (True, datetime(2023, 11, 14, 18, 30, 25, tzinfo=UTC)),
        (False, datetime(2023, 10, 16, 12, 30, 5, tzinfo=UTC)),
    ]


def commit(version: Version | None) -> str | None:
    return version and version.commit[:8]
