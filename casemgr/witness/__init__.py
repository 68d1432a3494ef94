"""A witness: another department runs it, and it says which checkpoints of a log it has seen, each continuing the last.

It stands alone: it reads signed notes and Merkle proofs with casemgr's own formats, and knows nothing of its database,
settings or keys. So nobody who controls casemgr can make it forget what it has seen. C2SP tlog-witness.

    python -m casemgr.witness --state DIR --name witness.example/casemgr --log trail.key.pub --listen 127.0.0.1:8100
"""
