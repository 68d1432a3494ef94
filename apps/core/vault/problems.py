class TooLarge(Exception):
    """More bytes than allowed arrived; nothing was kept."""


class Missing(Exception):
    """The vault does not hold a file that the records name."""


class Locked(Exception):
    """The store must keep the file: its lock or legal hold has not ended."""
