"""Query logs: what columns a file has, its rows in one shape, and the figures of a profile.

Pure: files and plain data in, plain data out; no Django. A log passes through in this order:

    shape.look     what the file is and which columns it has, by its content
    columns        what the columns mean: proposed here, confirmed by a person
    reading        the file's rows in blocks, the unreadable ones apart with their reason
    normal         a block in one shape: times in UTC, whole numbers, text as it was
    native         the same at once, by whole columns, where a Parquet log is of plain types
    segments       a Parquet file written in pieces that are put together without packing them again
    staging        blocks as parts on the disk, and the parts as one sorted Parquet file
    engine         DuckDB with nothing but that file
    figures        the catalogue: each figure with its SQL and its counting rule in words
    profile        one figure computed, and two values of it compared
"""
