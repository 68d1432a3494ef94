"""A receiver of enforcement orders: what a provider's system has to do, in one file and with nothing but Python.

    python docs/enforcement_receiver.py --secret whsec_... --db receiver.sqlite --port 8090 \\
        [--casemgr https://casemgr.example --key cmk_...]

It checks the signature, carries each order out once however often it comes, and says of each account what became of
it: in its answer, or, where it is given casemgr's address and a key, by posting the results later. Put what your
systems do into `act`. docs/enforcement.md is the protocol in words.
"""

import argparse
import base64
import hashlib
import hmac
import json
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WINDOW = 300  # seconds that the time of a message may be off
MOST_BYTES = 4 * 1024 * 1024  # of a message

TABLES = """
    -- What was answered to which message: the same message gets the same answer, and nothing is done twice.
    CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, answer TEXT NOT NULL);
    -- The last order about an account, by decision: an earlier one that comes late does nothing.
    CREATE TABLE IF NOT EXISTS measure (
        decision TEXT, account TEXT, number INTEGER NOT NULL, measure TEXT NOT NULL, in_force INTEGER NOT NULL,
        PRIMARY KEY (decision, account));
    -- Each result has a number of its own, and a later one has a higher number.
    CREATE TABLE IF NOT EXISTS sequence (number INTEGER PRIMARY KEY AUTOINCREMENT);
"""


def act(account: str, order: dict, *, undo: bool) -> str:
    """Carry the measure out on one account, or undo it. Returns "" when it is in effect, else why it failed.

    `order` has the measure and its scope, territory and number. It may be called again after it failed.
    """
    return ""


class Receiver:
    """What is known lies in SQLite; one message is taken at a time, in one transaction."""

    def __init__(self, secret: str, path: str, act: Callable[..., str] = act) -> None:
        self.key = base64.b64decode(secret.removeprefix("whsec_"))
        self.act, self.lock = act, threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.executescript(TABLES)

    def is_signed(self, headers: dict[str, str], body: bytes) -> bool:
        """Standard Webhooks: HMAC-SHA-256 of id, time and body. While a secret changes there are two signatures."""
        message, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not moment.isascii() or not moment.isdecimal() or abs(time.time() - int(moment)) > WINDOW:
            return False
        mac = hmac.digest(self.key, f"{message}.{moment}.".encode() + body, hashlib.sha256)
        mine = f"v1,{base64.b64encode(mac).decode()}"
        return any(hmac.compare_digest(mine, one) for one in headers.get("webhook-signature", "").split())

    def take(self, message: str, body: bytes) -> str:
        """Carry out a message, or repeat the answer to one that was carried out."""
        with self.lock, self.db:
            if known := self.db.execute("SELECT answer FROM message WHERE id = ?", [message]).fetchone():
                return known[0]
            sent = json.loads(body)
            undo = sent["type"] == "enforcement.roll_back"
            results = [self._carry_out(account, sent["data"], undo) for account in sent["data"]["accounts"]]
            answer = json.dumps({"results": results})
            self.db.execute("INSERT INTO message VALUES (?, ?)", [message, answer])
            return answer

    def _carry_out(self, account: str, order: dict, undo: bool) -> dict:
        last, was_in_force = self.db.execute(
            "SELECT number, in_force FROM measure WHERE decision = ? AND account = ?", [order["decision"], account]
        ).fetchone() or (0, False)
        reason = ""
        if last > order["number"]:
            status = "overtaken"  # a later order about this account was here before
        else:
            reason = self.act(account, order, undo=undo)
            status = "failed" if reason else "rolled_back" if undo else "in_effect"
            self.db.execute(
                "INSERT OR REPLACE INTO measure VALUES (?, ?, ?, ?, ?)",
                [order["decision"], account, order["number"], order["measure"], was_in_force if reason else not undo],
            )
        number = self.db.execute("INSERT INTO sequence DEFAULT VALUES").lastrowid
        return {
            "order": order["order"],
            "account": account,
            "attempt": order["attempt"],
            "sequence": number,
            "status": status,
            "reason": reason,
            "effective_at": datetime.now(UTC).isoformat(),
        }

    def in_force(self) -> dict[tuple[str, str], str]:
        """Which measure meets which account, by decision and account."""
        rows = self.db.execute("SELECT decision, account, measure FROM measure WHERE in_force")
        return {(decision, account): measure for decision, account, measure in rows}


def post(casemgr: str, key: str, answer: str) -> dict:
    """Results to casemgr. What was lost on the way is posted again as it is: that changes nothing."""
    request = urllib.request.Request(  # noqa: S310 - whoever starts it gives the address
        f"{casemgr}/api/v1/enforcement/results",
        answer.encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answered:  # noqa: S310
        return json.load(answered)


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length <= MOST_BYTES else b""
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not self.server.receiver.is_signed(headers, body):
            self.answer(401, '{"error": "not signed, or not now"}')
            return
        self.server.taken(self, self.server.receiver.take(headers["webhook-id"], body))

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], receiver: Receiver, casemgr: str = "", key: str = "") -> None:
        super().__init__(address, Handler)
        self.receiver, self.casemgr, self.key = receiver, casemgr, key

    def taken(self, handler: Handler, answer: str) -> None:
        """A message was carried out: say so at once, or take it and post the results."""
        if not self.casemgr:
            handler.answer(200, answer)
            return
        handler.answer(202, "{}")
        post(self.casemgr, self.key, answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--db", default="receiver.sqlite")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--casemgr", default="", help="post results there instead of answering with them")
    parser.add_argument("--key", default="", help="API key for that, of a machine with the role enforcement_system")
    said = parser.parse_args()
    Server((said.host, said.port), Receiver(said.secret, said.db), said.casemgr.rstrip("/"), said.key).serve_forever()


if __name__ == "__main__":
    main()
