"""What a letter needs before it goes out, as lines that a person reads: one source for the page and for the actions."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.cases.findings.wording import Ground, Problem, lint
from apps.cases.models import Decision, Finding
from apps.cases.queries import accounts_of_finding, exhibits_of_finding, ground_of_finding
from apps.core import paper
from apps.core.typefaces import not_covered
from apps.counsel.queries import acting_for
from apps.evidence.queries import lost
from apps.notices import annex, assembly, letter, writing
from apps.notices.languages import SOURCE, outdated, untranslated
from apps.notices.letter import ComposedNotice, NoticeFacts
from apps.notices.letter.profiles import NAMES as PROFILE_NAMES
from apps.notices.models import Notice, NoticeTemplate
from apps.notices.queries import template_in_effect

State = Notice.State

NAMED = 5  # accounts that a line names before it counts the others


def checks(notice: Notice) -> list[dict]:
    """Items for the checklist: `state` (ok, warn, stop), `text`, `detail`."""
    approval = _line(
        notice.approved_by_id is not None,
        "Somebody other than the drafter approved it",
        f"Another person than {notice.drafted_by} has to approve it",
        str(notice.approved_by or ""),
    )
    return [*_of_the_letter(notice), approval]


def refuse_if_missing(notice: Notice) -> None:
    """Raise ValidationError with every line, but for the approval itself, that keeps the letter from going out."""
    if stops := [line["text"] for line in _of_the_letter(notice) if line["state"] == "stop"]:
        raise ValidationError([f"{text}." for text in stops])


def refuse_wording(composition: ComposedNotice, ground: Ground) -> None:
    """Raise ValidationError with every word of the provider's own that claims more than the finding established."""
    if problems := _claims(composition, ground):
        raise ValidationError([f"The letter claims too much. {problem.message}" for problem in problems])


def _claims(composition: ComposedNotice, ground: Ground) -> list[Problem]:
    return lint(composition.own_words, ground, composition.facts.language)


def _of_the_letter(notice: Notice) -> list[dict]:
    composition = writing.composed(notice)
    facts, decision, finding = composition.facts, notice.decision, notice.decision.finding
    problems = _claims(composition, ground_of_finding(finding))
    return [
        _line(
            finding.state == Finding.State.CONFIRMED,
            "The finding is confirmed by a second person",
            "The finding is not confirmed",
            finding.ref,
        ),
        _line(
            decision.state == Decision.State.APPROVED,
            "The decision is approved by a second person",
            "The decision is not approved",
            decision.ref,
        ),
        _addressee(notice),
        _elements(composition),
        *(_reasons(facts) if notice.kind not in writing.NO_REASONS else []),
        *_exhibits(notice, facts),
        *_listed(notice, facts),
        *_translated(notice, facts),
        _wording(notice),
        _recipient(notice),
        *_through_counsel(notice),
        *_characters(notice, composition),
        _line(
            not problems,
            "Its wording claims no more than was found",
            "Its wording claims too much: draft it again once the source is corrected",
            " ".join(problem.message for problem in problems),
        ),
        *_deadlines(notice, facts),
    ]


def _elements(composition: ComposedNotice) -> dict:
    """Whatever is asked of such a letter where its recipient is, by name."""
    missing = [f"{{{name}}} ({rule})" for name, rule in composition.unsaid().items()]
    asked = letter.required(composition.kind, composition.facts.profile)
    said = f"It says all that is asked of it: {PROFILE_NAMES[composition.facts.profile]}"
    return _line(not missing, said, f"It does not say {', '.join(missing)}", _count(tuple(asked), "element"))


def _reasons(facts: NoticeFacts) -> list[dict]:
    return [
        _line(bool(facts.facts), "It names the conduct", "It names no conduct", _count(facts.facts, "statement")),
        _line(
            bool(facts.clauses), "It quotes the clauses in force at the time", "It quotes no clause", _clauses(facts)
        ),
        _line(
            bool(facts.explanations_considered),
            "It says which innocent explanations were considered",
            "It says nothing of innocent explanations",
            _count(facts.explanations_considered, "explanation"),
        ),
    ]


def _exhibits(notice: Notice, facts: NoticeFacts) -> list[dict]:
    """A letter goes out as long as the exhibits that its statements cite can be shown."""
    cited = {label for fact in facts.facts for label in fact.exhibits}
    if not cited or notice.state not in (State.DRAFT, State.APPROVED):
        return []
    items = {row.exhibit.label: row.exhibit.item for row in exhibits_of_finding(notice.decision.finding)}
    became = lost(items[label] for label in cited)
    missing = ", ".join(f"{label} {became[items[label]]}" for label in sorted(cited) if items[label] in became)
    return [
        _line(
            not missing,
            "The exhibits that it cites are whole",
            f"Exhibits that it cites cannot be shown: {missing}",
            _count(tuple(cited), "exhibit"),
        )
    ]


def _listed(notice: Notice, facts: NoticeFacts) -> list[dict]:
    """A list of accounts tells somebody of account holders: whoever approves it looks at what for, and it names those
    that the decision meets, and no other."""
    if notice.party is None:
        return []
    if facts.listed is None:
        return [_line(True, "It gives the accounts by their number alone", "", "")]
    count = f"{facts.listed.count:,} account{'' if facts.listed.count == 1 else 's'}"
    if not annex.is_whole(facts):
        return [_line(False, "", annex.CHANGED, count)]
    if notice.state not in (State.DRAFT, State.APPROVED):
        return [_line(True, "It lists the accounts concerned", "", count)]
    left, joined = annex.changes(facts, notice.decision.finding)
    is_are = "is" if facts.listed.count == 1 else "are"
    told = f"It tells somebody else which {count} {is_are} concerned, for this reason:"
    lines = [{"state": "warn", "text": told, "detail": notice.listed_why}]
    if left:
        gone = f"Its list names accounts that were taken out since: {_first(left)}. Draft it again"
        lines.append(_line(False, "", gone, _count(tuple(left), "account")))
    if joined:
        missing = f"Its list lacks accounts that the decision meets now: {_first(joined)}. Draft it again"
        lines.append({"state": "warn", "text": missing, "detail": _count(tuple(joined), "account")})
    return lines


def _first(references: list[str]) -> str:
    """The first of them by name, and how many others there are."""
    others = len(references) - NAMED
    return ", ".join(references[:NAMED]) + (f" and {others:,} more" if others > 0 else "")


def _translated(notice: Notice, facts: NoticeFacts) -> list[dict]:
    """A letter in another language than the case has every sentence of it translated, as it reads now."""
    if facts.language == SOURCE:
        return []
    language, count = notice.template.get_language_display(), _count(facts.translations, "sentence")
    missing = ", ".join(untranslated(facts.translations))
    lines = [
        _line(not missing, f"Its sentences are translated into {language}", f"Not translated yet: {missing}", count)
    ]
    if notice.state in (State.DRAFT, State.APPROVED):
        changed = ", ".join(outdated(facts.translations, assembly.again(notice, facts).translations))
        lines.append(
            _line(
                not changed,
                "The translated sentences read as they did then",
                f"Changed since it was translated: {changed}. Draft it again and translate it",
                "",
            )
        )
    return lines


def _wording(notice: Notice) -> dict:
    """A draft keeps its wording; whoever approves it is told when there is a newer one."""
    latest = template_in_effect(notice.kind, notice.template.language, timezone.now().date())
    if notice.state == State.DRAFT and latest and latest != notice.template:
        text = f"A newer wording is in effect, version {latest.version}: draft it again to take it"
        return {"state": "warn", "text": text, "detail": f"version {notice.template.version}"}
    return _line(True, "Its wording was approved", "", f"version {notice.template.version}")


def _addressee(notice: Notice) -> dict:
    """A measure meets no account that was taken out of the case since the finding."""
    if notice.kind == NoticeTemplate.Kind.REINSTATEMENT:
        return _line(True, "It takes back a measure against the account", "", str(notice.facts["measure_ref"]))
    if notice.kind == NoticeTemplate.Kind.APPEAL_DECISION:
        return _line(True, "It answers the account's appeal", "", str(notice.facts["appeal_ref"]))
    if notice.party:
        return _line(True, "It goes to a party of the case", "", notice.party.get_role_display())
    return _line(
        accounts_of_finding(notice.decision.finding).filter(account=notice.account_id).exists(),
        "The account is one that the finding is about",
        "The account was taken out of the case since the finding: discard this letter",
        str(notice.account),
    )


def _recipient(notice: Notice) -> dict:
    lines = notice.recipient.splitlines()
    if notice.party_id and len(lines) == 1:
        return {"state": "warn", "text": "It has a name but no address: draft it again with one", "detail": lines[0]}
    return _line(bool(lines), "It has a recipient", "It has no recipient: draft it again with one", ", ".join(lines))


def _through_counsel(notice: Notice) -> list[dict]:
    """Lawyers write to a party that has counsel in the matter through them (ABA Model Rule 4.2), and so do we."""
    if notice.party is None:
        return []
    acting = acting_for(notice.party, notice.issued_at.date() if notice.issued_at else timezone.now().date())
    if not acting:
        return []
    if any(one.is_addressed_in(notice.recipient) for one in acting):
        return [_line(True, "It goes to the party through counsel", "", ", ".join(map(str, acting)))]
    text = f"{acting[0]} acts for {notice.party}, and this goes past them: write to the party through counsel"
    return [{"state": "warn", "text": text, "detail": ", ".join(acting[0].address_lines)}]


def _characters(notice: Notice, composition: ComposedNotice) -> list[dict]:
    """What no typeface has would only be missed when the file is made."""
    missing = not_covered(paper.raised(f"{composition.plain} {notice.recipient}"))
    if not missing:
        return []
    return [_line(False, "", f"No typeface has these characters, write them in Latin letters: {' '.join(missing)}", "")]


def _deadlines(notice: Notice, facts: NoticeFacts) -> list[dict]:
    if facts.respond_by and not facts.appeal_until:
        return [_line(True, f"It asks for an answer by {facts.respond_by}", "", "two weeks after its date")]
    if not facts.appeal_until:
        return []
    day = notice.issued_at.date() if notice.issued_at else timezone.now().date()
    appeal = _line(True, f"It can be appealed until {facts.appeal_until}", "", "six months after its date")
    if facts.ends_on and facts.ends_on < day:
        return [appeal, _line(False, "", f"The measure ended on {facts.ends_on}: discard this letter", "")]
    if facts.starts_on < day:
        late = f"The measure began on {facts.starts_on}, before this letter"
        return [appeal, {"state": "warn", "text": late, "detail": "Art. 17(2) DSA: on its first day at the latest"}]
    return [appeal]


def _line(holds: bool, text: str, otherwise: str, detail: str) -> dict:
    return {"state": "ok" if holds else "stop", "text": text if holds else otherwise, "detail": detail}


def _count(items: tuple, noun: str) -> str:
    return f"{len(items)} {noun}{'' if len(items) == 1 else 's'}"


def _clauses(facts: NoticeFacts) -> str:
    return ", ".join(f"{c.document} {c.address}, {c.version_date.isoformat()}" for c in facts.clauses)
