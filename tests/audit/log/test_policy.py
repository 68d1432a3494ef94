"""Policies to the letter of tlog-policy: the format's own example, each of its rules broken, and what a quorum is."""

from contextlib import suppress
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.log import notes
from apps.audit.log.policy import BadPolicy, Group, Log, Policy, Witness
from tests.audit.log.trees import ORIGIN
from tests.audit.log.trees import Log as Tree

TREE = Tree(20)
WITNESSES = [notes.Cosigner.generate(f"witness.example/{n}", notes.COSIGNATURE) for n in range(7)]
MODERN = notes.Cosigner.generate("witness.example/modern", notes.ML_DSA_44)
LOG, *_ = TREE.keys.verifier.keys
X1, X2, X3, Y1, Y2, Y3, Z = (str(witness.verifier) for witness in WITNESSES)

# The example of tlog-policy, "Example policy", with keys.
EXAMPLE = f"""\
log {LOG}

witness X1 {X1}
witness X2 {X2}
witness X3 {X3}
group X-witnesses 2 X1 X2 X3

witness Y1 {Y1}
witness Y2 {Y2}
witness Y3 {Y3}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""
NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]


def cosigned(*names: str, note: str = "") -> str:
    note = note or TREE.checkpoint(20)
    return note + "".join(WITNESSES[NAMES.index(name)].cosign(note) for name in names)


def test_the_documented_example_asks_for_two_of_three_and_one_of_three():
    policy = Policy.parse(EXAMPLE)
    for count in range(len(NAMES) + 1):
        for names in combinations(NAMES, count):
            is_met = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            assert policy.is_met(set(names)) == is_met
    verdict = policy.verify(cosigned("X1", "X3", "Y2"))
    assert verdict.is_met
    assert verdict.head == TREE.head(20)
    assert verdict.logs == (LOG,)
    assert set(verdict.witnesses) == {"X1", "X3", "Y2"}
    assert verdict.latest == max(verdict.witnesses.values())
    assert not policy.verify(cosigned("X1", "X2")).is_met
    assert not policy.verify(cosigned("X1", "Y1", "Y2", "Y3")).is_met


def test_one_witness_is_a_quorum_and_so_is_none():
    one = Policy.parse(f"witness only {MODERN.verifier}\nquorum only\n")
    note = TREE.checkpoint(20)
    assert not one.verify(note).is_met
    assert one.verify(note + MODERN.cosign(note)).is_met
    assert not one.verify(note + MODERN.cosign(note, at=0)).is_met, "it does not say when"
    nobody = Policy.parse("quorum none")
    assert nobody.verify(note).is_met
    assert nobody.verify(note).latest is None


def test_spaces_tabs_comments_and_urls():
    log = f" \t#  a comment é\n\n\t log\t{LOG}   https://log.example/ \n"
    policy = Policy.parse(f"{log}  witness  a {X1} https://w.example/prefix\nquorum a")
    assert policy.logs == (Log(LOG, "https://log.example/"),)
    assert policy.witnesses[0].url == "https://w.example/prefix"
    assert Policy.parse(str(policy)) == policy


def test_names_are_octets():
    kelvin, invalid = b"\xe2\x84\xaa", b"\xff"
    lines = [b"witness K " + X1.encode(), b"witness " + kelvin + b" " + X2.encode()]
    lines += [b"witness " + invalid + b" " + X3.encode(), b"group " + b"\xc2\xa0 all K " + kelvin + b" " + invalid]
    policy = Policy.parse(b"\n".join([*lines, b"quorum \xc2\xa0\n"]))
    assert len(policy.witnesses) == 3
    assert Policy.parse(policy.encode()) == policy


BROKEN = [
    ("", "no quorum line"),
    (f"log {LOG}\n", "no quorum line"),
    ("quorum none\nquorum none\n", "line 2 .* second quorum"),
    ("quorum nobody\n", "line 1 .* neither a witness nor a group"),
    (f"quorum a\nwitness a {X1}\n", "line 1 .* neither a witness nor a group"),
    (f"group g any a\nwitness a {X1}\nquorum g\n", "line 1 .* not defined before it"),
    ("group g any g\nquorum g\n", "not defined before it"),
    (f"witness a {X1}\ngroup g any a none\nquorum g\n", "none, which is not defined"),
    (f"witness a {X1}\ngroup g any\nquorum g\n", "line 2 .* no line of a policy"),
    (f"witness a {X1}\ngroup g 2 a\nquorum g\n", "wants 2 of 1"),
    (f"witness a {X1}\ngroup g 0 a\nquorum g\n", "neither any, all nor a number"),
    (f"witness a {X1}\ngroup g 01 a\nquorum g\n", "neither any, all nor a number"),
    (f"witness a {X1}\ngroup g some a\nquorum g\n", "neither any, all nor a number"),
    (f"witness a {X1}\ngroup g any a a\nquorum g\n", "a is a member twice"),
    (f"witness a {X1}\ngroup g any a\ngroup h any a\nquorum g\n", "line 3 .* a is a member twice"),
    (f"witness a {X1}\nwitness a {X2}\nquorum a\n", "the name a is there twice"),
    (f"witness a {X1}\ngroup a any a\nquorum a\n", "the name a is there twice"),
    (f"witness b {X1}\ngroup a any b\nwitness a {X2}\nquorum a\n", "the name a is there twice"),
    (f"witness none {X1}\nquorum none\n", "nothing else can be called so"),
    (f"witness a {X1}\nwitness b {X1}\nquorum a\n", "second witness"),
    (f"log {LOG}\nlog {LOG}\nquorum none\n", "second log"),
    (f"log {X1}\nquorum none\n", "does not sign this"),
    (f"witness a {LOG}\nquorum a\n", "does not sign this"),
    (f"witness a {X1[:-5]}\nquorum a\n", "line 1"),
    (f"log {LOG} https://a b\nquorum none\n", "no line of a policy"),
    ("Quorum none\n", "no line of a policy"),
    ("quorum none\r\n", "control character"),
    ("# \x7f\nquorum none\n", "line 1 .* control character"),
]


@pytest.mark.parametrize(("text", "why"), BROKEN, ids=range(len(BROKEN)))
def test_what_breaks_a_rule_is_refused(text, why):
    with pytest.raises(BadPolicy, match=why):
        Policy.parse(text)


def test_a_public_key_counts_once_under_whatever_name_and_type():
    again = notes.CosignatureVerifier("other.example", WITNESSES[0].verifier.key, notes.COSIGNATURE)
    with pytest.raises(BadPolicy, match="second witness"):
        Policy.parse(f"witness a {X1}\nwitness b {again}\nquorum a\n")


def test_a_checkpoint_that_no_log_of_the_policy_signed_is_refused():
    policy = Policy.parse(EXAMPLE)
    with pytest.raises(notes.BadNote, match="no log of the policy"):
        policy.verify(cosigned("X1", "X2", "Y1", note=Tree(20).checkpoint(20)))
    renamed = TREE.keys.sign(str(notes.Head("another.example", 20, b"\0" * 32)))
    with pytest.raises(notes.BadNote, match=r"as another\.example"):
        policy.verify(cosigned("X1", "X2", "Y1", note=renamed))


def test_a_wrong_signature_of_a_known_witness_spoils_the_note():
    other = cosigned("X2", note=TREE.checkpoint(19))
    wrong = cosigned("X1", "Y1") + other[other.rindex("— ") :]
    with pytest.raises(notes.BadNote, match="is wrong"):
        Policy.parse(EXAMPLE).verify(wrong)


@st.composite
def policies(draw) -> Policy:
    """Any policy of up to seven witnesses, in groups of groups."""
    witnesses = tuple(
        Witness(f"w{n}", witness.verifier) for n, witness in enumerate(WITNESSES[: draw(st.integers(0, 7))])
    )
    free, groups = [witness.name for witness in witnesses], []
    while free and draw(st.booleans()):
        members = draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        groups.append(Group(f"g{len(groups)}", draw(st.integers(1, len(members))), tuple(members)))
        free = [name for name in free if name not in members] + [groups[-1].name]
    names = [each.name for each in (*witnesses, *groups)]
    logs = (Log(LOG, draw(st.sampled_from(["", "https://log.example/"]))),) if draw(st.booleans()) else ()
    return Policy(logs, witnesses, tuple(groups), draw(st.sampled_from([*names, "none"])))


def judged(policy: Policy, name: str, agreed: set[str]) -> bool:
    """The rule once more, from the top down."""
    for group in policy.groups:
        if group.name == name:
            return sum(judged(policy, member, agreed) for member in group.members) >= group.least
    return name == "none" or name in agreed


@given(policies(), st.sets(st.sampled_from([f"w{n}" for n in range(7)])))
def test_a_policy_comes_back_as_it_was_written_and_judges_alike(policy, agreed):
    assert Policy.parse(str(policy)) == policy
    known = agreed & {witness.name for witness in policy.witnesses}
    assert policy.is_met(agreed) == judged(policy, policy.quorum, known)
    for name in known:
        assert policy.is_met(known) >= policy.is_met(known - {name}), "one more never makes it worse"


@given(st.binary(max_size=200))
def test_nothing_makes_the_reader_stumble(data):
    with suppress(BadPolicy):
        assert Policy.parse(Policy.parse(data).encode())


def test_the_origin_is_the_name_of_the_log_s_key():
    assert LOG.name == ORIGIN
