"""Signed notes, checkpoints and cosignatures to the letter of C2SP signed-note, tlog-checkpoint and tlog-cosignature.

A note is text that ends in a newline, an empty line, and one signature line for each key:

    casemgr.example/trail
    1042
    Fa1kk…root in base64…=

    — casemgr.example/trail base64(key id ‖ signature)
    — witness.example base64(key id ‖ time ‖ signature)

Three types of signature are known: Ed25519 over the text (0x01), a witness's Ed25519 cosignature, which adds when
(0x04), and ML-DSA-44 (0x06), which adds when and by whom, and with which logs and witnesses both sign.

Pure: no settings, no database. The witness, which knows nothing of casemgr's rooms, is built on this.
"""

from apps.audit.log.notes.files import (
    load_or_make_cosigners,
    load_or_make_signer,
    load_verifier,
    public_file,
    replace,
)
from apps.audit.log.notes.keys import (
    COSIGNATURE,
    ED25519,
    ML_DSA_44,
    CosignatureVerifier,
    Cosigner,
    Signer,
    Signers,
    Verifier,
    Verifiers,
    duplicates,
)
from apps.audit.log.notes.text import BadNote, Head, b64, signature_line, signatures, split, unb64, with_signatures

__all__ = [
    "COSIGNATURE",
    "ED25519",
    "ML_DSA_44",
    "BadNote",
    "CosignatureVerifier",
    "Cosigner",
    "Head",
    "Signer",
    "Signers",
    "Verifier",
    "Verifiers",
    "b64",
    "duplicates",
    "load_or_make_cosigners",
    "load_or_make_signer",
    "load_verifier",
    "public_file",
    "replace",
    "signature_line",
    "signatures",
    "split",
    "unb64",
    "with_signatures",
]
