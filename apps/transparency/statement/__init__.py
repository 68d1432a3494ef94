"""A statement of reasons as the DSA Transparency Database takes it: its rules, how one is made of a decision, and what
may not stand in it. Pure functions of plain data.
"""
