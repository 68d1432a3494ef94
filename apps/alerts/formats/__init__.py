"""The formats that detectors speak, each decoded into the native alert by a pure function: bytes in, items out."""

from types import ModuleType

from apps.alerts.formats import document, iris, lines, ocsf, stix, table, thehive

FORMATS: dict[str, ModuleType] = {
    "document": document,
    "lines": lines,
    "ocsf": ocsf,
    "stix": stix,
    "table": table,
    "thehive": thehive,
    "iris": iris,
}
