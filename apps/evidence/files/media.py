"""What a file is, told by its first bytes. Names and declared types are what somebody said, not what it is."""

import json
import re
import unicodedata
from pathlib import PurePosixPath

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-executable"),
    (b"\xfe\xed\xfa\xce", "application/x-executable"),
    (b"\xfe\xed\xfa\xcf", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"PK\x05\x06", "application/zip"),  # one without files
)
# What people call a type, in sentences about it.
WORDS = {
    "application/pdf": "a PDF document",
    "image/png": "a PNG picture",
    "image/jpeg": "a JPEG picture",
    "image/gif": "a GIF picture",
    "application/zip": "a ZIP archive",
    "application/gzip": "gzip data",
    "application/zstd": "zstd data",
    "application/x-tar": "a tar archive",
    "application/x-7z-compressed": "a 7-Zip archive",
    "application/vnd.rar": "a RAR archive",
    "application/vnd.sqlite3": "an SQLite database",
    "application/x-executable": "a program",
    "text/plain": "plain text",
}
HEAD = 4096  # bytes by which a type is told

# What a file of this ending has to be. An ending that is not here says nothing.
ENDINGS: dict[str, frozenset[str]] = {
    ".pdf": frozenset({"application/pdf"}),
    ".png": frozenset({"image/png"}),
    ".jpg": frozenset({"image/jpeg"}),
    ".jpeg": frozenset({"image/jpeg"}),
    ".gif": frozenset({"image/gif"}),
    ".zip": frozenset({"application/zip"}),
    ".gz": frozenset({"application/gzip"}),
    ".tgz": frozenset({"application/gzip"}),
    ".zst": frozenset({"application/zstd"}),
    ".bz2": frozenset({"application/x-bzip2"}),
    ".xz": frozenset({"application/x-xz"}),
    ".tar": frozenset({"application/x-tar"}),
    ".7z": frozenset({"application/x-7z-compressed"}),
    ".rar": frozenset({"application/vnd.rar"}),
    ".docx": frozenset({"application/zip"}),
    ".xlsx": frozenset({"application/zip"}),
    ".pptx": frozenset({"application/zip"}),
    ".parquet": frozenset({"application/vnd.apache.parquet"}),
    ".json": frozenset({"application/json", "application/x-ndjson"}),
    ".ndjson": frozenset({"application/json", "application/x-ndjson"}),
    ".jsonl": frozenset({"application/json", "application/x-ndjson"}),
    ".csv": frozenset({"text/plain"}),
    ".txt": frozenset({"text/plain"}),
    ".md": frozenset({"text/plain"}),
    ".html": frozenset({"text/html"}),
}


class Disagrees(ValueError):
    """The ending of the name and the content are of different types."""


def sniff(head: bytes) -> str:
    """Media type of content that begins so; `application/octet-stream` when nothing tells."""
    for signature, media_type in SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[257:262] == b"ustar":
        return "application/x-tar"
    return _sniff_text(head)


def _sniff_text(head: bytes) -> str:
    text = _decoded(head.removeprefix(b"\xef\xbb\xbf"))
    if text is None:
        return "application/octet-stream"
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype html", "<html", "<svg", "<?xml", "<script")):
        return "text/html" if "html" in start[:20] else "application/xml"
    if start[:1] in ("{", "["):
        return "application/x-ndjson" if _first_line_is_json(text) and "\n" in text.strip() else "application/json"
    return "text/plain"


def _decoded(head: bytes) -> str | None:
    """The head as text; a character cut in two at its end is no fault. None for anything that is not text."""
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode()
        except UnicodeDecodeError:
            continue
        return None if any(unicodedata.category(c) == "Cc" and c not in "\t\r\n\f" for c in text) else text
    return None


def _first_line_is_json(text: str) -> bool:
    try:
        json.loads(text.lstrip().splitlines()[0])
    except ValueError:
        return False
    return True


def check_name(filename: str, media_type: str) -> None:
    """Raise Disagrees when the ending promises another type than the content has."""
    ending = PurePosixPath(filename.lower()).suffix
    if ending in ENDINGS and media_type not in ENDINGS[ending]:
        content = WORDS.get(media_type, media_type)
        raise Disagrees(f"The name ends in {ending}, but the content is {content}. Check where it comes from.")


def clean_name(filename: str) -> str:
    """A name fit to be shown and sent: the last part of any path, no control characters, at most 200 characters."""
    name = re.split(r"[/\\]", filename)[-1]
    name = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c)[0] != "C").strip(" .")
    stem, dot, ending = name.rpartition(".")
    if len(name) > 200:
        name = f"{stem[: 199 - len(ending)]}{dot}{ending}" if dot and len(ending) < 20 else name[:200]
    return name or "unnamed"
