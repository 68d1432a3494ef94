"""Letters in other languages: complete, in that language alone but for what is quoted, and bound to their sources."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation

from apps.audit import ledger
from apps.audit.principals import System
from apps.cases.findings.wording import lint_wording
from apps.core import vault
from apps.notices import actions, letter, proofreading, readability, writing
from apps.notices.checks import checks
from apps.notices.examples import example
from apps.notices.models import Notice, NoticeTemplate
from casemgr import catalogues
from tests import paper as on
from tests.notices.conftest import text, work_off
from tests.notices.sentences import all_sentences

LANGUAGES, KINDS = NoticeTemplate.Language.values, NoticeTemplate.Kind.values
OTHERS = [language for language in LANGUAGES if language != "en"]
ENGLISH = set("the and that with of is are this your our we you to from by".split(" "))  # noqa: SIM905


def slots(sentence: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|\{\w+\}", sentence))


def catalogue(language: str) -> dict[str, str]:
    path = settings.LOCALE_PATHS[0] / language / "LC_MESSAGES" / "django.po"
    return catalogues.read(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", OTHERS)
def test_a_catalogue_has_every_sentence_and_no_other(language):
    translated = {key: value for key, value in catalogue(language).items() if key}
    assert set(translated) == all_sentences()
    assert [key for key, value in translated.items() if not all(value.split("\0"))] == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_put_into_a_sentence_is_put_into_its_translation(language):
    import re

    slots = re.compile(r"%\(\w+\)s|\{\w+\}")
    wrong = [
        key
        for key, value in catalogue(language).items()
        if key
        and any(sorted(slots.findall(key.split("\0")[-1])) != sorted(slots.findall(v)) for v in value.split("\0"))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_that_of_the_source(language):
    folder = settings.LOCALE_PATHS[0] / language / "LC_MESSAGES"
    assert (folder / "django.mo").read_bytes() == catalogues.compiled(catalogue(language))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("profile", letter.PROFILES)
def test_no_english_is_left_in_a_letter_but_its_quotations(kind, language, profile):
    facts = example(kind, language, profile)
    composed = letter.compose(letter.built_in(kind, language), facts, kind)
    words = {word.strip(".,:;()?") for word in composed.own_words.lower().split()}
    assert words & ENGLISH == set()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_built_in_wordings_are_plain_and_claim_no_more_than_a_finding(kind, language):
    content = letter.built_in(kind, language)
    assert proofreading.problems(content, kind, language) == []
    assert proofreading.ease_of(content, kind, language) >= readability.FORMULAS[language].least
    composed = letter.compose(content, example(kind, language), kind)
    assert lint_wording(composed.own_words, {"finding"}, language=language) == []


def test_days_and_numbers_are_written_as_the_language_does():
    facts = example("suspension", "de")
    said = letter.compose(letter.built_in("suspension", "de"), facts, "suspension").plain
    assert "1.\u00a0Juni\u00a02026" in said
    assert "sehr wahrscheinlich" in said
    with translation.override("de"):
        assert letter.facts.shown(24000) == "24.000"
    assert letter.facts.shown(24000) == "24,000"


def test_texts_lie_beside_the_code_in_every_language():
    found = {path.name for path in letter.composition.TEXTS.glob("*.txt")}
    assert found == {f"{kind}.{language}.txt" for kind in KINDS for language in LANGUAGES}


# --- sentences of the case ------------------------------------------------------------------------------------------


@pytest.fixture
def german(suspended, account, people):
    return actions.draft_notice(suspended, kind="suspension", account=account, language="de", by=people.counsel)


@pytest.fixture
def translate(people):
    """Write something in German for every sentence of the case, or what is given."""

    def go(notice: Notice, **texts: str) -> None:
        facts = writing.facts_of(notice)
        made = {item.name: texts.get(item.name, f"Auf Deutsch: Satz {n}.") for n, item in enumerate(facts.translations)}
        actions.translate_notice(notice, texts=made, by=people.counsel)

    return go


def stops(notice: Notice) -> str:
    return " ".join(
        line["text"] for line in checks(notice) if line["state"] == "stop" and "approve" not in line["text"]
    )


def test_a_letter_in_another_language_asks_for_each_sentence_of_the_case(german, people):
    facts = writing.facts_of(german)
    names = [item.name for item in facts.translations]
    assert {"what the accounts did", "the limits of the finding", "the scope of the decision"} <= set(names)
    assert any(name.startswith("what exhibit E") for name in names)
    assert any(name.startswith("the conclusion on") for name in names)
    with pytest.raises(ValidationError, match="Not translated yet: what the accounts did, "):
        actions.approve_notice(german, by=people.approver)


def test_a_translated_letter_goes_out_with_both(german, translate, people):
    translate(german, **{"the limits of the finding": "Wozu die Ausgaben dienten, ist nicht bekannt."})
    assert stops(german) == ""
    assert "Wozu die Ausgaben dienten, ist nicht bekannt." in text(german)
    assert "Zwischen dem 4. Mai 2026 und dem 10. Mai 2026 sandte dieses Konto 7.000 Anfragen" in text(german)
    actions.approve_notice(german, by=people.approver)
    actions.issue_notice(german, by=people.counsel)
    work_off()
    german.refresh_from_db()
    file = vault.read(german.pdf_sha256)
    assert on.validate(file) == []
    told = on.attached_json(file, "statement-of-reasons.json")
    limits = next(item for item in told["translations"] if item["what"] == "the limits of the finding")
    assert limits == {
        "what": "the limits of the finding",
        "source": german.decision.finding.limits,
        "text": "Wozu die Ausgaben dienten, ist nicht bekannt.",
    }
    assert (told["language"], told["profile"]) == ("de", "eu")


def test_a_changed_sentence_stops_the_letter_by_name(german, translate, people):
    translate(german)
    with ledger.act("tests.arrange", System("tests")):
        exhibit = german.case.exhibits.first()
        ledger.change(exhibit, shows="The log shows something else.")
    with pytest.raises(ValidationError, match=f"Changed since it was translated: what exhibit {exhibit.label} shows"):
        actions.approve_notice(german, by=people.approver)
    actions.redraft_notice(german, recipient="", by=people.counsel)
    assert f"Not translated yet: what exhibit {exhibit.label} shows" in stops(german)


def test_what_was_translated_for_one_letter_is_taken_over_by_the_next(german, translate, suspended, people):
    translate(german)
    other = suspended.finding.accounts.exclude(account=german.account).select_related("account").first().account
    second = actions.draft_notice(suspended, kind="suspension", account=other, language="de", by=people.counsel)
    assert stops(second) == ""


def test_a_translation_may_not_claim_more_than_was_found(german, translate):
    with pytest.raises(ValidationError, match="gestohlen"):
        translate(german, **{"what the accounts did": "Die Konten haben gestohlen."})


def test_sentences_are_translated_on_a_page_and_shown_beside_each_other(german, people, sign_in):
    counsel, url = sign_in(people.counsel), reverse("notices:translate_notice", args=[german.pk])
    page = counsel.get(url).content.decode()
    facts = writing.facts_of(german)
    assert all(item.source.split("“")[0] in page for item in facts.translations[:2])
    fields = {f"text-{n}": f"Deutscher Satz {n}." for n in range(len(facts.translations))}
    assert counsel.post(url, fields).status_code == 302
    shown = sign_in(people.approver).get(reverse("notices:notice", args=[german.pk])).content.decode()
    assert "Deutscher Satz 0." in shown
    assert '<td lang="de">Deutscher Satz 0.</td>' in shown


def test_a_clause_stays_in_the_language_of_the_terms_and_says_so(german):
    html = letter.to_html(writing.composed(german), letter.Letterhead("N", (), "N"))
    assert '<html lang="de">' in html
    assert '<blockquote lang="en">' in html


# --- the recipient's pages ------------------------------------------------------------------------------------------


def test_the_recipient_reads_the_pages_in_the_language_of_the_letter(german, translate, people, client, quick_paper):
    translate(german)
    actions.approve_notice(german, by=people.approver)
    actions.issue_notice(german, by=people.counsel)
    work_off()
    german.refresh_from_db()
    way_in = client.get(reverse("appeals:letters"), headers={"accept-language": "de-AT,de;q=0.9,en;q=0.5"})
    assert "Den Brief öffnen" in way_in.content.decode()
    assert "Open the letter" in client.get(reverse("appeals:letters")).content.decode()
    client.post(reverse("appeals:letters"), {"number": german.ref, "code": german.appeal_code})
    page = client.get(reverse("appeals:letter")).content.decode()
    assert '<html lang="de">' in page
    assert "Die Beschwerde senden" in page
    assert "Was der Brief sagt" in page
    refused = client.post(reverse("appeals:file_appeal"), {"words": ""})
    assert "Dieses Feld ist zwingend erforderlich." in refused.content.decode()
    client.post(reverse("appeals:file_appeal"), {"words": "Ich war es nicht."})
    assert "Wartet auf eine prüfende Person" in client.get(reverse("appeals:letter")).content.decode()
    until = german.issued_at.date() + timedelta(days=14)
    with translation.override("de"):
        assert letter.long_date(until).replace("\u00a0", " ") in client.get(reverse("appeals:copy")).content.decode()
