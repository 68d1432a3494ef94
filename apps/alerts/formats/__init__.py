"""The formats that detectors speak, each decoded into the native alert by a pure function: bytes in, items out."""

from apps.alerts.formats import document, lines

FORMATS = {"document": document, "lines": lines}
