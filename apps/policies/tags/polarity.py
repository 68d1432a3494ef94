"""Whether words at a place in a clause are prohibited or permitted: what governs them, in the words of terms.

The last word of duty or licence before a conduct governs it, within its sentence ("You may not A; B; or C" governs A, B
and C). Words in an exception ("except as permitted through the API, …") govern nothing outside it, and a conduct inside
an exception stands the other way round ("for any purpose other than training models"). What the provider itself may do
("we may use Content to train our models") is neither. An item without such words takes them from the lead-in of its
list, and then from the headings above it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Polarity(StrEnum):
    PROHIBITS = "prohibits"
    PERMITS = "permits"
    DEFINES = "defines"  # says what a word means that another clause uses


@dataclass(frozen=True, slots=True)
class Governing:
    """The words that make a conduct prohibited or permitted, and where they stand."""

    polarity: Polarity
    part: str  # "text", "lead_in" or "heading"
    start: int
    end: int


_P, _L, _D = Polarity.PROHIBITS, Polarity.PERMITS, Polarity.DEFINES

# Longer words come first, since "are not prohibited from" holds both "not" and "prohibited".
_WORDS = re.compile(
    "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in {
            "licence_nothing": r"\b(?:nothing|no (?:provision|term|clause|section|part)s?)\b[^.;]{0,80}?"
            r"\b(?:prohibit|prevent"
            r"|restrict|limit|preclude|forbid|bar|stop)(?:s|ed|ing)?\b",
            "duty_nothing": r"\b(?:nothing|no (?:provision|term|clause|section|part)s?)\b[^.;]{0,80}?\b(?:permit|allow"
            r"|authori[sz]e|grant|entitle|licen[cs]e)s?\b",
            "licence_not_banned": r"\b(?:(?:is|are|be|being|been|was|were|shall|will|may|must)\s+)?(?:not"
            r"|no longer|never|n[’']t) (?:be )?"
            r"(?:\w+ly )?(?:prohibited|forbidden|restricted|barred|prevented|banned|precluded)\b(?: from)?",
            "licence_not_ban": r"\b(?:do|does|did|shall|will|would|may|must|can)\s*(?:not|never"
            r"|n[’']t) (?:\w+ly )?(?:prohibit|prevent|restrict|limit|preclude|forbid|bar|stop|object)\b",
            "licence_no_need": r"\b(?:do|does|will|shall)\s*(?:not|n[’']t) (?:need|require|have to (?:seek"
            r"|obtain|ask))\b|\bno (?:prior |further |written )*(?:permission|consent|licen[cs]e|approval"
            r"|authori[sz]ation) (?:is|are|will be) \w+",
            "licence_not_apply": r"\b(?:do|does|shall|will|would) not (?:apply|extend) (?:to|where|when|if)\b",
            "licence_no_breach": r"\b(?:do|does|shall|will|would|is|are) not (?:be )?(?:in |a |considered "
            r"|deemed |constitute |amount to )*(?:an? )?(?:breach|violation|violate|misuse)\b",
            "licence_no_ban": r"\b(?:no|without) (?:restriction|limitation|limit|prohibition)s? on\b",
            "duty_no_licence": r"\b(?:(?:may|must|shall|will|can|could|do|does|did) not|cannot|(?:do|does|did"
            r"|wo|ca)n[’']t|never) (?:allow|permit|authori[sz]e|tolerate|support|condone)\b",
            "aside_liable": r"\b(?:will|shall|would) not be (?:liable|responsible|penali[sz]ed|charged)\b",
            "duty_not_allowed": r"\b(?:(?:is|are|be|shall|will|may|must|can|do|does)\s*)?(?:not|never|n[’']t"
            r"|no longer) (?:be )?(?:\w+ly )?(?:allowed|permitted|authori[sz]ed|entitled|licensed)\b(?: to)?",
            "duty_agreed": r"\b(?:agrees?|undertakes?|covenants?|promises?|warrants?|commits?|required"
            r"|obliged)(?: and \w+)? (?:to )?not to\b|\brefrain(?:s|ing)? from\b|\bagree to not\b",
            "duty_warranted": r"\bwarrants? that[^.;]{0,60}?\b(?:are|is|will) not\b",
            "duty_nobody": r"\b(?:no (?:user|customer|one|person|party|developer)s?|nobody"
            r"|neither you nor[^.;]{0,30}?|in no event|at no time"
            r"|under no circumstances) (?:may|shall|can|is|are|will)\b",
            "duty_banned": r"\b(?:prohibit(?:s|ed|ing)?|forbid(?:s|den)?|disallow(?:s|ed)?|bann(?:ed|ing)"
            r"|off[- ]limits|unlawful to)\b(?: from| to)?",
            "duty_not": r"\b(?:may|must|shall|will|can|could|should|would|do|does) (?:not|never)\b(?! be able)"
            r"|\bcannot\b|\b(?:ca|wo|do|does|must|sha|should)n[’']t\b",
            "licence_granted": r"\b(?:allow|permit|authori[sz]e|entitle|encourage|invite|licen[cs]e)s?\s+"
            r"(?:you|customers?|users?|developers?|anyone|everyone)\b"
            r"|\b(?:is|are|be) (?:\w+ly )?(?:allowed|permitted|free|welcome|entitled|authori[sz]ed|licensed"
            r"|encouraged) to\b"
            r"|\bgrants? (?:to )?(?:you|the customer|customers?|users?)\b[^.;]{0,160}?\b(?:right|licen[cs]e)s? to\b"
            r"|\bha(?:ve|s) (?:the|a) right to\b|\bpermitted (?:uses?|exceptions?|purposes?)\b",
            "licence_passive": r"\b(?:may|can) (?:also |freely |be )*(?:used|accessed|shared|reused|resold)\b",
            "licence_may": r"\b(?:may|can)\b",
            "duty_item": r"(?:^|(?<=\n))\W*(?:(?:\(?\w{1,3}[.)]\s+)?)(?:not|never|no(?= \w+ing\b))\b",
        }.items()
    ),
    re.IGNORECASE,
)
_ASK_SUBJECT = ("duty_not", "licence_may")
_OF_WHOM = ("licence_may", "duty_banned")
_NEGATION = re.compile(r"(?:\b(?:not|never|no longer)|n[’']t)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_ASIDE = re.compile(  # "so that you can", "laws that prohibit": says nothing of what is allowed
    r"\b(?:so(?: that)?|how|what|where|when|whenever|if|before|until|whether|after) you\s*$|\b(?:that|which|who"
    r"|laws?)\s*$",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|when|whenever|in case|where) you\s*$", re.IGNORECASE)  # "if you do not opt out"
_SUBORDINATE = re.compile(r"[(]|\b(?:except|unless|if|when|where|that|which|this|these)\b", re.IGNORECASE)
_USER = re.compile(
    r"(?:\byou(?:r \w+)?|\b(?:customers?|users?|developers?|subscribers?|members?|clients?|licensees?|anyone"
    r"|everyone|individuals?"
    r"|person|part(?:y|ies)|agents?|recipients?|holders?|licensee|visitors?|researchers?|organi[sz]ations?)"
    r"(?:[’']s? \w+)?)(?:\s*\([^)]*\))?(?:,? (?:and|or|also|then|hereby|therefore|\w+ly|only|still|otherwise"
    r"|may|must|shall|will))*,?\s*$",
    re.IGNORECASE,
)
_THING = (
    r"(?:Services?|Outputs?|Inputs?|Software|Contents?|Materials?|Products?|APIs?|Accounts?|Models?|Apps?|It|This|These"
    r"|That|Such)"
)
_PROVIDER = re.compile(
    rf"(?:\b[Ww]e|\bit|\b(?:our|Our) (?!{_THING}\b)\w+|\b(?!{_THING}\b)\w*[A-Z][\w.&-]*(?: (?:AI|Inc\.?|LLC"
    rf"|Ltd\.?|PBC))?(?:[’']s \w+)?)"
    r"(?:\s*\([^)]*\))?(?:,? (?:and|or|also|then|hereby|\w+ly|in \w+ \w+ \w+))*,?\s*$"
)
_ELIDED = re.compile(r"\b(?:but|and|or|yet|nor)(?: also| \w+ly)?\s*$", re.IGNORECASE)  # "may not A, but may B"
_MODAL = re.compile(r"\b(?:may|can|must|shall|will|could|should|would)\b|\bcannot\b", re.IGNORECASE)
_RELATIVE = re.compile(r"\b(?:that|which|who|they|as|it|there)\s*$", re.IGNORECASE)

_EXCEPTION = re.compile(
    r"\b(?:except(?:ing)?|other than|unless|save (?:for|as|to|that|where)|excluding|with the exception of"
    r"|apart from)\b[^,;.()\n]*",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\b(?P<no_breach>(?:does|do|will|shall|would|is|are) not (?:be )?(?:considered |deemed |constitute "
    r"|in )*(?:an? )?(?:breach|violation|violate)\b)|\b(?:is|are|be|was|were)\s+(?:\w+ly |also |hereby )*(?P<not>not "
    r"|never )?(?:\w+ly )?"
    r"(?:(?P<licence>permitted|allowed|authori[sz]ed|acceptable|welcome|fine)|(?P<duty>prohibited|forbidden"
    r"|banned|disallowed|unacceptable|(?:a |an )?(?:\w+ )?(?:violation|breach)|unauthori[sz]ed))\b"
    r"|\b(?P<consent>requires? (?:our |the |\w+[’']s )?(?:prior |express |written |separate )*(?:consent"
    r"|permission|authori[sz]ation|approval|agreement)|(?:violates?|breaches) (?:these|our|this|the)\b)",
    re.IGNORECASE,
)
_UNAUTHORISED = re.compile(
    r"\bunauthori[sz]ed\b|\bwithout (?:our |the |any |[A-Z]\w+[’']s )?(?:prior |express |written "
    r"|explicit )*(?:consent|permission|authori[sz]ation|approval)\b",
    re.IGNORECASE,
)
_HEADINGS = (
    (_L, re.compile(r"\b(?:you|users?|customers?) (?:may|can)\b(?! ?not|[’']t)|\bpermitted\b|\ballowed\b"
    r"|\bexceptions?\b", re.IGNORECASE)),
    (_P, re.compile(r"\b(?:do not|don[’']t|cannot|can[’']t|may not|must not|not (?:allowed|permitted)"
    r"|prohibit\w*|restricti\w+|disallowed|forbidden"
                    r"|unacceptable|misuse|abuse)\b", re.IGNORECASE)),
)  # fmt: skip
_DEFINITION = re.compile(
    r"\W*[“\"](?P<term>[^”\"]{2,80})[”\"]\s*:?\s*(?:\([^)]*\)\s*)?(?:shall mean|means|refers to|is defined as)"
)
_PERMITTED_TERM = re.compile(r"\bpermitted\b|\bexception\b|\ballowed\b", re.IGNORECASE)
_END_OF_SENTENCE = re.compile(
    r"(?<![A-Z]\.[A-Z])(?<!\be\.g)(?<!\bi\.e)(?<!\bInc)(?<!\bno)[.!?]+[”\"’)]*\s+(?=[A-Z“\"(])|\n+"
)


def governing(text: str, lead_in: str, headings: Sequence[str], start: int, end: int) -> Governing | None:
    """What governs the words of `text` from `start` to `end`; None where nothing does, or the provider acts."""
    first, last = _sentence(text, start)
    if text[first:last].rstrip().endswith("?"):
        return None  # a question
    found, is_theirs = _before(text, first, start)
    if found:
        return found
    if definition := _DEFINITION.match(text):
        term = _L if _PERMITTED_TERM.search(definition["term"]) else _D
        return Governing(term, "text", definition.start("term"), definition.end())
    if after := _after(text, end, last):
        return after
    if above := _in_lead_in(lead_in, flipped=_in_exception(text, first, start) is not None):
        return above
    if is_theirs:
        return None
    if match := _UNAUTHORISED.search(text, first, last):
        return Governing(_P, "text", match.start(), match.end())
    return _in_headings(headings)


def _sentence(text: str, at: int) -> tuple[int, int]:
    """Where the sentence around a place starts and ends."""
    ends = [match.end() for match in _END_OF_SENTENCE.finditer(text)]
    return max([0, *(end for end in ends if end <= at)]), min([len(text), *(end for end in ends if end > at)])


def _before(text: str, first: int, start: int) -> tuple[Governing | None, bool]:
    """The last governing words between two places, and whether there are only words about the provider."""
    exception = _in_exception(text, first, start)
    exceptions = [match.span() for match in _EXCEPTION.finditer(text, first, start)]
    theirs, last, inside = False, None, None
    for match in _WORDS.finditer(text, first, start):
        polarity = _polarity(match, text[first : match.start()])
        if polarity is None:
            theirs = theirs or _is_providers(match, text[first : match.start()])
        elif exception and exception[0] <= match.start():
            inside = Governing(polarity, "text", match.start(), match.end())
        elif not any(since <= match.start() < until for since, until in exceptions):
            last = Governing(polarity, "text", match.start(), match.end())
    if inside:
        return inside, False
    if last and exception:
        last = _flipped(last)
    return last, theirs and last is None


def _polarity(match: re.Match[str], before: str) -> Polarity | None:
    """What the words say, None for those that say nothing of the user's conduct."""
    name, before = str(match.lastgroup), _subject(before)
    if name.startswith("aside") or (name in _OF_WHOM and _ASIDE.search(before)):
        return None
    if name == "duty_not" and _CONDITION.search(before):
        return None
    polarity = _P if name.startswith("duty") else _L
    if name == "licence_not_ban":  # "we do not restrict …" leaves it free, "you may not restrict …" does not
        return _P if _USER.search(before) else _L
    if name in _ASK_SUBJECT and not _USER.search(before) and _says_nothing(match, before):
        return None
    if name in ("licence_granted", "duty_banned") and _NEGATION.search(before):
        return _P if polarity == _L else _L
    return polarity


def _subject(before: str) -> str:
    """The words up to the subject: that of the verb before, where there is none of its own."""
    earlier = list(_MODAL.finditer(before)) if _ELIDED.search(before) else []
    return before[: earlier[-1].start()] if earlier else before


def _says_nothing(match: re.Match[str], before: str) -> bool:
    """Of words whose subject is not the user: "use may vary" permits nothing, "access must not be shared" forbids."""
    return match.lastgroup == "licence_may" or _is_providers(match, before) or bool(_RELATIVE.search(before))


def _is_providers(match: re.Match[str], before: str) -> bool:
    return match.lastgroup in _ASK_SUBJECT and not _USER.search(before) and bool(_PROVIDER.search(before))


def _in_exception(text: str, first: int, at: int) -> tuple[int, int] | None:
    spans = [match.span() for match in _EXCEPTION.finditer(text, first)]
    return next(((since, until) for since, until in spans if since < at < until), None)


def _after(text: str, end: int, last: int) -> Governing | None:
    """What the sentence goes on to say of the words: "Automated access is prohibited"."""
    match = _AFTER.search(text, end, last)
    if not match or _SUBORDINATE.search(text, end, match.start()):
        return None
    polarity = _L if match["licence"] or match["no_breach"] else _P
    found = Governing(polarity, "text", match.start(), match.end())
    return _flipped(found) if match["not"] else found


def _in_lead_in(lead_in: str, *, flipped: bool) -> Governing | None:
    """The last governing words of the lead-in's innermost line that has some."""
    at = len(lead_in)
    for line in reversed(lead_in.split("\n")):
        at -= len(line)
        first = 0
        found = None
        for match in _WORDS.finditer(line):
            first, _ = _sentence(line, match.start())
            polarity = _polarity(match, line[first : match.start()])
            excepted = _in_exception(line, first, match.start())
            if polarity and not excepted:
                found = Governing(polarity, "lead_in", at + match.start(), at + match.end())
        if found:
            return _flipped(found) if flipped else found
        at -= 1
    return None


def _in_headings(headings: Sequence[str]) -> Governing | None:
    text = "\n".join(headings)
    at = len(text)
    for heading in reversed(headings):
        at -= len(heading)
        for polarity, words in _HEADINGS:
            if match := words.search(heading):
                return Governing(polarity, "heading", at + match.start(), at + match.end())
        at -= 1
    return None


def _flipped(found: Governing) -> Governing:
    other = _L if found.polarity == _P else _P
    return Governing(other, found.part, found.start, found.end)
