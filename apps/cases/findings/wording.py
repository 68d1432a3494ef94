"""What a finding, a notice or a report may say (R8): a linter for words that claim more than was established.

Each rule is a line of data that a lawyer can read: the words, what would allow them, and what to say instead.
`allowed` names what has been established, for example {"finding"} for a confirmed finding. The same rules hold where a
sentence is first written and in every letter and report that quotes it, so that none has to be taken back. Counsel may
let words of one case stand, with a reason that is on record (`Ground.words`).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError

# What may be established about a case, and what that means.
STATUSES = {
    "finding": "a reviewer confirmed a finding",
    "admission": "the account holder said so",
    "training_evidence": "a test speaks about the model that was trained, not only about the requests",
    "weights_evidence": "there is evidence about model weights",
    "attribution_operator": "a finding names who operates the accounts",
    "attribution_state": "a finding names a state behind it",
    "judgment": "a court decided so",
}


@dataclass(frozen=True)
class Rule:
    name: str
    words: str  # a regular expression, matched at word boundaries, in any case
    needs: str | None  # a status; None: never
    instead: str


RULES = (
    Rule(
        "theft",
        "stole|stolen|steal(?:s|ing)?|theft|thief|thieves|robbed",
        "judgment",
        "say what was done, for example “collected output automatically”",
    ),
    Rule(
        "proof",
        "prove[sdn]?|proving|proof|conclusive(?:ly)?",
        "judgment",
        "say how likely, with its range, for example “very likely (80–95 %)”",
    ),
    Rule(
        "certainty",
        "certainly|undoubtedly|undeniabl[ey]|definitely|without (?:a |any )?doubt|beyond (?:any |all )?doubt",
        None,
        "say how likely, with its range",
    ),
    Rule(
        "guilt",
        "guilty|criminals?|crimes?|fraudsters?|hackers?|hacked|culprits?|perpetrators?|offenders?",
        "judgment",
        "name the account, not the person: “this account sent …”",
    ),
    Rule(
        "weights",
        "weights",
        "weights_evidence",
        "outputs were collected; say “output”, or “parameters” where a demand must name them",
    ),
    Rule(
        "training",
        r"(?:trained|distilled|cloned|copied)"
        r" (?:a|an|its|their|his|her|your|our|the) (?:own )?(?:\w+ )?models?",
        "training_evidence",
        "say what the requests show; what the output was used for is another finding",
    ),
    Rule(
        "admission",
        "admit(?:s|ted)?|confess(?:es|ed)?",
        "admission",
        "quote the words and where they were said",
    ),
    Rule(
        "state",
        r"state[- ]sponsored|state[- ]backed|on behalf of (?:the )?(?:\w+ )?government",
        "attribution_state",
        "leave it out: attribution to a state is a finding of its own",
    ),
    Rule(
        "finding",
        "we find|we found that|we conclude|it is established|has been established|we have determined",
        "finding",
        "as long as no finding is confirmed, write “we suspect” or “it is alleged”",
    ),
    Rule(
        "allegation",
        "we suspect|allegedly|is alleged|it is suspected",
        "allegation",
        "this document rests on a confirmed finding; write “we find” with its likelihood",
    ),
)

# The same rules for letters in German: only their words differ.
GERMAN = {
    "theft": r"stahl(?:en)?|gestohlen\w*|stehlen|Diebstahl\w*|Diebe?|entwendet\w*",
    "proof": r"beweis(?:t|en)|bewiesen\w*|Beweise?|erwiesen\w*|nachgewiesen\w*",
    "certainty": r"zweifellos|zweifelsfrei|unzweifelhaft|ohne (?:jeden )?Zweifel|mit Sicherheit|sicherlich",
    "guilt": r"schuldig\w*|kriminell\w*|Straftat(?:en)?|Betrüger\w*|Hacker\w*|gehackt\w*|Täter\w*",
    "weights": r"Gewichte\w*",
    "training": r"(?:ein|Ihr|sein|unser|das|dieses) (?:\w+ )?Modell (?:trainiert|destilliert|geklont|kopiert)",
    "admission": r"gestand(?:en)?|gestehen|zugegeben|Geständnis\w*",
    "state": r"staatlich (?:gelenkt|gestützt)\w*|im Auftrag (?:der|einer) (?:\w+ )?Regierung",
    "finding": r"wir stellen fest|wir kommen zu dem Ergebnis|steht fest|halten wir es für",
    "allegation": r"wir vermuten|angeblich\w*|mutmaßlich\w*",
}
RULES_IN_GERMAN = tuple(replace(rule, words=GERMAN[rule.name]) for rule in RULES)
LANGUAGES = {"en": RULES, "de": RULES_IN_GERMAN}

# ICD 203: two rows of words for one scale, never mixed in a document. (low, high) in per cent.
LIKELIHOODS = {
    "almost no chance": (1, 5), "very unlikely": (5, 20), "unlikely": (20, 45), "roughly even chance": (45, 55),
    "likely": (55, 80), "very likely": (80, 95), "almost certain": (95, 99),
}  # fmt: skip
_OTHER_ROW = (
    "remote (?:chance|possibility)|highly improbable|improbable|roughly even odds|probable|probably|highly probable"
    "|nearly certain"
)
_CONFIDENCE = re.compile(r"\b(?:high|moderate|low) confidence\b", re.IGNORECASE)
_LIKELIHOOD = re.compile(rf"\b(?:{'|'.join(LIKELIHOODS)}|{_OTHER_ROW})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """`start` and `end` are offsets into the text."""

    rule: str
    start: int
    end: int
    words: str
    message: str


@dataclass(frozen=True)
class Ground:
    """What a text may rest on: what exhibits show and of which families they are, how far a confirmed finding goes, and
    the words that counsel let stand."""

    elements: Collection[str] = ()
    families: Collection[str] = ()
    levels: Collection[str] = ()
    words: Collection[str] = ()

    @property
    def statuses(self) -> set[str]:
        """What a confirmed finding on this ground has established."""
        carried = {
            "training_evidence": "training" in self.elements,
            "weights_evidence": "logits" in self.families,
            "attribution_operator": "operator" in self.levels,
            "attribution_state": "state" in self.levels,
        }
        return {"finding"} | {status for status, holds in carried.items() if holds}


def lint(text: str, ground: Ground, language: str = "en") -> list[Problem]:
    """What a text about a confirmed finding says beyond its ground."""
    return lint_wording(text, ground.statuses, ground.words, language)


def lint_wording(
    text: str, allowed: Collection[str], words: Collection[str] = (), language: str = "en"
) -> list[Problem]:
    """Everything in the text that says more than `allowed` (statuses) supports, in the order of the text; not `words`,
    which somebody let stand."""
    problems = [
        problem for rule in LANGUAGES[language] if not _permits(rule, allowed) for problem in _matches(rule, text)
    ]
    problems += _mixed_scales(text) + _mixed_measures(text)
    return sorted((p for p in problems if p.words.lower() not in words), key=lambda problem: problem.start)


def _permits(rule: Rule, allowed: Collection[str]) -> bool:
    if rule.needs == "allegation":
        return "finding" not in allowed
    return rule.needs in allowed


def _matches(rule: Rule, text: str) -> list[Problem]:
    return [
        Problem(rule.name, match.start(), match.end(), match[0], f"“{match[0]}”: {rule.instead}. (R8)")
        for match in re.finditer(rf"\b(?:{rule.words})\b", text, re.IGNORECASE)
    ]


def _mixed_scales(text: str) -> list[Problem]:
    return [
        Problem(
            "scale", match.start(), match.end(), match[0],
            f"“{match[0]}” is from the other row of likelihood words; use one of: {', '.join(LIKELIHOODS)}. (R9)",
        )
        for match in re.finditer(rf"\b(?:{_OTHER_ROW})\b", text, re.IGNORECASE)
    ]  # fmt: skip


def _mixed_measures(text: str) -> list[Problem]:
    """A likelihood and a confidence level in one sentence read as one number that neither is."""
    return [
        Problem(
            "measures", sentence.start() + level.start(), sentence.start() + level.end(), level[0],
            f"“{level[0]}” stands in one sentence with a likelihood; give each its own sentence. (R9)",
        )
        for sentence in re.finditer(r"[^.!?]+", text)
        if (level := _CONFIDENCE.search(sentence[0])) and _LIKELIHOOD.search(sentence[0])
    ]  # fmt: skip


def term(confidence: str) -> str:
    """The likelihood word of a finding's confidence: "very_likely" is "very likely"."""
    return "roughly even chance" if confidence == "roughly_even" else confidence.replace("_", " ")


def check_sentence(text: str, *, field: str, ground: Ground) -> None:
    """Raise ValidationError at the field with every word that the evidence does not carry, and what to say instead.

    A sentence of a finding may speak of training only where an exhibit does.
    """
    if problems := lint(text, ground):
        raise ValidationError({field: [problem.message for problem in problems]})


def check(*, conduct: str, limits: str, ground: Ground) -> None:
    """Hold a finding's own two sentences to the rules. Raises ValidationError."""
    if not limits.strip():
        raise ValidationError({"limits": "Say what the evidence does not show: no evidence shows everything."})
    if len(conduct.split()) < 4:
        raise ValidationError({"conduct": "Say in a whole sentence what the accounts did."})
    check_sentence(conduct, field="conduct", ground=ground)
    check_sentence(limits, field="limits", ground=ground)
