"""Catalogues of translated sentences: `.po` as people edit them to `.mo` as gettext reads them, without a program of
the system's.

    python -m casemgr.catalogues     compiles every catalogue under casemgr/locale

Both are in the repository, and a test holds them to each other.
"""

import ast
import re
import struct
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
_FIELD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")')


def read(text: str) -> dict[str, str]:
    """Each sentence and its translation; plural forms are joined by NUL, as gettext keeps them. Raises ValueError."""
    found: dict[str, str] = {}
    for block in text.split("\n\n"):
        entry = _entry(block)
        if "msgid" not in entry:
            continue
        said = [value for name, value in entry.items() if name.startswith("msgstr")]
        key = "\0".join(entry[name] for name in ("msgid", "msgid_plural") if name in entry)
        if key in found:
            raise ValueError(f"{key!r} is there twice")
        found[key] = "\0".join(said)
    return found


def _entry(block: str) -> dict[str, str]:
    entry: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if match := _FIELD.fullmatch(line):
            name = match[1]
            entry[name] = ast.literal_eval(match[2])
        elif line.startswith('"'):
            entry[name] += ast.literal_eval(line)
        elif line and not line.startswith("#"):
            raise ValueError(f"this is no line of a catalogue: {line}")
    return entry


def compiled(messages: dict[str, str]) -> bytes:
    """The file that gettext reads: a header, two tables of lengths and places, the sentences in order."""
    pairs = sorted((key.encode(), value.encode()) for key, value in messages.items() if value)
    header, tables = 28, 28 + 16 * len(pairs)
    ids = b"".join(key + b"\0" for key, _ in pairs)
    places, texts, at = [], b"", tables + len(ids)
    for _, value in pairs:
        places.append((len(value), at + len(texts)))
        texts += value + b"\0"
    own, start = [], tables
    for key, _ in pairs:
        own.append((len(key), start))
        start += len(key) + 1
    numbers = [number for pair in (*own, *places) for number in pair]
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), header, header + 8 * len(pairs), 0, header)
    return head + struct.pack(f"<{len(numbers)}I", *numbers) + ids + texts


def main() -> None:
    for source in LOCALE.rglob("*.po"):
        source.with_suffix(".mo").write_bytes(compiled(read(source.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
