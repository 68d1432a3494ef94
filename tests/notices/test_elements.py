"""What a letter has to say, by its kind and by where its recipient is: take any of it away, and it does not go out."""

from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError

from apps.audit import ledger
from apps.audit.principals import System
from apps.core import paper, signing, vault
from apps.evidence import actions as evidence
from apps.notices import actions, assembly, letter, writing
from apps.notices.examples import example
from apps.notices.letter.placeholders import EVERYWHERE, IN_PROFILE, OR_ELSE, REQUIRED
from apps.notices.models import NoticeTemplate
from tests import paper as on
from tests.notices.conftest import text

KINDS = NoticeTemplate.Kind.values
WHERE = [(kind, profile) for kind in KINDS for profile in letter.PROFILES]
# Art. 17(3) DSA, letter by letter: what a statement of reasons names.
ARTICLE_17_3 = {
    "(a)": {"action_sentence", "territory", "starts_on", "until_phrase"},
    "(b)": {"facts", "origin"},
    "(c)": {"detection_sentence", "decision_sentence"},
    "(d)": {"ground_sentence"},
    "(e)": {"ground_sentence", "clauses", "finding"},
    "(f)": {"appeal_until", "appeal_address", "appeal_code", "dispute_body", "judicial_redress"},
}


@pytest.mark.parametrize("element", ARTICLE_17_3)
def test_a_suspension_in_the_union_names_every_element_of_article_17(element):
    asked = letter.required("suspension", "eu")
    assert ARTICLE_17_3[element] <= set(asked)
    assert all("DSA" in asked[name] for name in ARTICLE_17_3[element])


@pytest.mark.parametrize(("kind", "profile"), WHERE)
def test_a_text_without_an_element_is_refused_by_its_name(kind, profile):
    """Whatever the profile: one text serves all of them."""
    for name in letter.required(kind, profile):
        source = letter.built_in(kind).replace(f"{{{name}}}", "something")
        with pytest.raises(letter.TextError, match=rf"must also name .*\{{{name}\}}"):
            letter.read(source, kind)


@pytest.mark.parametrize(("kind", "profile"), WHERE)
def test_a_letter_that_does_not_say_an_element_is_known_by_its_name(kind, profile):
    """It stands in a passage whose condition does not hold: the text names it, and the letter does not say it."""
    for name, rule in letter.required(kind, profile).items():
        facts = example(kind, "en", profile)
        if name in OR_ELSE:
            facts = replace(facts, **{OR_ELSE[name]: None, name: facts.issued_on})
        assert letter.compose(_hidden(kind, name), facts, kind).unsaid().get(name) == rule, name


def _hidden(kind: str, name: str) -> str:
    source = letter.built_in(kind)
    for paragraph in source.split("\n\n"):
        if f"{{{name}}}" in paragraph and not paragraph.startswith("#"):
            source = source.replace(paragraph, _under_condition(paragraph))
    return _not_in_the_subject(source, name)


def _under_condition(paragraph: str) -> str:
    """The same lines, printed only where nothing was handed over: `enclosures` of an example are none."""
    heading, _, rest = paragraph.partition("\n") if paragraph.startswith("==") else ("", "", paragraph)
    rest = "\n".join(line for line in rest.splitlines() if not line.startswith("["))
    return f"{heading}\nNothing.\n\n[when enclosures]\n{rest}\n[end]\n"


def _not_in_the_subject(source: str, name: str) -> str:
    subject, _, rest = source.partition("\n")
    elsewhere = "" if f"{{{name}}}" in rest else f"\n[when enclosures]\n{{{name}}}\n[end]\n"
    return f"{subject.replace(f'{{{name}}}', 'it')}\n{rest}{elsewhere}"


# The facts that say each element. The rest is said by what stands beside it: a duration by the days, a range by its
# word; and the code is given when the letter is issued.
SAID_BY = {name: name for name in letter.required("suspension", "eu")} | {
    "detection_sentence": "detected_automatically",
    "decision_sentence": "decided_automatically",
}
BESIDE = {"until_phrase", "confidence_range", "appeal_code"}


@pytest.mark.parametrize("name", sorted(SAID_BY.keys() - BESIDE))
def test_facts_without_an_element_stop_the_letter_by_name(draft, people, name):
    column = SAID_BY[name]
    facts = {key: value for key, value in draft.facts.items() if key != column}
    if _may_lack(column):
        facts[column] = None
    with ledger.act("tests.arrange", System("tests")):
        ledger.change(draft, facts=facts)
    with pytest.raises(ValidationError, match=column):
        actions.approve_notice(draft, by=people.approver)


def _may_lack(column: str) -> bool:
    return letter.NoticeFacts.__dataclass_fields__[column].default is None


@pytest.mark.parametrize(("content", "became"), [(b"Other bytes", "is not what was collected"), (None, "is gone")])
def test_an_exhibit_that_cannot_be_shown_stops_the_letter_by_its_label(draft, people, content, became):
    exhibit = draft.decision.finding.exhibits.order_by("exhibit__number").first().exhibit
    path = vault.path_of(exhibit.item.sha256)
    was = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    try:
        evidence.verify_item(exhibit.item, by=people.analyst)
        with pytest.raises(ValidationError, match=f"Exhibits that it cites cannot be shown: {exhibit.label} {became}"):
            actions.approve_notice(draft, by=people.approver)
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(was)
    evidence.verify_item(exhibit.item, by=people.analyst)
    actions.approve_notice(draft, by=people.approver)


def test_an_element_of_the_profile_is_missed_too(draft, people):
    with ledger.act("tests.arrange", System("tests")):
        ledger.change(draft, facts=draft.facts | {"dispute_body": None})
    with pytest.raises(ValidationError, match=r"does not say \{dispute_body\} \(Art. 17\(3\)\(f\) and 21 DSA"):
        actions.approve_notice(draft, by=people.approver)


def test_what_is_asked_somewhere_is_asked_of_every_text():
    assert set(REQUIRED) == set(EVERYWHERE) == set(KINDS)
    for profile in letter.PROFILES:
        assert set(IN_PROFILE[profile]) <= set(KINDS)
        assert all(set(letter.required(kind, profile)) <= set(REQUIRED[kind]) for kind in KINDS)


# --- where the recipient is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "profile"), [("DE", "eu"), ("NO", "eu"), ("US", "us"), ("JP", "other"), ("GB", "other"), ("", "eu")]
)
def test_the_country_of_the_account_suggests_the_rules(suspended, account, people, country, profile):
    with ledger.act("tests.arrange", System("tests")):
        ledger.change(account, country=country)
    draft = actions.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)
    assert draft.facts["profile"] == profile


def test_whoever_drafts_may_choose_other_rules(suspended, account, people):
    draft = actions.draft_notice(suspended, kind="suspension", account=account, profile="us", by=people.counsel)
    said = text(draft)
    assert "This letter is a notice under the contract." in said
    assert "dispute settlement body" not in said
    assert letter.statement_of_reasons(writing.facts_of(draft))["form"] == "notice with reasons"
    actions.redraft_notice(draft, recipient="", by=people.counsel)
    assert draft.facts["profile"] == "us"


@pytest.mark.parametrize(
    ("configured", "words", "form"),
    [
        ("voluntary", "We provide it voluntarily.", ", provided voluntarily"),
        ("required", "This letter is a statement of reasons under Art. 17 of", ""),
    ],
)
def test_a_letter_says_whether_its_reasons_are_voluntary(suspended, account, people, settings, configured, words, form):
    settings.DSA_STATEMENTS = configured
    draft = actions.draft_notice(suspended, kind="suspension", account=account, by=people.counsel)
    assert words in text(draft)
    told = letter.statement_of_reasons(writing.facts_of(draft))
    assert told["form"] == f"Art. 17(3) Regulation (EU) 2022/2065{form}"


@pytest.mark.parametrize("language", NoticeTemplate.Language.values)
@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_conforms_by_every_profile_before_and_after_it_is_signed(kind, language):
    papers = [_as_issued(kind, language, profile) for profile in letter.PROFILES]
    made = paper.to_pdfs(papers, sheet="letter")
    assert [on.validate(one) for one in made] == [[]] * len(papers)
    assert paper.to_pdfs(papers, sheet="letter") == made
    signed = [signing.sign(one, signing.key()).pdf for one in made]
    assert [on.validate(one) for one in signed] == [[]] * len(papers)


def _as_issued(kind: str, language: str, profile: str) -> paper.Paper:
    composed = letter.compose(letter.built_in(kind, language), example(kind, language, profile), kind)
    html = letter.to_html(composed, assembly.letterhead())
    return paper.Paper(html, composed.subject.plain, writing.EXAMPLE_MADE, signature_field=True)


@pytest.mark.parametrize("language", NoticeTemplate.Language.values)
@pytest.mark.parametrize("profile", letter.PROFILES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_can_be_written_of_few_facts(kind, profile, language):
    sparse = example(kind, language, profile, sparse=True)
    assert letter.compose(letter.built_in(kind, language), sparse, kind).subject.plain
