"""Rings found anew, from the tables to a file.

`searching` asks `news` whom to look at, `reading` for what they hold, `surroundings` for what stands around them, and
the engine in `linkage` for rings; `results` packs what it found, and says how that differs from what is on record.
"""
