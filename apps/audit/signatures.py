"""The door to what signs documents: it takes a sixth of a process's start, and only a worker needs it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Issued:
    """A document as it goes out, and the hash of its rendering, which is the same whenever it is made again."""

    pdf: bytes
    unsigned_sha256: str
    level: str
    certificate: str

    @property
    def record(self) -> dict[str, str]:
        """What a record of the document keeps of it."""
        return {
            "unsigned_sha256": self.unsigned_sha256,
            "signature_level": self.level,
            "signed_with": self.certificate,
        }


def issue(pdf: bytes, *, for_archive: bool = False) -> Issued:
    """Sign a rendering once: whoever was killed before the record was written finds the signed document again, as far
    as it was.

    Raises jobs.Later with what it waits for; ValueError for what cannot be signed.
    """
    from apps.audit import signing

    return signing.issue(pdf, for_archive=for_archive)
