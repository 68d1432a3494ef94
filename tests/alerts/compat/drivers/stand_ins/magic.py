"""In place of libmagic, which TheHive's older client asks for the media type of a file."""


class Magic:
    def __init__(self, mime: bool = False) -> None: ...

    def from_buffer(self, content: bytes) -> str:
        return "application/octet-stream"
