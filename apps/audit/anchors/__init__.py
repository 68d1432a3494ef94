"""Anchors: what parties outside say about the log, so that whoever holds the database cannot write another history.

Witnesses cosign checkpoints, authorities stamp the time on them, write-once stores keep copies. Which parties there
are is a matter of settings; `parties` builds them. `rounds` asks each of them, one pass after the other, in a process
of its own; `state` says how far an event or a case has come; `waiting` makes a letter wait for that.
"""
