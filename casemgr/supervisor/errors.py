"""What the supervisor tells a person when it cannot go on."""


class ServiceError(Exception):
    """One sentence: what is wrong, where, and what to do. Shown as it is, never with a traceback."""
