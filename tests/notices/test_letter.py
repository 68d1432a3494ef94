"""Letters: the strict reader of their texts, what a text must say, and the page that comes of it."""

import json
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.cases.findings.wording import LIKELIHOODS, RULES, STATUSES, lint_wording
from apps.core import paper, pdf
from apps.notices import letter
from apps.notices.letter import Clause, Explanation, Fact, Letterhead, NoticeFacts, TextError
from apps.notices.letter.reader import parse
from tests import paper as on

KINDS = (
    "warning", "limit", "verification", "suspension", "termination", "cease_and_desist", "preservation", "victim",
    "appeal_decision", "reinstatement",
)  # fmt: skip
CREATED = datetime(2026, 3, 19, 9, 0, tzinfo=UTC)
LETTERHEAD = Letterhead("Northlight AI", ("Northlight AI Ltd", "1 Harbour Street, Dublin 2"), "Northlight AI · Dublin")
CLAUSE = Clause("Usage Policy", "3.2", "You may not collect output automatically.", date(2026, 1, 15), "9c41" * 16)
FACTS = {
    "provider_name": "Northlight AI Ltd",
    "desk": "Trust and Safety",
    "signatory": ("Mara Oyelaran", "Enforcement desk"),
    "recipient": ("Account holder of acct_7f3a91", "c/o the e-mail address on the account"),
    "account_ref": "acct_7f3a91",
    "reference": "N-2026-000317",
    "case_ref": "CASE-2026-0042",
    "issued_on": date(2026, 3, 19),
    "delivery": "e-mail and in the account",
    "contact_address": "desk@northlight.example",
    "restriction": "account_suspended",
    "action_sentence": "We have suspended your access to the Northlight API.",
    "scope": "the Northlight API",
    "territory": "worldwide",
    "starts_on": date(2026, 3, 19),
    "ends_on": date(2026, 6, 17),
    "facts": (Fact("Between 4 February and 17 March 2026 this account sent 668 requests.", ("E1", "E2")),),
    "clauses": (CLAUSE,),
    "explanations_considered": (Explanation("A reseller.", "Its customers would write different prompts."),),
    "confidence_term": "very likely",
    "finding": "the account took part in coordinated automated collection of output",
    "limits": "We make no finding about who is behind it.",
    "detected_automatically": True,
    "decided_automatically": "not",
    "accepted_on": date(2026, 2, 3),
    "origin": "We looked into it on our own initiative.",
    "appeal_until": date(2026, 9, 19),
    "appeal_address": "appeals.northlight.example",
    "appeal_code": "7QK4-M2XD",
    "reviewer_promise": "Someone who took no part in this decision will answer within 14 days, with reasons.",
    "dispute_body": "a certified out-of-court dispute settlement body",
    "standing": "Northlight AI Ltd operates the API.",
    "legal_grounds": ("Breach of contract: the clauses quoted above.",),
    "demands": ("Stop all automated collection of output.", "Delete data sets derived from it, and checkpoints."),
    "preservation": ("Scripts, prompts and schedules",),
    "respond_by": date(2026, 4, 2),
    "enclosures": ("Exhibits E1 and E2",),
    "verification_address": "appeals.northlight.example",
    "verification_code": "M2XD-7QK4",
    "appeal_ref": "AP-2026-0007",
    "appealed_on": date(2026, 4, 2),
    "measure_ref": "N-2026-000101",
    "measure_issued_on": date(2026, 3, 19),
    "upheld_on": date(2026, 4, 9),
    "appeal_reasons": ("You write that a colleague sent the requests.", "The key was yours."),
    "form_note": "This letter has the form of a statement of reasons. We provide it voluntarily.",
    "ground_sentence": "This rests on the contract between us. It is not a finding that you broke a law.",
    "judicial_redress": "a court",
    "sort_sentence": "We write because you may hold records of it.",
    "steps": ("ask your bank to block the card",),
    "reinstatement_reasons": ("The requests were those of a test that we had allowed.",),
}  # fmt: skip


def facts(**changes) -> NoticeFacts:
    return NoticeFacts(**{**FACTS, **changes})


def composed(kind: str = "suspension", **changes) -> letter.ComposedNotice:
    if kind == "reinstatement":
        changes = {"upheld_on": None, "lifted_on": date(2026, 4, 9)} | changes
    return letter.compose(letter.built_in(kind), facts(**changes), kind)


def printed(kind: str = "suspension", size: str = "a4", **changes) -> bytes:
    notice = composed(kind, **changes)
    data = json.dumps(letter.statement_of_reasons(notice.facts)).encode()
    return paper.to_pdf(
        letter.to_html(notice, LETTERHEAD),
        sheet="letter",
        size=size,
        title=notice.subject.plain,
        created=CREATED,
        attachments=[pdf.Attachment("reasons.json", "application/json", data, "Statement of reasons")],
    )


# --- on paper --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_conforms_and_carries_its_reasons(kind):
    made = printed(kind)
    assert on.validate(made) == []
    assert on.attached_json(made, "reasons.json")["reference"] == "N-2026-000317"
    quotes_none = kind in ("preservation", "victim", "reinstatement")
    hashes = set() if quotes_none else {"JetBrains"}
    assert {name.split("-")[0] for name in on.typefaces(made)} == {"Inter", "Source"} | hashes


@pytest.mark.parametrize(
    ("changes", "fewest", "most"),
    [
        ({}, 2, 2),
        ({"facts": tuple(Fact(f"On day {n} this account sent {n:,} requests.", (f"E{n}",)) for n in range(40))}, 3, 5),
        ({"clauses": (Clause("Terms", "1", "You may not. " * 900, date(2026, 1, 1), "ab" * 32),)}, 4, 8),
        ({"recipient": ("Zoë Ångström", "Łódź", "Ελένη Παπαδοπούλου", "Нгуен Тхи", "Đặng Thị Ngọc")}, 2, 2),
        ({"recipient": ("محمد شريف", "شارع النيل 12", "יעל כהן", "王晓明", "김민준", "ნინო ბერიძე")}, 2, 3),
        ({"recipient": tuple(f"Line {n} of a long address" for n in range(40))}, 3, 3),
        ({"recipient": ("One",), "ends_on": None, "accepted_on": None, "dispute_body": None, "enclosures": ()}, 1, 2),
    ],
    ids=[
        "usual",
        "forty facts",
        "long clause",
        "names in other scripts",
        "names from right to left, and in Han",
        "forty lines of address",
        "as little as possible",
    ],
)
def test_letters_of_every_length_conform(changes, fewest, most):
    made = printed(**changes)
    assert on.validate(made) == []
    assert fewest <= on.pages(made) <= most


@pytest.mark.parametrize("kind", KINDS)
def test_its_text_reads_in_order(kind):
    """What another program extracts, from the address over each paragraph to the signature."""
    recipient = ("محمد شريف", "王晓明", "4 Long Street")
    notice, read = composed(kind, recipient=recipient), _letters(on.text(printed(kind, recipient=recipient)))
    paragraphs = [block.plain for section in notice.sections for block in section.blocks if block.kind == "paragraph"]
    at = 0
    for part in (*recipient, notice.subject.plain, *paragraphs, *notice.facts.signatory):
        at = read.find(_letters(part), at)
        assert at >= 0, part


def test_what_is_copied_letter_by_letter_stands_on_one_line():
    """Wherever in a line it comes: no line ends at its hyphen, and none is put in."""
    said = "\n\n".join(f"{'m ' * n}{{appeal_address}} {{appeal_code}}" for n in range(10, 50))
    wording = letter.built_in("suspension").replace("{appeal_address}", f"{{appeal_address}}\n\n{said}\n\n")
    changes = {"appeal_address": "appeals.north-light.example", "appeal_code": "7QK4-M2XD"}
    html = letter.to_html(letter.compose(wording, facts(**changes), "suspension"), LETTERHEAD)
    read = on.text(paper.to_pdf(html, sheet="letter", size="a4", title="A letter", created=CREATED))
    assert [read.count(each) for each in changes.values()] == [41, 41]


def _letters(text: str) -> str:
    """Without spaces, hyphens and marks, which a line or a page may break at."""
    return "".join(character for character in text if character.isalpha())


@pytest.mark.parametrize(("size", "points"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_both_paper_sizes(size, points):
    assert on.page_size(printed(size=size)) == points


def test_a_letter_leads_to_the_page_of_appeals_and_its_code_does_not_stand_in_the_address():
    assert on.links(printed()) == {"https://appeals.northlight.example/?letter=N-2026-000317"}
    assert on.links(printed("appeal_decision")) == set()
    assert "7QK4" not in str(on.links(printed()))


def test_a_draft_leads_nowhere():
    html = letter.to_html(composed(), LETTERHEAD, draft=True)
    assert "<a " not in html


def test_the_same_notice_is_the_same_file():
    assert printed() == printed()
    assert printed() != printed(appeal_code="AAAA-BBBB")


def test_a_logo_is_printed_with_the_providers_name():
    html = letter.to_html(composed(), Letterhead("Northlight AI", (), "", logo="logo.svg"))
    assert '<img src="asset:logo.svg" alt="Northlight AI">' in html


def test_a_draft_says_so_on_paper():
    assert "Draft, not issued" in letter.to_html(composed(), LETTERHEAD, draft=True)
    assert "Draft" not in letter.to_html(composed(), LETTERHEAD)


def test_a_quoted_clause_may_use_words_that_we_may_not():
    quoted = composed(clauses=(Clause("Terms", "7", "No stealing of weights.", date(2026, 1, 1), "ab" * 32),))
    assert lint_wording(quoted.plain, {"finding"})
    assert lint_wording(quoted.own_words, {"finding"}) == []


def test_values_are_escaped_after_they_are_put_in():
    attack = "<img src=file:///etc/passwd alt=x>{{ facts }}{account_ref}"
    html = letter.to_html(composed(finding=attack, recipient=(attack,), facts=(Fact(attack, (attack,)),)), LETTERHEAD)
    assert "<img" not in html
    assert html.count("&lt;img src=file:///etc/passwd alt=x&gt;{{ facts }}{account_ref}") == 4


# --- what a notice says ----------------------------------------------------------------------------------------------


def test_every_statement_knows_its_source():
    notice = composed()
    by_number = {block.number: block for block in notice.blocks()}
    assert sorted(by_number) == list(range(len(by_number)))
    sources = {source for block in notice.blocks() for source in block.sources}
    assert {"facts", "clauses", "confidence_term", "appeal_until"} <= sources
    finding = next(block for block in notice.blocks() if "finding" in block.sources)
    assert [run.text for run in finding.runs if run.source == "confidence_range"] == ["80–95 %"]


def test_a_suspension_says_all_that_article_17_asks():
    text = composed().plain.replace("\u00a0", " ")
    for said in (
        "worldwide", "from 19 March 2026 until 17 June 2026",  # (a)
        "668 requests", "our own initiative",  # (b)
        "Automated systems", "no automated system decided",  # (c)
        "Usage Policy 3.2", "took part in coordinated automated collection",  # (e)
        "19 September 2026", "7QK4-M2XD", "dispute settlement body", "court",  # (f)
    ):  # fmt: skip
        assert said in text


def test_switched_paragraphs_follow_the_facts():
    assert "no fixed end" in composed(ends_on=None).plain
    assert "ends by itself after 90 days" in composed().plain
    assert "until further notice" in composed(ends_on=None).subject.plain


def test_a_text_that_leaves_out_the_appeal_cannot_be_used():
    source = letter.built_in("suspension").replace("{appeal_until}", "soon")
    with pytest.raises(TextError, match=r"\{appeal_until\} \(Art\. 17\(3\)\(f\)"):
        letter.read(source, "suspension")


@pytest.mark.parametrize("kind", KINDS)
def test_built_in_texts_claim_no_more_than_a_finding(kind):
    assert lint_wording(composed(kind).own_words, {"finding"}) == []
    states_none = kind in ("appeal_decision", "victim", "reinstatement")
    states = set() if states_none else {"finding"}
    assert {problem.rule for problem in lint_wording(composed(kind).own_words, set())} == states


def test_a_missing_value_is_named_with_its_place():
    with pytest.raises(TextError, match=r"line \d+, column \d+: .*\{appeal_code\}.*\[when appeal_code\]") as caught:
        composed(appeal_code=None)
    lines = letter.built_in("suspension").splitlines()
    assert lines[caught.value.place.line - 1][caught.value.place.column - 1 :].startswith("{appeal_code}")


def test_placeholders_are_the_fields_of_the_facts():
    for name, item in letter.PLACEHOLDERS.items():
        assert hasattr(facts(), name), name
        assert item.meaning
        assert item.example


def test_nonsense_facts_are_refused():
    with pytest.raises(ValueError, match="before it starts"):
        facts(ends_on=date(2026, 1, 1))
    with pytest.raises(ValueError, match="no likelihood word"):
        facts(confidence_term="quite sure")


def test_reasons_as_data_use_the_codes_of_the_dsa():
    reasons = letter.statement_of_reasons(facts())
    assert reasons["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert reasons["end_date_account_restriction"] == "2026-06-17"
    assert reasons["automated_detection"] == "Yes"
    assert reasons["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert reasons["incompatible_content_ground"][0]["sha256"] == CLAUSE.sha256
    assert json.loads(json.dumps(reasons)) == reasons


@pytest.mark.parametrize(
    ("restriction", "field"),
    [("account_terminated", "decision_account"), ("service_limited", "decision_provision"), ("none", None)],
)
def test_reasons_name_the_restriction(restriction, field):
    reasons = letter.statement_of_reasons(facts(restriction=restriction))
    assert {name for name in ("decision_account", "decision_provision") if name in reasons} == {field} - {None}


# --- the reader of texts ---------------------------------------------------------------------------------------------

HEAD = "# Subject\n\n== facts: What we found\n"


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("", (1, 1), "no subject"),
        ("# Subject", (1, 1), "no section"),
        ("text", (1, 1), "before the first section"),
        (HEAD + "one {unknown} two", (4, 6), "no placeholder {unknown}"),
        (HEAD + "one {appeal_codes} two", (4, 6), "did you mean"),
        (HEAD + "one {Facts} two", (4, 5), "brace"),
        (HEAD + "one {facts two", (4, 5), "brace"),
        (HEAD + "one } two", (4, 5), "brace"),
        (HEAD + "one {{ account_ref }} two", (4, 5), "brace"),
        (HEAD + "{account_ref.__class__}", (4, 1), "brace"),
        (HEAD + "first line\n second {nope}", (5, 10), "no placeholder"),
        (HEAD + "see {facts} here", (4, 5), "paragraph of its own"),
        (HEAD + "a\n[when nope]\nb\n[end]", (5, 7), "no placeholder"),
        (HEAD + "a\n[end]", (5, 1), "without"),
        (HEAD + "a\n[when ends_on]\nb", (5, 1), "never closed"),
        (HEAD + "a\n[if ends_on]\nb", (5, 1), "in brackets"),
        (HEAD + "a\n[when ends_on]\nb\n== terms: T\nc\n[end]", (7, 1), "close"),
        (HEAD + "a\n== nonsense: N\nb", (5, 1), "no section 'nonsense'"),
        (HEAD + "a\n== facts: Again\nb", (5, 1), "twice"),
        (HEAD + "a\n==terms\nb", (5, 1), "reads"),
        (HEAD + "a\n== terms: {scope}\nb", (5, 11), "heading"),
        (HEAD + "\n== terms: T\nb", (3, 1), "empty"),
        (HEAD + "a\n# Another", (5, 1), "one subject"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(source, place, words):
    with pytest.raises(TextError) as caught:
        letter.read(source, "suspension")
    assert words in str(caught.value)
    assert (caught.value.place.line, caught.value.place.column) == place


@given(st.text(alphabet="#=[]{}: \nabdefnostw_", max_size=120))
def test_any_text_is_read_or_refused_with_a_place(source):
    try:
        letter.read(source, "suspension")
        place = letter.Place(1, 1)
    except TextError as error:
        place = error.place
    assert 1 <= place.line <= max(1, len(source.splitlines()))


@given(
    st.text(alphabet=st.characters(exclude_characters="{}", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1)
)
def test_literal_text_comes_through_word_for_word(words):
    if not words.split() or words.strip().startswith(("[", "# ", "==")):
        return
    (paragraph,) = parse(f"# S\n== facts:\n{words}", {}, {"facts": ""}).sections[0].paragraphs
    assert "".join(paragraph.pieces).split() == words.split()


# --- wording ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("They stole our model.", "theft"),
        ("This proves it.", "proof"),
        ("It is without any doubt so.", "certainty"),
        ("The perpetrators used proxies.", "guilt"),
        ("They copied the weights.", "weights"),
        ("You distilled our model.", "training"),
        ("He admitted it.", "admission"),
        ("A state-sponsored group.", "state"),
        ("We find that it is so.", "finding"),
        ("It is highly probable.", "scale"),
        ("It is likely, with high confidence.", "measures"),
    ],
)
def test_words_that_claim_too_much_are_found(text, rule):
    problems = lint_wording(text, set())
    assert [problem.rule for problem in problems] == [rule]
    assert text[problems[0].start : problems[0].end] == problems[0].words


def test_words_are_allowed_by_what_is_established():
    for rule in RULES:
        assert rule.needs is None or rule.needs in STATUSES or rule.needs == "allegation"
    assert lint_wording("The weights were published.", {"weights_evidence"}) == []
    assert lint_wording("We suspect that it is so.", set()) == []
    assert [problem.rule for problem in lint_wording("We suspect that it is so.", {"finding"})] == ["allegation"]


def test_ordinary_words_are_left_alone():
    text = "The account approved a waterproof, weighted average; in all likelihood it is very likely. It was improved."
    assert lint_wording(text, {"finding"}) == []


def test_likelihood_ranges_meet():
    ranges = list(LIKELIHOODS.values())
    assert all(upper == lower for (_, upper), (lower, _) in pairwise(ranges))


def test_texts_lie_beside_the_code():
    assert {path.name for path in Path(letter.composition.TEXTS).glob("*.en.txt")} == {
        f"{kind}.en.txt" for kind in KINDS
    }
