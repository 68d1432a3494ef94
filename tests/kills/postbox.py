"""A mail server that puts on disk what it took before it says so: `python -m tests.kills.postbox PORT FILE`."""

import os
import sys
import time
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller


class Postbox:
    """Each line of the file is the Message-ID of one letter, and whom it is for."""

    def __init__(self, file: Path) -> None:
        self.file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        headers = BytesHeaderParser().parsebytes(envelope.content)
        os.write(self.file, f"{headers['Message-ID']} {headers['To']}\n".encode())
        return "250 2.0.0 Taken"


def taken(file: Path) -> list[str]:
    """The Message-IDs of what was taken, in order."""
    return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


if __name__ == "__main__":
    box, port = Postbox(Path(sys.argv[2])), int(sys.argv[1])
    Controller(box, hostname="127.0.0.1", port=port, server_hostname="mail.example.org").start()
    while True:
        time.sleep(60)
