"""The formats that detectors speak, each decoded into the native alert by a pure function: bytes in, items out."""
