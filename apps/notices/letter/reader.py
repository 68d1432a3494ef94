"""The text of a notice as lawyers write it, and the strict reader of it.

    # Your account is suspended {until_phrase}.

    == decision: What we decided
    We have suspended your access to {scope}.

    [when ends_on]
    The suspension ends by itself on {ends_on}.
    [end]

One `#` line is the subject; `== key: heading` starts a section (the heading may be empty); a blank line ends a
paragraph; `{name}` stands for a value; what stands between `[when name]` or `[unless name]` and `[end]` is printed only
if the value is there or not there. There is nothing else: no loops, no expressions, no markup. Everything wrong is
reported with its place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    line: int  # from 1
    column: int  # from 1

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


class TextError(ValueError):
    """The text cannot be used. `place` says where, the message what to do."""

    def __init__(self, message: str, place: Place):
        super().__init__(f"{place}: {message}")
        self.place = place


@dataclass(frozen=True)
class Slot:
    """Where a value goes."""

    name: str
    place: Place


@dataclass(frozen=True)
class Condition:
    name: str
    wanted: bool
    place: Place


@dataclass(frozen=True)
class Paragraph:
    pieces: tuple[str | Slot, ...]
    conditions: tuple[Condition, ...] = ()
    line: int = 1

    @property
    def slots(self) -> list[Slot]:
        return [piece for piece in self.pieces if isinstance(piece, Slot)]


@dataclass(frozen=True)
class Section:
    key: str
    heading: str
    paragraphs: tuple[Paragraph, ...]
    place: Place


@dataclass(frozen=True)
class LetterText:
    subject: Paragraph
    sections: tuple[Section, ...]

    def slots(self) -> list[Slot]:
        return [slot for paragraph in self.paragraphs() for slot in paragraph.slots]

    def paragraphs(self) -> list[Paragraph]:
        return [self.subject, *(paragraph for section in self.sections for paragraph in section.paragraphs)]


_SECTION = re.compile(r"==\s*([a-z_]+)\s*:\s*(.*)")
_SWITCH = re.compile(r"\[(when|unless)\s+([a-z_]+)\]")
_BRACE = re.compile(r"[{}]")
_SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def parse(source: str, placeholders: Mapping[str, bool], sections: Mapping[str, str]) -> LetterText:
    """Read a text. `placeholders` maps each known name to whether it fills a paragraph of its own; `sections` are the
    known keys. Raises TextError at the first thing that is wrong."""
    return _Reader(placeholders, sections).read(source)


class _Reader:
    def __init__(self, placeholders: Mapping[str, bool], sections: Mapping[str, str]):
        self.placeholders = placeholders
        self.known_sections = sections
        self.subject: Paragraph | None = None
        self.sections: list[Section] = []
        self.paragraphs: list[Paragraph] = []
        self.pending: list[tuple[int, str]] = []
        self.conditions: list[Condition] = []

    def read(self, source: str) -> LetterText:
        lines = source.splitlines()
        for number, line in enumerate(lines, 1):
            self._line(number, line.rstrip())
        self._end_paragraph()
        if self.conditions:
            raise TextError("this [when] or [unless] is never closed; add [end]", self.conditions[-1].place)
        self._end_section()
        end = Place(max(len(lines), 1), 1)
        if self.subject is None:
            raise TextError("the text has no subject; begin with a line `# subject`", end)
        if not self.sections:
            raise TextError("the text has no section; add a line `== key: heading`", end)
        return LetterText(self.subject, tuple(self.sections))

    def _line(self, number: int, line: str) -> None:
        place = Place(number, 1)
        if not line.strip():
            self._end_paragraph()
        elif line.startswith("# "):
            self._subject(line, place)
        elif line.startswith("=="):
            self._section(line, place)
        elif line.startswith("["):
            self._end_paragraph()
            self._switch(line, place)
        else:
            if not self.sections:
                raise TextError("text before the first section; add a line `== key: heading` above it", place)
            self.pending.append((number, line))

    def _subject(self, line: str, place: Place) -> None:
        if self.subject or self.sections:
            raise TextError("there is one subject, on the first line", place)
        self.subject = Paragraph(self._pieces([(place.line, "  " + line[2:])]))

    def _section(self, line: str, place: Place) -> None:
        match = _SECTION.fullmatch(line)
        if not match:
            raise TextError("a section reads `== key: heading`", place)
        if match[1] not in self.known_sections:
            raise TextError(f"there is no section {match[1]!r}; known: {', '.join(self.known_sections)}", place)
        if any(section.key == match[1] for section in self.sections):
            raise TextError(f"the section {match[1]!r} is there twice", place)
        if brace := _BRACE.search(line):
            raise TextError("a heading holds no placeholder", Place(place.line, brace.start() + 1))
        self._end_paragraph()
        if self.conditions:
            raise TextError("close [when] or [unless] with [end] before the next section", place)
        self._end_section()
        self.sections.append(Section(match[1], match[2].strip(), (), place))

    def _switch(self, line: str, place: Place) -> None:
        if line == "[end]":
            if not self.conditions:
                raise TextError("[end] without [when] or [unless]", place)
            self.conditions.pop()
        elif match := _SWITCH.fullmatch(line):
            self._known(match[2], Place(place.line, match.start(2) + 1))
            self.conditions.append(Condition(match[2], match[1] == "when", place))
        else:
            raise TextError("a line in brackets is [when name], [unless name] or [end]", place)

    def _end_paragraph(self) -> None:
        if not self.pending:
            return
        pieces, line = self._pieces(self.pending), self.pending[0][0]
        self.pending = []
        for piece in pieces:
            if isinstance(piece, Slot) and self.placeholders[piece.name] and len(pieces) > 1:
                raise TextError(f"{{{piece.name}}} is a list and stands in a paragraph of its own", piece.place)
        self.paragraphs.append(Paragraph(pieces, tuple(self.conditions), line))

    def _end_section(self) -> None:
        if not self.sections:
            return
        section = self.sections[-1]
        if not self.paragraphs:
            raise TextError(f"the section {section.key!r} is empty", section.place)
        self.sections[-1] = Section(section.key, section.heading, tuple(self.paragraphs), section.place)
        self.paragraphs = []

    def _pieces(self, lines: list[tuple[int, str]]) -> tuple[str | Slot, ...]:
        """Literal text and slots; lines of one paragraph are joined by a space."""
        pieces: list[str | Slot] = []
        for index, (number, line) in enumerate(lines):
            pieces.append(" " if index else "")
            position = 0
            for match in _SLOT.finditer(line):
                pieces.append(self._literal(line[position : match.start()], number, position))
                self._known(match[1], Place(number, match.start() + 2))
                pieces.append(Slot(match[1], Place(number, match.start() + 1)))
                position = match.end()
            pieces.append(self._literal(line[position:], number, position))
        return _joined(pieces)

    def _literal(self, text: str, line: int, offset: int) -> str:
        if brace := _BRACE.search(text):
            raise TextError(
                "a brace that belongs to no placeholder; write {name} with a known name in small letters",
                Place(line, offset + brace.start() + 1),
            )
        return text

    def _known(self, name: str, place: Place) -> None:
        if name not in self.placeholders:
            near = [known for known in self.placeholders if known[:4] == name[:4]]
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise TextError(f"there is no placeholder {{{name}}}{hint}", place)


def _joined(pieces: list[str | Slot]) -> tuple[str | Slot, ...]:
    """Neighbouring literals become one, white space becomes single spaces, the ends are trimmed."""
    result: list[str | Slot] = []
    for piece in pieces:
        if isinstance(piece, str) and result and isinstance(result[-1], str):
            result[-1] += piece
        else:
            result.append(piece)
    result = [re.sub(r"\s+", " ", piece) if isinstance(piece, str) else piece for piece in result]
    if result and isinstance(result[0], str):
        result[0] = result[0].lstrip()
    if result and isinstance(result[-1], str):
        result[-1] = result[-1].rstrip()
    return tuple(piece for piece in result if piece != "")
