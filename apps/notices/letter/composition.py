"""Text and facts become a letter whose every run knows the fact it comes from."""

from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override as in_language

from apps.core.appendix import Appendix
from apps.notices.letter.facts import Clause, Explanation, Fact, NoticeFacts, shown
from apps.notices.letter.placeholders import COPIED, LISTS, OR_ELSE, PLACEHOLDERS, REQUIRED, SECTIONS, required
from apps.notices.letter.reader import LetterText, Paragraph, Place, Slot, TextError, parse

TEXTS = Path(__file__).parent.parent / "texts"


@cache
def built_in(kind: str, language: str = "en") -> str:
    """The built-in text of a kind of notice."""
    return (TEXTS / f"{kind}.{language}.txt").read_text(encoding="utf-8")


@lru_cache(64)
def read(source: str, kind: str) -> LetterText:
    """Parse a text and hold it to what its kind must say. Raises TextError."""
    parsed = parse(source, {name: item.kind in LISTS for name, item in PLACEHOLDERS.items()}, SECTIONS)
    named = {slot.name for slot in parsed.slots()}
    if missing := [f"{{{name}}} ({rule})" for name, rule in REQUIRED[kind].items() if name not in named]:
        raise TextError(f"the text of a {kind} must also name {'; '.join(missing)}", Place(1, 1))
    return parsed


@dataclass(frozen=True)
class Run:
    """A stretch of text. `source` is the placeholder it came from, None for the template's own words."""

    text: str
    source: str | None = None
    strong: bool = False

    @property
    def is_copied(self) -> bool:
        """Whether a reader copies it letter by letter."""
        return self.source in COPIED and " " not in self.text


@dataclass(frozen=True)
class Block:
    """A paragraph, or a list that fills one. `number` counts the statements of a letter from 1."""

    number: int
    kind: str  # "paragraph", or the kind of its placeholder
    runs: tuple[Run, ...] = ()
    items: tuple = ()
    source: str | None = None

    @property
    def sources(self) -> list[str]:
        """The facts this block states, in order."""
        if self.source:
            return [self.source]
        return list(dict.fromkeys(run.source for run in self.runs if run.source))

    @property
    def leads(self) -> bool:
        """Whether it introduces what comes next, and so stays on its page."""
        return bool(self.runs) and self.runs[-1].text.endswith(":")

    @property
    def plain(self) -> str:
        if self.kind == "paragraph":
            return "".join(run.text for run in self.runs)
        return "\n".join(_plain_item(item) for item in self.items)


@dataclass(frozen=True)
class ComposedSection:
    key: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ComposedNotice:
    kind: str
    subject: Block
    sections: tuple[ComposedSection, ...]
    facts: NoticeFacts = field(repr=False)

    def blocks(self) -> list[Block]:
        return [self.subject, *(block for section in self.sections for block in section.blocks)]

    @property
    def plain(self) -> str:
        """The whole letter as text, paragraphs apart by a blank line: for search and for e-mail."""
        return self._text(self.blocks())

    @property
    def said(self) -> set[str]:
        """The placeholders whose values it states."""
        return {source for block in self.blocks() for source in block.sources}

    def unsaid(self) -> dict[str, str]:
        """What it must say to its recipient and does not: placeholder and rule."""
        asked = required(self.kind, self.facts.profile)
        return {name: rule for name, rule in asked.items() if not {name, OR_ELSE.get(name)} & self.said}

    @property
    def own_words(self) -> str:
        """What the provider itself says, for the wording linter: all but the clauses, which are quoted as they are."""
        return self._text([block for block in self.blocks() if block.kind != "clauses"])

    def _text(self, blocks: list[Block]) -> str:
        headings = {section.blocks[0].number: section.heading for section in self.sections if section.heading}
        return "\n\n".join(f"{headings[b.number]}\n\n{b.plain}" if b.number in headings else b.plain for b in blocks)


def compose(source: str, facts: NoticeFacts, kind: str) -> ComposedNotice:
    """Fill the text of a notice. Raises TextError when the text is wrong or names a fact that is not there."""
    parsed = read(source, kind)
    composer = _Composer(facts)
    with in_language(facts.language):
        return ComposedNotice(
            kind=kind,
            subject=composer.block(parsed.subject),
            sections=tuple(
                ComposedSection(section.key, section.heading, blocks)
                for section in parsed.sections
                if (blocks := tuple(composer.block(p) for p in section.paragraphs if composer.holds(p)))
            ),
            facts=facts,
        )


class _Composer:
    def __init__(self, facts: NoticeFacts):
        self.facts = facts
        self.number = -1  # the subject is 0

    def holds(self, paragraph: Paragraph) -> bool:
        return all(bool(getattr(self.facts, item.name)) == item.wanted for item in paragraph.conditions)

    def block(self, paragraph: Paragraph) -> Block:
        self.number += 1
        first = paragraph.pieces[0]
        if isinstance(first, Slot) and (kind := PLACEHOLDERS[first.name].kind) in LISTS:
            return Block(self.number, kind, items=self.value(first), source=first.name)
        return Block(self.number, "paragraph", runs=tuple(self.run(piece) for piece in paragraph.pieces))

    def run(self, piece: str | Slot) -> Run:
        if isinstance(piece, str):
            return Run(piece)
        kind = PLACEHOLDERS[piece.name].kind
        text = shown(self.value(piece))
        if kind == "likelihood":
            text = _(text)
        return Run(text, piece.name, strong=kind == "likelihood" or piece.name == "appeal_code")

    def value(self, slot: Slot):
        value = getattr(self.facts, slot.name)
        if value is None or value in ((), ""):
            raise TextError(
                f"the text names {{{slot.name}}} ({PLACEHOLDERS[slot.name].meaning}), but this notice has none; "
                f"give it a value, or put the paragraph between [when {slot.name}] and [end]",
                slot.place,
            )
        return value


def _plain_item(item) -> str:
    match item:
        case Fact():
            return item.text
        case Clause():
            return f"{item.quotation} ({item.document} {item.address}, {item.version_date}, SHA-256 {item.sha256})"
        case Explanation():
            return f"{item.text} {item.outcome}"
    return item


@dataclass(frozen=True)
class Letterhead:
    """Who writes. `logo` names an asset of the PDF (`logo.svg`), its text the provider's name."""

    name: str
    lines: tuple[str, ...]
    return_line: str
    logo: str = ""


def to_html(
    composed: ComposedNotice,
    letterhead: Letterhead,
    *,
    draft: bool = False,
    qr_code: str = "",
    appendix: Appendix | None = None,
) -> str:
    """The letter as HTML, marked on every page when it is a draft. `qr_code` names the asset of the PDF that leads to
    where it is verified; the `appendix` stands behind all else. Every value is escaped here, after it was put in."""
    with in_language(composed.facts.language):
        return render_to_string(
            [f"pdf/notice_{composed.kind}.html", "pdf/notice.html"],
            {
                "notice": composed,
                "facts": composed.facts,
                "letterhead": letterhead,
                "draft": draft,
                "qr_code": qr_code,
                "appendix": appendix.to_html() if appendix else "",
            },
        )
