"""The evidence bundle: a BagIt bag of a case with proofs, and the verifier that an expert of the other side runs."""
