"""Reads files of account records: NDJSON, CSV or Parquet in, typed rows and refusals out, a slice at a time. Pure.

    accounts     ref*, opened_at (or created_at), product, plan, country, organisation, contract, payer_verified, status
    identifiers  account_ref*, kind* (or type), value*, first_seen, last_seen
    activity     account_ref*, day*, model*, queries*, input_tokens, output_tokens, active_hours, by_hour,
                 distinct_templates, topic_entropy_bits
    acceptances  account_ref*, service*, document*, accepted_at*, collection, version_sha256, version_recorded_at,
                 method

Those with a star must be there, others are passed over. Times are RFC 3339 with a time zone, days ISO 8601, counts
integers, entropy in bits. `by_hour` are the requests in each hour of the day, UTC: a list of 24, in CSV 24 numbers
apart by spaces, which add up to `queries`. An empty or missing value says nothing, and leaves what is known.

What a file is, is seen by its first bytes; it may be compressed with gzip or zstd. Rows are checked by the thousand
against their type (types); only those that fail are looked at one by one, for the sentence that says why. Each format
gives the same rows.
"""

from apps.accounts.importing.files import NotReadable
from apps.accounts.importing.reading import Position, Reader
from apps.accounts.importing.types import TYPES, Refused, Slice

__all__ = ["TYPES", "NotReadable", "Position", "Reader", "Refused", "Slice"]
