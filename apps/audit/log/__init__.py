"""The log: the Merkle tree over events, the notes that sign it, and the sequencer that writes it."""
