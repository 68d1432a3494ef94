"""Fingerprint tests: pure computation on counts that detectors submit; no model is needed to check a result."""

from .catalogue import TESTS, code_sha256, discrepancies, recompute
from .schema import FingerprintTest, InvalidInputs, Result, UnknownTest, Validation

__all__ = [
    "TESTS",
    "FingerprintTest",
    "InvalidInputs",
    "Result",
    "UnknownTest",
    "Validation",
    "code_sha256",
    "discrepancies",
    "recompute",
]
