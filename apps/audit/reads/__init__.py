"""Reads count: who opened, previewed, took away or looked up what the law protects leaves an event.

`table` says which verbs are reads, `look` makes a verb one, `asking` is how a view does it, `figures` counts them.
"""
