"""Splits the Markdown of a terms document into clauses that can be cited.

Real terms come without ids: headings are Setext or ATX, numbers are escaped (``3\\.``), sit in headings, list items or
plain paragraphs, and the clause that matters is often the seventh bullet under a bold run-in heading. `split_clauses`
gives each block of text one address that a letter can cite and that stays the same while other parts of the document
change: the document's own number where it has one ("3.3", "D.4", "I.2.a"), else words of the heading or of the text
("using-our-services/what-you-cannot-do/use-output-to-develop-models-that").

Every line of the document belongs to exactly one clause, so joining `Clause.source` gives the document back.

An item of a list says little without the words that introduce the list ("The Customer does not:"). They stay in their
own clause, and each item names them as its `lead_in`, so that a quotation can put them before the item's exact text.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from apps.policies.wording import normalise

# Indented code is off: archived terms indent continuation paragraphs by four spaces, and contain no program text.
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table").disable("code")

_ROMAN = r"(?:x{0,3}(?:ix|iv|v?i{1,3}|v)|x{1,3})"
_NUMBER = re.compile(
    rf"(?P<word>(?:section|article|clause|§)\s*)?\(?"
    rf"(?P<number>(?:\d{{1,3}}|[A-Z]|[a-z]|{_ROMAN})(?:\.(?:\d{{1,3}}|[a-z]|{_ROMAN}))*)"
    r"(?P<end>[.):]*)(?:\s+|$)",
)
_NUMBER_OF_LABEL = re.compile(r"^(?:\d[\w.]*|[A-Za-z](?:\.\w+)*|[ivx]+(?:\.\w+)*)\s+(?=\S)")
_FIRST_SENTENCE = re.compile(r"(?P<heading>[^.:;]{2,80})[.:]\s+\S")
_HEADING_WORDS = 14
_LONGEST_ADDRESS, _LONGEST_HEADING, _LONGEST_NUMBER = 200, 300, 40
_SLUG_WORDS, _SLUG_LETTERS = 6, 600


@dataclass(frozen=True, slots=True)
class Clause:
    """One citable block. `text` reads as written, without Markdown marks and link targets; `source` is its Markdown."""

    address: str
    number: str  # as cited ("3.3", "6.f.1"), "" where it has none
    heading: str  # without number, "" where it has none
    path: tuple[str, ...]  # labels of the headings and items above it, outermost first
    text: str
    ordinal: int  # position in the document, from 1
    sha256: str  # of `text` in UTF-8, hexadecimal
    source: str
    lead_in: str = ""  # what introduces the list it is an item of, for a quotation: see `_lead_in`

    @property
    def label(self) -> str:
        """What a list or a citation shows: "3.3 Restrictions", or the first words of an unnamed clause."""
        return label_of(self.number, self.heading, self.text)

    @property
    def said_sha256(self) -> str:
        """Of what the clause says where it stands: its wording with its lead-in and the headings above, whose numbers
        do not matter. Equal for clauses that forbid or allow exactly the same."""
        headings = (_NUMBER_OF_LABEL.sub("", label) for label in self.path)
        return hashlib.sha256(normalise("\n".join((*headings, self.lead_in, self.text))).encode()).hexdigest()


def split_clauses(markdown: str) -> list[Clause]:
    """The clauses of one version in reading order; addresses are unique within it. Blank text has none."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    tree = SyntaxTreeNode(_MARKDOWN.parse(text))
    walk = _Walk(title=_title(tree))
    walk.blocks(tree.children, _Scope())
    return list(_cut(text, walk.drafts))


@dataclass(frozen=True, slots=True)
class _Scope:
    """What stands above a clause: where its address starts and what its path says."""

    address: str = ""
    number: str = ""  # the number that `address` ends with, if it ends with one
    path: tuple[str, ...] = ()
    parent: "_Scope | None" = None


@dataclass(slots=True)
class _Draft:
    address: str
    number: str
    heading: str
    path: tuple[str, ...]
    parts: list[str]
    line: int
    lead_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    """A paragraph's or heading's text, taken apart."""

    number: str
    heading: str
    text: str
    bold: bool  # nothing but bold text


@dataclass(slots=True)
class _Lead:
    """What leads in the blocks that come next: words that end with a colon lead in the list that follows them.

    Many documents write such a list as numbered paragraphs; these go on from `run` until one does not.
    """

    outer: tuple[str, ...]  # of the item that the blocks are in
    before: str = ""  # the words just above
    run: _Words | None = None

    def of_list(self) -> tuple[str, ...]:
        above = self.outer
        if self.run and self.run.text == self.before:
            self.run = None  # what it led in is this list
        elif self.run:
            above = (*above, self.run.text)
        return (*above, self.before) if self.before and (above or self.before.endswith(":")) else ()

    def of_paragraph(self, words: _Words, section: str) -> tuple[str, ...]:
        """`section` is the number of the section that the paragraph is in."""
        self.before = words.text if words.text.endswith(":") else ""
        if self.run and _goes_on(words, self.run, section):
            return (*self.outer, self.run.text)
        self.run = words if self.before else None
        return ()


@dataclass(slots=True)
class _Walk:
    title: SyntaxTreeNode | None
    drafts: list[_Draft] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def blocks(
        self, nodes: list[SyntaxTreeNode], scope: _Scope, lead_in: tuple[str, ...] = (), before: str = ""
    ) -> None:
        """Reads sibling blocks. Headings open sections; a list hangs below what introduces it.

        `lead_in` is that of the item they are in, `before` the item's own words.
        """
        leading = _Lead(lead_in, before)
        sections: list[tuple[int, _Scope]] = []  # open headings, outermost first, with their level
        here = scope  # the section that a paragraph belongs to
        intro: _Scope | None = None  # the paragraph just above, which a list may belong to
        intro_owns = False  # ... because it is a heading of its own
        lead: _Draft | None = None  # a section that still waits for its first paragraph
        for index, node in enumerate(nodes):
            if node.type == "hr":
                here = sections[-1][1] if sections else scope  # a rule ends what a title-like paragraph opened
                intro, intro_owns, lead, leading = None, False, None, _Lead(lead_in)
                continue
            if node.type == "heading":
                level = int(node.tag[1:])
                sections = [section for section in sections if section[0] < level]
                above = sections[-1][1] if sections else scope
                here, lead = self._section(node, above)
                if node is self.title:
                    here, lead = scope, None
                else:
                    sections.append((level, here))
                intro, intro_owns = None, False
                words = _take_apart(node)
                leading = _Lead(lead_in, words.text if words.text.endswith(":") else "")
            elif node.type in ("bullet_list", "ordered_list"):
                if _is_outline(node):  # a list whose items are titled sections belongs to no paragraph above it
                    here, intro = sections[-1][1] if sections else scope, None
                    leading = _Lead(())
                self._list(node, intro if intro and intro_owns else here, leading.of_list(), fallback=intro)
                lead = None
            elif node.type == "blockquote":
                self.blocks(node.children, here, lead_in)
                lead, leading = None, _Lead(lead_in)
            else:
                words = _take_apart(node)
                if not words.text:
                    continue
                if node.type == "paragraph" and scope.parent is None and _is_title(words, nodes[index + 1 :]):
                    above = sections[-1][1] if sections else scope
                    words = replace(words, heading=words.heading or _trim(words.text[_number(words.text)[1] :]))
                    lead, here = self._add(words, above, node)
                    intro, leading = None, _Lead(lead_in)
                elif lead and not words.number and not words.heading:
                    lead.parts.append(words.text)
                    leading.of_paragraph(words, here.number)
                    lead = None
                else:
                    _, intro = self._add(words, here, node, leading.of_paragraph(words, here.number))
                    intro_owns, lead = bool(words.heading), None

    def _section(self, node: SyntaxTreeNode, above: _Scope) -> tuple[_Scope, _Draft | None]:
        words = _take_apart(node)
        if not words.text:
            return above, None
        if node is self.title:
            self._add(words, _Scope(), node, slug="title")
            return above, None
        draft, scope = self._add(words, above, node)
        return scope, draft

    def _list(self, node: SyntaxTreeNode, scope: _Scope, lead_in: tuple[str, ...], *, fallback: _Scope | None) -> None:
        """Adds the items below `scope`, or below `fallback` where an earlier list has taken their addresses."""
        first = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else 0
        items = []
        for index, item in enumerate(node.children):
            head = item.children[0] if item.children and item.children[0].type == "paragraph" else None
            words = _take_apart(head) if head else _Words("", "", "", False)
            if first and "." not in words.number:
                words = replace(words, number=str(first + index))
            items.append((item, head, words))
        if fallback and any(_address(scope, words.number, _slug(words)) in self.taken for _, _, words in items):
            scope = fallback
        for item, head, words in items:
            self._item(item, head, words, scope, lead_in)

    def _item(
        self,
        item: SyntaxTreeNode,
        head: SyntaxTreeNode | None,
        words: _Words,
        scope: _Scope,
        lead_in: tuple[str, ...],
    ) -> None:
        rest = item.children[1:] if head else item.children
        if not words.text:
            address = _address(scope, words.number, "") if words.number else scope.address
            self.blocks(rest, _Scope(address, words.number or scope.number, scope.path, scope), lead_in)
            return
        draft, inner = self._add(words, scope, head or item, lead_in)
        while rest and words.bold and rest[0].type == "paragraph" and _is_plain(rest[0]):
            draft.parts.append(_take_apart(rest[0]).text)  # an item that opens with its title: the text is below it
            rest, words = rest[1:], replace(words, bold=False)
        self.blocks(rest, inner, lead_in, before=draft.parts[-1])

    def _add(
        self,
        words: _Words,
        scope: _Scope,
        node: SyntaxTreeNode,
        lead_in: tuple[str, ...] = (),
        *,
        slug: str | None = None,
    ) -> tuple[_Draft, _Scope]:
        address = self._unique(_address(scope, words.number, slug or _slug(words)))
        number = address.rpartition("/")[2] if words.number and address.endswith(words.number) else words.number
        number = number if len(number) <= _LONGEST_NUMBER else ""
        line = node.map[0] if node.map else 0
        draft = _Draft(address, number, words.heading, scope.path, [words.text], line, lead_in)
        self.drafts.append(draft)
        label = label_of(number, words.heading, words.text)
        ends_with_it = bool(number) and address.endswith(number)
        return draft, _Scope(address, number if ends_with_it else "", (*scope.path, label), scope)

    def _unique(self, address: str) -> str:
        if len(address) > _LONGEST_ADDRESS:  # deep nesting; the hash keeps it stable and apart from its neighbours
            address = f"{address[:_LONGEST_ADDRESS]}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"
        candidate, count = address, 1
        while candidate in self.taken:
            count += 1
            candidate = f"{address}-{count}"
        self.taken.add(candidate)
        return candidate


def _cut(text: str, drafts: list[_Draft]) -> Iterator[Clause]:
    lines = text.split("\n")
    starts = [0, *(draft.line for draft in drafts[1:]), len(lines)]
    for index, draft in enumerate(drafts):
        words = "\n\n".join(draft.parts)
        source = "\n".join(lines[starts[index] : starts[index + 1]])
        yield Clause(
            address=draft.address,
            number=draft.number,
            heading=draft.heading,
            path=draft.path,
            text=words,
            ordinal=index + 1,
            sha256=hashlib.sha256(words.encode()).hexdigest(),
            source=source + "\n" if index + 1 < len(drafts) else source,
            lead_in=_lead_in(drafts, index),
        )


def _lead_in(drafts: list[_Draft], index: int) -> str:
    """The paragraphs that lead in a clause, as written, a line each and outermost first; "[…]" marks where a quotation
    leaves out what stands between."""
    lines: list[str] = []
    for words in reversed(drafts[index].lead_in):
        at = next(above for above in range(index - 1, -1, -1) if words in drafts[above].parts)
        lines.insert(0, words if at == index - 1 else f"{words} […]")
        index = at
    return "\n".join(lines)


def _title(tree: SyntaxTreeNode) -> SyntaxTreeNode | None:
    """The heading of the whole document: the first and highest, with lower ones below it. Addresses start below it.

    A later heading of the same level (an annex) does not make it less of a title, so that adding one moves no address.
    """
    headings = [node for node in tree.children if node.type == "heading"]
    if not headings or _take_apart(headings[0]).number:
        return None
    first, *others = headings
    if all(node.tag >= first.tag for node in others) and (not others or others[0].tag > first.tag):
        return first
    return None


def _address(scope: _Scope, number: str, slug: str) -> str:
    if not number:
        return f"{scope.address}/{slug}" if scope.address else slug
    above: _Scope | None = scope
    while above:  # "3.3" below section "3", or "I.2.a" below section "I", says it all
        if above.number and number.startswith(above.number + "."):
            return above.address[: len(above.address) - len(above.number)] + number
        above = above.parent
    if not scope.address:
        return number
    return f"{scope.address}.{number}" if scope.number and "." not in number else f"{scope.address}/{number}"


def _slug(words: _Words) -> str:
    text = words.heading or words.text[len(words.number) :] if words.number else words.heading or words.text
    plain = unicodedata.normalize("NFKD", text[:_SLUG_LETTERS].casefold()).replace("’", "").replace("'", "")
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "-".join(re.findall(r"[^\W_]+", plain)[:_SLUG_WORDS])[:80] or "text"


def label_of(number: str, heading: str, text: str) -> str:
    """What a list or a citation shows of a clause: its number and heading, or its first words."""
    name = heading or " ".join(text.split()[:_SLUG_WORDS]).rstrip(".,:;") + ("…" if text.count(" ") >= 6 else "")
    if number and (heading or not text.startswith(number)):
        return f"{number} {name}"
    return name


def _is_title(words: _Words, following: list[SyntaxTreeNode]) -> bool:
    """A short paragraph of its own that names what follows, where the page had a heading the archive did not see."""
    if len(words.text.split()) > _HEADING_WORDS or "\n" in words.text or words.text[-1] in ":;,":
        return False
    if not following or following[0].type not in ("paragraph", "bullet_list", "ordered_list"):
        return False
    named = words.text[len(words.number) :] if words.number else words.text
    if words.bold:
        return not re.search(r"\d{4}", named)  # "Effective: January 1, 2026" is a date line
    if len(named.split()) < 2 or words.heading:
        return False
    return words.text[-1] not in ".!?)]_*" and not re.search(r"[\d|]", named)


def _goes_on(words: _Words, run: _Words, section: str) -> bool:
    """Whether a paragraph is the next item of what another led in: it begins small, or is lettered, or is numbered
    below a section whose unnumbered words lead in what follows."""
    if words.text[_number(words.text)[1] :][:1].islower() or words.number.isalpha():
        return True
    return bool(section) and not run.number and words.number.startswith(f"{section}.")


def _is_outline(node: SyntaxTreeNode) -> bool:
    heads = [item.children[0] for item in node.children if item.children and item.children[0].type == "paragraph"]
    return node.type == "ordered_list" and bool(heads) and _take_apart(heads[0]).bold


def _is_plain(node: SyntaxTreeNode) -> bool:
    words = _take_apart(node)
    return not words.number and not words.heading


def _take_apart(node: SyntaxTreeNode) -> _Words:
    if node.type not in ("paragraph", "heading"):
        return _Words("", "", _block_text(node), False)
    runs = [run for child in node.children for run in _runs(child, bold=False)]
    text = "".join(part for part, _ in runs)
    margin = len(text) - len(text.lstrip())
    text = text.strip()
    number, rest_at = _number(text)
    bold_until = _bold_until(runs, margin + rest_at)
    all_bold = any(bold for _, bold in runs) and not any(
        letter.isalnum() for part, bold in runs if not bold for letter in part
    )
    return _Words(number, _heading(node, number, text[rest_at:], bold_until), text, all_bold)


def _bold_until(runs: list[tuple[str, bool]], start: int) -> int:
    """How many letters after `start` are bold without a break; white space breaks nothing."""
    at = 0
    for part, bold in runs:
        if at + len(part) > start and not bold:
            plain = part[max(0, start - at) :]
            if plain.strip():
                return max(0, at - start) + len(plain) - len(plain.lstrip())
        at += len(part)
    return at - start


def _number(text: str) -> tuple[str, int]:
    """The number that a text starts with and where the rest begins: "3.3. Restrictions" gives ("3.3", 5)."""
    match = _NUMBER.match(text)
    if not match:
        return "", 0
    number, parts = match["number"], match["number"].split(".")
    closed = bool(match["end"] or match["word"])
    if len(parts) > 1:
        if parts[0].isalpha() and not parts[0].isupper():
            return "", 0  # "e.g. ", "i.e. "
    elif not closed or (number.isupper() and match["end"] == ""):
        return "", 0  # "A company", "30 days"
    return number, match.end()


def _heading(node: SyntaxTreeNode, number: str, rest: str, bold: int) -> str:
    if node.type == "heading":
        return _trim(rest)
    name = rest[:bold].strip()
    if name and len(name.split()) <= _HEADING_WORDS:
        return _trim(name)
    if number and (match := _FIRST_SENTENCE.match(rest)) and len(match["heading"].split()) <= 8:
        return _trim(match["heading"])
    if "." in number and len(rest.split()) <= 8 and "\n" not in rest:
        return _trim(rest)
    return ""


def _trim(heading: str) -> str:
    words = " ".join(heading.split()).rstrip(" .:")
    return words if len(words) <= _LONGEST_HEADING else words[: _LONGEST_HEADING - 1] + "…"


def _runs(node: SyntaxTreeNode, *, bold: bool) -> Iterator[tuple[str, bool]]:
    """Visible text in order, with whether it is bold. Link targets are not visible."""
    match node.type:
        case "text" | "code_inline" | "html_inline" | "text_special":
            yield node.content, bold
        case "softbreak":
            yield " ", bold
        case "hardbreak":
            yield "\n", bold
        case "image":
            yield node.content, bold
        case _:
            for child in node.children:
                yield from _runs(child, bold=bold or node.type == "strong")


def _block_text(node: SyntaxTreeNode) -> str:
    if node.type == "table":
        rows = (row for row in node.walk() if row.type == "tr")
        return "\n".join(" | ".join(_take_cell(cell) for cell in row.children) for row in rows)
    return node.content.strip()


def _take_cell(cell: SyntaxTreeNode) -> str:
    return "".join(part for child in cell.children for part, _ in _runs(child, bold=False)).strip()
