"""What the house measures itself by, as versioned data that a lawyer can read: explanations that are always considered,
what has to be shown for which ground, how sure is sure enough, which kinds of evidence are independent of each other.

Pure: no database, no Django.
"""
