"""CSV, as people make it: a header row, and one alert a row. `columns` says which columns there are."""

from apps.alerts.formats.table.rows import Preview, Verdict, items, preview

__all__ = ["Preview", "Verdict", "items", "preview"]
