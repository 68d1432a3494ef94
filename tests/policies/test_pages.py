import pytest
from django.urls import reverse

from apps.policies import actions, queries
from apps.policies.models import Document, Version

FIRST = """\
# Terms

## 1. Use

Be fair to the service and to other users.

## 2. Limits

1. Do not scrape pages.
"""
SECOND = FIRST.replace("scrape pages", "scrape pages or train competing models")
PADDING = "\n## 3. General\n\n" + "These terms are the whole agreement between the parties. " * 5


@pytest.fixture
def terms(history, people) -> Document:
    """Two wordings with a tracking link between them, a stub, and a technical upgrade that loses clause 2."""
    history.add(FIRST + PADDING + "[more](https://a.example/?t=1)", "2026-01-01T00:00:00Z")
    history.add(FIRST + PADDING + "[more](https://a.example/?t=2)", "2026-02-01T00:00:00Z")
    history.add("Moved.", "2026-02-15T00:00:00Z")
    history.add(SECOND + PADDING + "[more](https://a.example/?t=3)", "2026-03-01T06:00:00Z")
    history.add(SECOND.partition("## 2.")[0] + PADDING, "2026-04-01T00:00:00Z", record_kind="technical_upgrade")
    actions.import_terms(path=history.write(), by=people.counsel)
    return Document.objects.get()


def recorded(document: Document, month: int) -> Version:
    return queries.versions(document).get(seen_at__month=month)


@pytest.fixture
def page(people, sign_in, terms):
    client = sign_in(people.analyst)

    def get(url_name: str, *args, status: int = 200, **query) -> str:
        response = client.get(reverse(f"policies:{url_name}", args=args), query)
        assert response.status_code == status
        return " ".join(response.content.decode().split())

    return get


def test_documents_are_listed_and_filtered(page, terms):
    assert "Terms of Service" in page("list")
    assert "No document matches" in page("list", name="usage")


def test_an_empty_list_says_what_to_do(people, sign_in):
    page = sign_in(people.analyst).get(reverse("policies:list")).content.decode()
    assert "import_terms" in page


def test_a_document_shows_its_versions_and_what_was_not_taken(page, terms):
    text = page("document", terms.slug)
    assert text.count("data-row") == 3
    assert "Recording changed" in text
    assert "Records that were not taken" in text
    assert "6 characters of text: a redirect or an empty page" in text


def test_a_version_shows_its_clauses_and_when_it_was_seen(page, terms):
    text = page("version", terms.slug, recorded(terms, 3).pk)
    assert "Do not scrape pages or train competing models." in text
    assert "2026-03-01 06:00" in text
    assert "2026-04-01 00:00" in text
    twice = page("version", terms.slug, recorded(terms, 1).pk)
    assert "2026-02-01 00:00" in twice  # the tracking token changed, the words did not
    assert "(same words)" in twice


def test_a_record_that_is_no_terms_can_be_inspected(page, terms):
    text = page("rejected")
    assert "Moved." in text
    assert "2026-02-15T00:00:00Z" in text


def test_a_clause_shows_its_history_with_the_words_that_changed(page, terms):
    text = page("clause", terms.slug, recorded(terms, 3).pk, "2.1")
    assert "<ins>pages or train competing models.</ins>" in text
    assert "No clause here" in text
    assert "Recording changed" in text


def test_the_page_of_a_clause_gives_a_citation_that_names_the_exact_text(page, terms):
    version = recorded(terms, 3)
    clause = queries.clauses(version).get(address="2.1")
    citation = (
        "Harbour, Terms of Service, clause 2.1, in force, as seen, from 2026-03-01 06:00 UTC "
        f"until 2026-04-01 00:00 UTC (SHA-256 {clause.sha256})"
    )
    assert f'data-copy="{citation}"' in page("clause", terms.slug, version.pk, "2.1")


def test_an_address_that_is_none_is_not_found(page, terms):
    page("clause", terms.slug, recorded(terms, 3).pk, "9.9", status=404)


def test_a_comparison_marks_words_and_warns_of_technical_upgrades(page, terms):
    changed = page("compare", terms.slug, old=recorded(terms, 1).pk, new=recorded(terms, 3).pk)
    assert "<ins>pages or train competing models.</ins>" in changed
    assert "need not be the provider’s" not in changed
    upgraded = page("compare", terms.slug, old=recorded(terms, 3).pk, new=recorded(terms, 4).pk)
    assert "Removed" in upgraded
    assert "need not be the provider’s" in upgraded


def test_a_comparison_that_nobody_asked_for_yet_is_no_mistake(page, terms):
    assert "This field is required" not in page("compare", terms.slug)


def test_a_comparison_of_unknown_versions_says_so_beside_the_field(page, terms):
    assert "Select a valid choice" in page("compare", terms.slug, old="nonsense", new=terms.pk, status=422)


@pytest.mark.parametrize(
    ("day", "words", "expected", "absent"),
    [
        ("2025-12-31", "", "No terms were recorded by then", "Terms of Service</a>"),
        ("2026-02-28", "scrape pages", "Do not scrape pages.", "competing"),
        ("2026-03-01", "competing models", "train competing models.", "No clause says this"),
        ("2026-04-01", "competing models", "No clause says this", "train competing models."),
    ],
)
def test_what_was_in_force_on_a_day(page, terms, day, words, expected, absent):
    text = page("in_force", service="Harbour", on=day, words=words)
    assert expected in text
    assert absent not in text


def test_a_text_that_came_in_on_the_very_day_is_pointed_out(page, terms):
    assert "before 06:00 UTC an earlier text was in force" in page("in_force", service="Harbour", on="2026-03-01")


def test_a_wrong_day_is_explained(page, terms):
    assert "Enter a valid date" in page("in_force", service="Harbour", on="soon", status=422)


def test_text_of_terms_is_never_markup(history, people, sign_in):
    history.add(
        "# Terms\n\n<script>alert(1)</script> You may not. " + "Be fair to all. " * 20, service="<b>Harbour</b>"
    )
    actions.import_terms(path=history.write(), by=people.counsel)
    version = Version.objects.get()
    client = sign_in(people.analyst)
    for address in (reverse("policies:list"), version.document.get_absolute_url(), version.get_absolute_url()):
        text = client.get(address).content.decode()
        assert "<script>alert" not in text
        assert "<b>Harbour" not in text


def test_who_may_not_read_terms_learns_nothing_of_them(people, sign_in, terms):
    client = sign_in(people.admin)
    version = recorded(terms, 3)
    for name, args in [
        ("list", []),
        ("in_force", []),
        ("document", [terms.slug]),
        ("compare", [terms.slug]),
        ("version", [terms.slug, version.pk]),
        ("clause", [terms.slug, version.pk, "2.1"]),
    ]:
        assert client.get(reverse(f"policies:{name}", args=args)).status_code == 404


def test_a_version_of_another_document_is_not_found_under_this_one(page, terms, history, people):
    history.add(FIRST + PADDING, "2026-05-01T00:00:00Z", service="Quay", record_kind="first_record")
    actions.import_terms(path=history.write(), by=people.counsel)
    other = Version.objects.get(document__service="Quay")
    page("version", terms.slug, other.pk, status=404)


def test_pages_ask_the_database_equally_often_however_many_versions(
    page, terms, history, people, django_assert_max_num_queries
):
    for day in range(1, 29):
        history.add(f"{SECOND} Amendment {day}.{PADDING}", f"2026-06-{day:02}T00:00:00Z", record_kind="change")
    actions.import_terms(path=history.write(), by=people.counsel)
    latest = queries.in_force(terms, queries.versions(terms).first().seen_at)
    for name, args in [
        ("list", []),
        ("document", [terms.slug]),
        ("version", [terms.slug, latest.pk]),
        ("clause", [terms.slug, latest.pk, "2.1"]),
    ]:
        with django_assert_max_num_queries(14):
            page(name, *args)
    with django_assert_max_num_queries(12):
        page("in_force", service="Harbour", on="2026-06-20", words="competing")
