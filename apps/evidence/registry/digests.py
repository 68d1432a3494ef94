"""Digests as people paste them: `algorithm:hex`, or the lines that `sha256sum` prints."""

import re

ALGORITHMS = {"sha256": 64, "sha384": 96, "sha512": 128, "blake2b": 128, "blake3": 64}
BY_LENGTH = {64: "sha256", 96: "sha384", 128: "sha512"}  # what a bare digest is taken for
LINE = re.compile(r"^(?P<digest>\S+)[ \t]+\*?(?P<file>\S.*)$")  # GNU coreutils: the asterisk means binary mode
FILES = 10_000


def parse(text: str) -> str:
    """`sha256:ab12…` of what somebody wrote. Raises ValueError in words."""
    written = text.strip().lower()
    algorithm, colon, digits = written.rpartition(":")
    if not colon:
        algorithm = BY_LENGTH.get(len(digits), "")
    if ALGORITHMS.get(algorithm) != len(digits) or not re.fullmatch(r"[0-9a-f]+", digits):
        raise ValueError(
            f"“{text.strip()[:40]}” is no digest. Write its algorithm, a colon and its hexadecimal digits, for example "
            f"sha256:9f86d0…; known are {', '.join(ALGORITHMS)}."
        )
    return f"{algorithm}:{digits}"


def parse_files(text: str) -> list[dict[str, str]]:
    """One file a line, as `sha256sum` prints them, in order of their names. Raises ValueError naming the line."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = LINE.match(line.strip())
        if not parts:
            raise ValueError(f"Line {number}: write the digest, two spaces and the name of the file.")
        name = parts["file"].strip().removeprefix("./")
        if name in found:
            raise ValueError(f"Line {number}: {name} is there twice.")
        try:
            found[name] = parse(parts["digest"])
        except ValueError as error:
            raise ValueError(f"Line {number}: {error}") from error
        if len(found) > FILES:
            raise ValueError(f"There are more than {FILES} files: record the digest of a list of them instead.")
    return [{"file": name, "digest": found[name]} for name in sorted(found)]
