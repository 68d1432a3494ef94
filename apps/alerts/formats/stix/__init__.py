"""STIX 2.1: a bundle, a TAXII envelope, or one object of its own, into native alerts."""

from apps.alerts.formats.stix.bundle import items

__all__ = ["items"]
