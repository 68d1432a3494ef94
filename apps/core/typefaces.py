"""The typefaces of paper: which font files a text needs, and the @font-face rules that name them.

They are those of the screen, and others for the scripts that those lack: the files that the front-end build takes from
npm packages. Each covers a range of characters, and a document carries only those that its own text touches.
"""

import re
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders

SCREEN, PAPER = "vendor/fonts.css", "vendor/paper-fonts.css"

REGULAR = 400  # the weight that is taken of a typeface with many
_RULE = re.compile(r"@font-face\s*{[^}]*}")
_FILE = re.compile(r'url\("fonts/([\w.-]+)"\)')
_RANGE = re.compile(r"unicode-range:\s*([^;}]+)")
_PROPERTY = {name: re.compile(rf"font-{name}:\s*'?([^;']+)") for name in ("family", "weight", "style")}


class TypefacesMissing(Exception):
    """The front-end build has not run here."""


@dataclass(frozen=True)
class Face:
    sheet: str
    rule: str
    file: str
    asset: str
    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, character: int) -> bool:
        return any(low <= character <= high for low, high in self.ranges)


def for_text(*texts: str) -> tuple[str, dict[str, bytes]]:
    """(CSS, assets) with the faces of the screen that have a glyph for some character of the texts, and others for the
    characters that those lack. Raises TypefacesMissing."""
    characters = {ord(character) for text in texts for character in set(text)} | {ord(" ")}
    lacking = {character for character in characters if not _on_screen(character)}
    taken = {face for character in characters - lacking for face in _on_screen(character)} | _others(lacking)
    faces = [face for face in _faces() if face in taken]
    return "\n".join(face.rule for face in faces), {face.asset: _unpacked(face.file) for face in faces}


def not_covered(text: str) -> str:
    """The characters of a text that no typeface has, each once: a document with one of them cannot be set."""
    return "".join(
        character
        for character in sorted(set(text))
        if not character.isspace() and not any(ord(character) in face for face in _faces())
    )


@cache
def _on_screen(character: int) -> tuple[Face, ...]:
    return tuple(face for face in _faces() if face.sheet == SCREEN and character in face)


def _others(characters: set[int]) -> set[Face]:
    """For each character the first that has it, unless a later one has all that the first has of them, and more: the
    letters of a word are of one typeface."""
    left, taken = set(characters), set()
    faces = [face for face in _faces() if left and face.sheet == PAPER]
    for place, face in enumerate(faces):
        found = {character for character in left if character in face}
        later = ({character for character in left if character in other} for other in faces[place + 1 :])
        if found and not any(found < more for more in later):
            taken.add(face)
            left -= found
    return taken


@cache
def _faces() -> tuple[Face, ...]:
    sheets = {sheet: _path(sheet).read_text(encoding="utf-8") for sheet in (SCREEN, PAPER)}
    return tuple(_face(rule, sheet) for sheet, text in sheets.items() for rule in _RULE.findall(text))


def _face(rule: str, sheet: str) -> Face:
    file = _first(_FILE, rule)
    asset = Path(file).with_suffix(".ttf").name
    family, weight, style = (_first(_PROPERTY[name], rule) for name in ("family", "weight", "style"))
    weight = weight if weight.isdigit() else str(REGULAR)
    # Each file goes by a name of its own besides the one in the font, which style sheets ask for: WeasyPrint tells
    # fonts apart by name, weight and style, and would take the Latin and the Greek file for one and mix their glyphs.
    script = file.removeprefix(f"{family.lower().replace(' ', '-')}-").rsplit("-", 2)[0]
    own = family if script == "latin" else f"{family} {script}"
    return Face(
        sheet=sheet,
        rule=(
            f'@font-face {{ font-family: "{own}"; font-weight: {weight}; font-style: {style}; '
            f"src: url(asset:{asset}) }}"
        ),
        file=file,
        asset=asset,
        ranges=_ranges(_first(_RANGE, rule)),
    )


def _first(pattern: re.Pattern[str], rule: str) -> str:
    if not (match := pattern.search(rule)):
        raise TypefacesMissing(f"A typeface has a rule that cannot be read: {rule}. Build it again.")
    return match[1]


def _ranges(text: str) -> tuple[tuple[int, int], ...]:
    """`U+0000-00FF,U+0131` as inclusive pairs."""
    pairs = (part.strip().removeprefix("U+").split("-") for part in text.split(","))
    return tuple((int(pair[0], 16), int(pair[-1], 16)) for pair in pairs)


@cache
def _unpacked(file: str) -> bytes:
    """The font as TrueType. Unpacking costs some 50 ms a file, so it happens once a process and not once a document."""
    from fontTools.ttLib import TTFont  # most processes set no document, and need not wait for it
    from fontTools.varLib import instancer

    unpacked = BytesIO()
    with TTFont(_path(f"vendor/fonts/{file}"), recalcTimestamp=False) as font:
        if "fvar" in font:
            instancer.instantiateVariableFont(font, {"wght": REGULAR}, inplace=True)
        font.flavor = None
        font.save(unpacked)
    return unpacked.getvalue()


def _path(name: str) -> Path:
    found = finders.find(name)
    collected = Path(settings.STATIC_ROOT or "") / name
    if not found and not collected.is_file():
        raise TypefacesMissing(f"There is no {name}. Run `npm ci && python casemgr/frontend/build.py` first.")
    return Path(found or collected)
