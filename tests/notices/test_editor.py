"""The editor of the letters' wording: what is typed is read as text, checked, compared and shown as a letter."""

import re

import pytest
from django.urls import reverse

from apps.notices import actions, letter, proofreading, readability, writing
from apps.notices.models import NoticeTemplate
from tests import paper as on

URL = reverse("notices:propose_template", args=["suspension", "en"])
TRY = reverse("notices:try_template", args=["suspension", "en"])
WORDING = letter.built_in("suspension")

# What somebody might type to have something run, fetched or drawn.
ATTACKS = {
    "file": '<img src="file:///etc/passwd">',
    "metadata": "<img src='http://169.254.169.254/latest/meta-data/'>",
    "import": '<style>@import url("http://127.0.0.1:9/x.css"); body { background: url(file:///etc/hostname) }</style>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/x.png"/><script>alert(1)</script></svg>',
    "attachment": '<a href="file:///etc/passwd" rel="attachment">x</a><link rel="attachment" href="file:///etc/passwd">',
    "object": '<object data="file:///etc/passwd"></object><iframe src="http://127.0.0.1:9/"></iframe>',
    "redirect": '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">',
    "tag": "Good day, {% load static %}",
    "variable": "{{ settings.SECRET_KEY }}",
    "entity": "&#60;img src=x onerror=alert(1)&#62;",
}
BRACES = {"import", "tag", "variable"}


def shown(response) -> str:
    return response.content.decode()


@pytest.fixture
def counsel(people, sign_in):
    return sign_in(people.counsel)


def tried(client, content: str, **extra) -> str:
    return shown(client.post(TRY, {"content": content, **extra}, headers={"hx-request": "true"}))


def trial_of(html: str) -> str:
    return re.search(r'href="(/notices/wordings/tried/[0-9a-f]{64}\.pdf)"', html)[1]


def test_the_letter_stands_beside_the_text_and_is_invented(counsel):
    html = tried(counsel, WORDING.replace("Dear account holder,", "Good day,"))
    assert "<html" not in html
    made = counsel.get(trial_of(html))
    assert made["Content-Type"] == "application/pdf"
    assert on.validate(made.content) == []


def test_it_says_what_was_typed_with_invented_facts_and_is_marked_as_a_draft(counsel, quick_paper):
    said = shown(counsel.get(trial_of(tried(counsel, WORDING.replace("Dear account holder,", "Good day,")))))
    assert "Good day," in said
    assert "acct_7f3a91" in said
    assert "Draft, not issued" in said


def test_without_a_script_a_button_shows_the_same_as_a_page(counsel):
    html = shown(counsel.post(TRY, {"content": WORDING}))
    assert "<html" in html
    assert f'formaction="{TRY}"' in html
    assert counsel.get(trial_of(html)).status_code == 200
    assert "What is wrong" in shown(counsel.post(TRY, {"content": WORDING.replace("{facts}", "{fact}")}))


def test_a_pause_in_typing_asks_for_it(counsel):
    html = shown(counsel.get(URL))
    assert f'hx-post="{TRY}"' in html
    assert 'hx-trigger="input delay:700ms"' in html
    assert 'id="tried"' in html


def test_what_is_wrong_stands_with_its_line_and_its_words(counsel):
    html = tried(counsel, WORDING.replace("Dear account holder,", "Dear {name},"))
    line = WORDING.splitlines().index("Dear account holder,") + 1
    assert f"<strong>Line {line}</strong>" in html
    assert "there is no placeholder {name}" in html
    assert "Dear {name}," in html
    assert "tried/" not in html.replace(TRY, "")


def test_advice_is_shown_and_nothing_is_changed(counsel):
    content = WORDING.replace("Dear account holder,", "You have violated our terms. Act immediately.")
    html = tried(counsel, content)
    assert "“You have violated”" in html
    assert "“immediately”" in html
    counsel.post(URL, {"content": content})
    assert NoticeTemplate.objects.get().content == content


def test_typed_placeholders_are_listed_with_an_example(counsel):
    html = shown(counsel.get(URL))
    for item in letter.PLACEHOLDERS.values():
        assert f'<span class="mono">{item.name}</span><br><span class="why">{item.kind}</span>' in html


def test_what_one_typed_is_shown_to_nobody_else(counsel, people, sign_in):
    address = trial_of(tried(counsel, WORDING))
    assert counsel.get(address).status_code == 200
    assert sign_in(people.approver).get(address).status_code == 404


@pytest.mark.parametrize("extra", [{"profile": "us"}, {"profile": "other"}, {"sparse": "on"}])
def test_it_is_shown_with_other_facts(counsel, extra, quick_paper):
    usual, other = (counsel.get(trial_of(tried(counsel, WORDING, **more))).content for more in ({}, extra))
    assert usual != other


def test_versions_are_compared_word_by_word(counsel, people):
    first = actions.propose_template(
        kind="suspension", content=WORDING.replace("Dear account holder,", "Good day,"), by=people.counsel
    )
    url = reverse("notices:compare_wordings", args=["suspension", "en"])
    html = shown(counsel.get(url, {"old": "built-in", "new": str(first.pk)}))
    assert '<del><span class="visually-hidden">taken out: </span>Dear account holder,' in html
    assert '<ins><span class="visually-hidden">put in: </span>Good day,' in html
    assert "Choose two versions" in shown(counsel.get(url))
    assert counsel.get(url, {"old": "built-in", "new": "nothing"}).status_code == 422


# --- nothing that is typed is run, fetched or drawn -----------------------------------------------------------------


@pytest.mark.parametrize("name", ATTACKS)
def test_a_wording_reaches_nothing(counsel, name):
    attack = ATTACKS[name]
    html = tried(counsel, WORDING.replace("Dear account holder,", attack))
    assert attack not in html or "<" not in attack
    if name in BRACES:
        assert "a brace that belongs to no placeholder" in html
        return
    made = counsel.get(trial_of(html)).content
    assert on.validate(made) == []
    assert on.links(made) == set()
    assert on.attachments(made) == {}


@pytest.mark.parametrize("name", ATTACKS)
def test_words_of_a_case_reach_nothing(suspended, account, people, name, quick_paper):
    """Address block, reasons and translations: whatever a person types that a letter says."""
    attack = ATTACKS[name]
    draft = actions.draft_notice(
        suspended, kind="suspension", account=account, recipient=attack, language="de", by=people.counsel
    )
    facts = writing.facts_of(draft)
    actions.translate_notice(draft, texts={item.name: attack for item in facts.translations}, by=people.counsel)
    html = letter.to_html(writing.composed(draft), letter.Letterhead("N", (), "N"), draft=True)
    for tag in ("<img", "<style", "<svg", "<script", "<object", "<iframe", "<meta http-equiv", "<link", "<a "):
        assert tag not in html
    assert "SECRET_KEY }}" in html or "SECRET_KEY" not in attack


# --- how it reads ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "easy", "hard"),
    [
        (
            "en",
            "We saw it. We ask you to stop.",
            "Notwithstanding contractual heterogeneity, jurisdictional determinations.",
        ),
        (
            "de",
            "Wir sehen es. Bitte hören Sie auf.",
            "Vertragsrechtliche Nutzungsvoraussetzungen bedürfen Klärung.",
        ),
    ],
)
def test_plain_sentences_are_easier(language, easy, hard):
    least = readability.FORMULAS[language].least
    assert readability.ease(easy, language) > least > readability.ease(hard, language)


@pytest.mark.parametrize(
    ("word", "language", "count"),
    [
        ("letter", "en", 2),
        ("made", "en", 1),
        ("the", "en", 1),
        ("Beschwerde", "de", 3),
        ("Konten", "de", 2),
        ("sie", "de", 1),
    ],
)
def test_syllables_are_groups_of_vowels(word, language, count):
    assert readability.syllables(word, language) == count


def test_a_long_sentence_is_named_with_its_line():
    content = WORDING.replace("Dear account holder,", f"We {'really ' * 40}saw it.")
    (remark,) = (r for r in proofreading.advice(content, "suspension", "en") if "words:" in r.message)
    assert remark.line == WORDING.splitlines().index("Dear account holder,") + 1
