"""python -m casemgr.witness --state DIR --name NAME --log VKEY|FILE [--log ...] [--listen HOST:PORT]"""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from apps.audit.log import notes
from casemgr.witness.server import Server
from casemgr.witness.state import Memory
from casemgr.witness.witness import Witness


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    host, _, port = options.listen.rpartition(":")
    try:
        keys = notes.load_or_make_cosigners(options.state / "witness.key", options.name)
        logs = [key for value in options.log for key in log_keys(value)]
        server = Server((host.strip("[]"), int(port)), Witness(keys, logs, Memory(options.state / "witness.sqlite")))
    except (notes.BadNote, OSError, ValueError) as error:
        print(f"casemgr.witness: {error}", file=sys.stderr)
        return 1
    for key in keys:
        print(key.verifier, flush=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    logging.info(
        "witness %s for %s on %s:%s", options.name, ", ".join({log.name for log in logs}), host, server.server_port
    )
    server.serve_forever()
    server.server_close()
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m casemgr.witness", description="A witness for transparency logs.")
    parser.add_argument("--state", type=Path, required=True, help="directory of its keys and of what it has seen")
    parser.add_argument("--name", required=True, help="its name in signatures, such as witness.example/casemgr")
    parser.add_argument("--log", action="append", required=True, help="key of a log it witnesses, or a file of keys")
    parser.add_argument("--listen", default="127.0.0.1:8100", help="address and port (127.0.0.1:8100)")
    return parser.parse_args(arguments)


def log_keys(value: str) -> tuple[notes.Verifier, ...]:
    """Keys given on the command line, or in a file that holds one a line. Raises BadNote, OSError."""
    return notes.Verifiers.parse(value if "+" in value else Path(value).read_text()).keys


if __name__ == "__main__":
    sys.exit(main())
