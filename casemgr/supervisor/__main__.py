"""python -m casemgr.supervisor [--root var] start|stop|status|env|erase|exec -- COMMAND

`exec` starts servers, runs a command with their addresses in its environment, and erases them when it ends: for tests.
"""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

from casemgr.supervisor import ServiceError, Services


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    services = Services(
        options.root,
        postgres=not options.no_postgres,
        valkey=not options.no_valkey,
        options={"fast": options.fast, "max_connections": options.max_connections},
    )
    try:
        return globals()[f"do_{options.verb}"](services, options)
    except ServiceError as error:
        print(f"casemgr: {error}", file=sys.stderr)
        return 1


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m casemgr.supervisor", description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=Path("var"), help="where data, logs and addresses are kept")
    parser.add_argument("--fast", action="store_true", help="do not wait for the disk: for tests only")
    parser.add_argument("--max-connections", type=int, default=100)
    parser.add_argument("--no-postgres", action="store_true")
    parser.add_argument("--no-valkey", action="store_true")
    parser.add_argument("verb", choices=["start", "stop", "status", "env", "erase", "exec"])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def do_start(services: Services, options: argparse.Namespace) -> int:
    services.start()
    return do_status(services, options)


def do_stop(services: Services, options: argparse.Namespace) -> int:
    print("stopped:", ", ".join(services.stop()) or "nothing ran")
    return 0


def do_status(services: Services, options: argparse.Namespace) -> int:
    for name, state in services.status().items():
        print(f"{name}: {state}")
    return 0


def do_env(services: Services, options: argparse.Namespace) -> int:
    """For `eval $(...)`: the addresses of servers that run."""
    for name, value in services.start().items():
        print(f"export {name}='{value}'")
    return 0


def do_erase(services: Services, options: argparse.Namespace) -> int:
    services.erase()
    return 0


def do_exec(services: Services, options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    with services.for_me_alone():
        environment = services.start()
        try:
            child = subprocess.Popen(command, env=os.environ | environment)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the command too, and that decides when to end
            signal.signal(signal.SIGTERM, lambda number, frame: child.terminate())
            return child.wait()
        finally:
            services.erase()


if __name__ == "__main__":
    sys.exit(main())
