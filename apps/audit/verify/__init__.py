"""Verification of the trail: is the log intact, is anything missing, do the tables say what the log says, and what is
known from outside of when things happened.

`verify()` reads one snapshot of the database, writes nothing, and names everything that is wrong in a sentence. The
answers are separate verdicts. It works in portions and says after each how far it is, so that one that is interrupted
goes on there; a large trail is read by two processes side by side.
"""

from apps.audit.verify.portions import Base, State, verify
from apps.audit.verify.report import Finding, Report, Verdict

__all__ = ["Base", "Finding", "Report", "State", "Verdict", "verify"]
