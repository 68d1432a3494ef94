"""What a format makes of the bytes it is given."""

from msgspec import Struct

from apps.alerts.wire import Refusal


class Item(Struct):
    """One item of a request in order: the native alert as JSON bytes, not yet validated, or why there is none.

    `raw` is the item as it came, cut at the limit when it was over-long. Exactly one of the other two is set.
    """

    raw: bytes
    native: bytes | None = None
    refusal: Refusal | None = None
