"""The register of models, watermarks and canaries: what is held in it, and what is checked before it is."""
