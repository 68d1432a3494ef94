"""The rules of the database for one statement: what is whole is taken, and each thing that is wrong is named."""

import json
from datetime import date
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from apps.transparency.statement import mapping, schema
from apps.transparency.statement.schema import problems

DATA = settings.BASE_DIR.parent / "shared" / "data" / "dsa-tdb"

# As the database's own documentation has them, written down a second time: what the validator is judged by.
TEXTS = {
    "decision_facts": 5000,
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000,
}
OTHERS = {
    "decision_visibility": (["DECISION_VISIBILITY_OTHER"], "decision_visibility_other"),
    "decision_monetary": ("DECISION_MONETARY_OTHER", "decision_monetary_other"),
    "content_type": (["CONTENT_TYPE_OTHER"], "content_type_other"),
    "category_specification": (["KEYWORD_OTHER"], "category_specification_other"),
}
CHOSEN = {
    "decision_ground": schema.GROUND,
    "category": schema.CATEGORY,
    "source_type": schema.SOURCE,
    "automated_detection": schema.YES_NO,
    "automated_decision": schema.AUTOMATED,
    "decision_account": schema.ACCOUNT,
    "decision_provision": schema.PROVISION,
    "account_type": schema.ACCOUNT_TYPE,
}


def days(first: date, last: date = date(2038, 1, 1)) -> st.SearchStrategy[str]:
    return st.dates(first, last).map(date.isoformat)


def said(longest: int) -> st.SearchStrategy[str]:
    return st.text(min_size=1, max_size=min(longest, 80)).filter(str.strip)


def listed(values: Any) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=4)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """Whole statements of every sort."""
    made: dict[str, Any] = {
        "puid": draw(st.from_regex(r"\A[a-zA-Z0-9_-]{1,60}\Z")),
        "content_type": draw(listed(schema.CONTENT_TYPE - {"CONTENT_TYPE_OTHER"})),
        "category": draw(st.sampled_from(sorted(schema.CATEGORY))),
        "content_date": draw(days(date(2000, 1, 1))),
        "application_date": draw(days(date(2020, 1, 1))),
        "decision_facts": draw(said(5000)),
        "source_type": draw(st.sampled_from(sorted(schema.SOURCE))),
        "automated_detection": draw(st.sampled_from(["Yes", "No"])),
        "automated_decision": draw(st.sampled_from(sorted(schema.AUTOMATED))),
    }
    if draw(st.booleans()):
        made |= {"decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT"}
        made |= {"illegal_content_legal_ground": draw(said(500)), "illegal_content_explanation": draw(said(2000))}
    else:
        made |= {"decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"}
        made |= {"incompatible_content_ground": draw(said(500))}
        made |= {"incompatible_content_explanation": draw(said(2000))}
        made |= draw(st.sampled_from([{}, {"incompatible_content_illegal": "Yes"}]))
    decisions = {
        "decision_account": st.sampled_from(sorted(schema.ACCOUNT)),
        "decision_provision": st.sampled_from(sorted(schema.PROVISION)),
        "decision_monetary": st.sampled_from(["DECISION_MONETARY_SUSPENSION"]),
        "decision_visibility": listed(schema.VISIBILITY - {"DECISION_VISIBILITY_OTHER"}),
    }
    for name in draw(st.sets(st.sampled_from(sorted(decisions)), min_size=1)):
        made[name] = draw(decisions[name])
    optional = {
        "territorial_scope": listed(schema.TERRITORY),
        "category_addition": listed(schema.CATEGORY),
        "category_specification": listed(schema.KEYWORD - {"KEYWORD_OTHER"}),
        "content_language": st.sampled_from(["DE", "EN"]),
        "end_date_account_restriction": days(date(2020, 1, 1)) | st.none(),
        "decision_ground_reference_url": st.just("https://example.org/terms"),
        "content_id": st.just({"EAN-13": "4006381333931"}),
    }
    for name in draw(st.sets(st.sampled_from(sorted(optional)))):
        made[name] = draw(optional[name])
    for name in draw(st.sets(st.sampled_from(sorted(OTHERS)))):
        value, text = OTHERS[name]
        made |= {name: value, text: draw(said(500))}
    if made["source_type"] != "SOURCE_VOLUNTARY" and draw(st.booleans()):
        made["source_identity"] = draw(said(500))
    return made


def wrong(statement: dict[str, Any]) -> set[str]:
    return {problem.field for problem in problems(statement)}


@given(statements())
def test_what_is_whole_is_taken(statement):
    assert problems(statement) == []


@given(statements(), st.sampled_from(schema.REQUIRED), st.sampled_from(["absent", None]))
def test_what_is_required_is_missed(statement, field, how):
    statement.pop(field) if how == "absent" else statement.update({field: None})
    assert field in wrong(statement)


@given(statements())
def test_a_statement_decides_something(statement):
    left = {name: value for name, value in statement.items() if not name.startswith(schema.DECISIONS)}
    assert "decision_account" in wrong(left | {"decision_ground": statement["decision_ground"]})


@given(statements(), st.sampled_from(sorted(CHOSEN)), st.sampled_from(["", "Maybe", 1, True, ["Yes"], {}]))
def test_only_values_of_the_database_are_taken(statement, field, value):
    assert wrong(statement | {field: value}) >= {field}


@given(statements(), st.sampled_from(["content_type", "territorial_scope", "category_addition", "decision_visibility"]))
def test_a_list_is_a_list_of_them(statement, field):
    for value in ("DE", ["XX"], [None], {"DE": 1}):
        assert field in wrong(statement | {field: value})


@given(statements(), st.sampled_from(sorted(schema.FIELDS)))
def test_no_text_is_longer_than_the_database_takes(statement, field):
    longest = TEXTS.get(field, 500)
    if field.endswith(("explanation",)):
        longest = 2000
    if schema.FIELDS[field]("x" * longest):  # not free text
        return
    said_with = {"decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"}
    assert field in wrong(statement | said_with | {field: "x" * (longest + 1)})
    assert schema.FIELDS[field]("x" * longest) == ""


@pytest.mark.parametrize(
    ("field", "before", "first", "last", "after"),
    [
        ("content_date", "1999-12-31", "2000-01-01", "2038-01-01", "2038-01-02"),
        ("application_date", "2019-12-31", "2020-01-01", "2038-01-01", "2038-01-02"),
    ],
)
@given(statement=statements())
def test_days_lie_in_the_range_of_the_database(field, before, first, last, after, statement):
    for day in (before, after, "19.3.2026", "2026-3-19", "2026-02-30", 20260319, "2026-03-19T00:00:00"):
        assert field in wrong(statement | {field: day})
    for day in (first, last):
        assert wrong(statement | {field: day}) == set()


@given(statements(), st.sampled_from(["two words", "a.b", "ä", "", "a" * 501, "a\n", 7]))
def test_a_puid_is_letters_digits_and_strokes(statement, puid):
    assert wrong(statement | {"puid": puid}) == {"puid"}


@given(statements(), st.sampled_from(sorted(OTHERS)))
def test_other_says_what(statement, field):
    value, text = OTHERS[field]
    statement.pop(text, None)
    assert wrong(statement | {field: value}) == {text}
    plain = {name: kept for name, kept in statement.items() if name != field}
    assert text in wrong(plain | {text: "something"})


@given(statements())
def test_a_ground_has_its_own_texts_and_no_others(statement):
    is_illegal = statement["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    other = "incompatible_content_ground" if is_illegal else "illegal_content_legal_ground"
    own = "illegal_content_explanation" if is_illegal else "incompatible_content_explanation"
    assert wrong(statement | {other: "words"}) >= {other}
    assert wrong({name: value for name, value in statement.items() if name != own}) == {own}


@given(statements())
def test_nobody_is_named_as_a_source_of_ones_own(statement):
    with_source = statement | {"source_type": "SOURCE_VOLUNTARY", "source_identity": "A rights holder"}
    assert wrong(with_source) == {"source_identity"}
    assert wrong(with_source | {"source_type": "SOURCE_TRUSTED_FLAGGER"}) == set()


@pytest.mark.parametrize("value", [{}, {"EAN-13": "123"}, {"EAN-8": "1"}, "4006381333931", {"EAN-13": "1", "x": 1}])
def test_a_content_id_is_an_ean(value):
    assert schema.content_id(value)


@pytest.mark.parametrize(
    "value", ["example.org", "ftp://example.org", "https://", "javascript:alert(1)", "https://[", 3]
)
def test_an_address_is_whole(value):
    assert schema.url(value)


def test_a_field_that_the_database_does_not_have_is_named():
    assert "recipient: is no field of the database" in map(str, problems({"recipient": "x"}))


# --- the database's own examples -------------------------------------------------------------------------------------


def data(name: str) -> Any:
    if not (DATA / name).exists():
        pytest.skip(f"the sample of the database, {DATA / name}, is not on this machine")
    return json.loads((DATA / name).read_text())


def test_the_databases_own_example_is_whole():
    example = data("example_statement.json")
    for answered in ("platform_name", "permalink"):  # what the database adds
        del example[answered]
    assert problems(example) == []


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("decision_visibility", schema.VISIBILITY - {"DECISION_VISIBILITY_OTHER"}),
        ("decision_monetary", schema.MONETARY - {"DECISION_MONETARY_OTHER"}),
        ("decision_provision", schema.PROVISION),
        ("decision_account", schema.ACCOUNT),
        ("account_type", schema.ACCOUNT_TYPE),
        ("decision_ground", schema.GROUND),
        ("content_type", schema.CONTENT_TYPE - {"CONTENT_TYPE_OTHER"}),
        ("categories", schema.CATEGORY),
        ("category_specification", schema.KEYWORD - {"KEYWORD_OTHER"}),
        # The list has the Member States alone; the documentation also those of the European Economic Area.
        ("territorial_scope", schema.TERRITORY - {"IS", "LI", "NO"}),
    ],
)
def test_values_are_those_of_the_database(name, ours):
    assert set(data("allowed_values.json")[name]) == set(ours)


def test_what_was_withdrawn_or_renamed_is_not_taken():
    allowed = data("allowed_values.json")
    old = [*allowed["deleted_categories"], *(before for before, _ in allowed["renamed_categories"])]
    assert not schema.CATEGORY & set(old)
    old = [*allowed["deleted_category_specifications"]]
    assert not schema.KEYWORD & {*old, *(before for before, _ in allowed["renamed_category_specifications"])}


# --- what we make ----------------------------------------------------------------------------------------------------

sentences = st.text(min_size=1, max_size=9000).filter(str.strip)
days_of_ours = st.dates(date(2022, 1, 1), date(2037, 1, 1))


@st.composite
def reasons(draw: st.DrawFn) -> mapping.Reasons:
    return mapping.Reasons(
        conduct=draw(sentences),
        conduct_from=draw(days_of_ours),
        conduct_to=draw(days_of_ours),
        likelihood="very likely (80–95 %)",
        shown=tuple(draw(st.lists(sentences, max_size=4))),
        explanations=tuple(draw(st.lists(st.tuples(sentences, sentences), max_size=3))),
        limits=draw(sentences),
        bases=draw(st.frozensets(st.sampled_from([*mapping.BASES, "extraction", "conduct"]))),
        territory=tuple(draw(st.lists(st.sampled_from(["DE", "FR", "NO"]), max_size=3))),
        was_reported=draw(st.booleans()),
    )


@st.composite
def told(draw: st.DrawFn) -> mapping.Told:
    return mapping.Told(
        restriction=draw(st.sampled_from(mapping.REPORTED)),
        starts_on=draw(days_of_ours),
        ends_on=draw(days_of_ours | st.none()),
        clauses=tuple(draw(st.lists(st.tuples(sentences, sentences, days_of_ours), min_size=1, max_size=5))),
        is_detected_automatically=draw(st.booleans()),
        decided_automatically=draw(st.sampled_from(sorted(mapping.AUTOMATION))),
        opened_on=draw(days_of_ours | st.none()),
    )


@given(reasons(), told())
def test_whatever_a_finding_says_makes_a_whole_statement(because, letter):
    assert problems(mapping.statement("a-b_1", letter, because, mapping.words(because))) == []


def test_what_a_suspension_says():
    because = mapping.Reasons(
        conduct="The accounts collected output by automatic means",
        conduct_from=date(2026, 5, 4),
        conduct_to=date(2026, 5, 10),
        likelihood="very likely (80–95 %)",
        shown=("Requests came around the clock",),
        explanations=(("A very busy user.", "Refuted. Nobody's jobs run like this"),),
        limits="What the output was used for is not known.",
        bases=frozenset({"extraction", "multiple_accounts", "eu_trade_secret", "region"}),
        territory=("DE", "US"),
    )
    letter = mapping.Told(
        "account_suspended", date(2026, 5, 12), date(2026, 8, 10), (("Terms", "3.", date(2026, 1, 1)),), True, "not"
    )
    assert mapping.statement("p1", letter, because, mapping.words(because)) == {
        "puid": "p1",
        "decision_account": "DECISION_ACCOUNT_SUSPENDED",
        "end_date_account_restriction": "2026-08-10",
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": "Terms, 3. (version of 2026-01-01)",
        "incompatible_content_explanation": "It is very likely (80–95 %) that this happened: The accounts collected"
        " output by automatic means.",
        "incompatible_content_illegal": "No",
        "content_type": ["CONTENT_TYPE_TEXT"],
        "category": "STATEMENT_CATEGORY_OTHER_VIOLATION_TC",
        "category_addition": [
            "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
            "STATEMENT_CATEGORY_SCAMS_AND_FRAUD",
        ],
        "category_specification": [
            "KEYWORD_GEOGRAPHICAL_REQUIREMENTS",
            "KEYWORD_INAUTHENTIC_ACCOUNTS",
            "KEYWORD_TRADE_SECRET_INFRINGEMENT",
        ],
        "territorial_scope": ["DE"],
        "content_date": "2026-05-04",
        "application_date": "2026-05-12",
        "decision_facts": "Conduct, 2026-05-04 to 2026-05-10: The accounts collected output by automatic means.\n"
        "What shows it:\n- Requests came around the clock.\n"
        "Innocent explanations that were considered:\n- A very busy user: Refuted. Nobody's jobs run like this.\n"
        "What is not known: What the output was used for is not known.",
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "Yes",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
    }
