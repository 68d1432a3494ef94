"""Requests to addresses outside: only to hosts and networks that the settings allow.

The name is resolved once and the connection goes to the very address that was checked, so that a name cannot point to
the outside while it is looked at and to the inside a moment later. No redirect is followed and no proxy is asked.
"""

import email.utils
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

READ_AT_MOST = 4096  # of an answer, unless its reader asks for more
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """The settings do not allow this address; says why, and what to do."""


@dataclass(frozen=True)
class Reach:
    """Where requests of one purpose may go. `settings` is what the names of its two settings begin with, unless it goes
    by the networks of others.

    Plain http is for this machine, and for where everything that comes back proves itself by a signature and nothing
    that is sent is secret: time-stamping authorities are commonly called so.
    """

    settings: str
    hosts: Collection[str]
    networks: Collection[str]
    plain: bool = False
    networks_of: str = ""


def webhooks() -> Reach:
    """Where people may have verdicts sent."""
    return Reach("WEBHOOK", settings.WEBHOOK_HOSTS, settings.WEBHOOK_NETWORKS)


def anchoring(url: str) -> Reach:
    """The one host of an address that the settings of the trail themselves name."""
    return Reach("TRAIL", [urlsplit(url).hostname or ""], settings.TRAIL_NETWORKS, plain=True)


def revocation() -> Reach:
    """Where certificates may have us ask whether they were revoked. Answers are signed, and commonly called by http."""
    networks = settings.TRAIL_NETWORKS
    return Reach("REVOCATION", settings.REVOCATION_HOSTS, networks, plain=True, networks_of="TRAIL")


def transparency() -> Reach:
    """The one host at which statements of reasons are handed in."""
    host = urlsplit(settings.TRANSPARENCY_URL).hostname or ""
    return Reach("TRANSPARENCY", [host], settings.TRANSPARENCY_NETWORKS)


@dataclass(frozen=True)
class Outcome:
    """What came back: the status of HTTP, or None and why nothing came; `wait` are the seconds that the other side asks
    for before it is tried again, None where it asks for none. `body` is cut off where more came than was asked for."""

    status: int | None
    problem: str
    milliseconds: int
    wait: int | None = None
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def check(url: str, reach: Reach | None = None) -> SplitResult:
    """The parts of an address that may be posted to, as far as it says so itself. Raises Refused."""
    reach = reach or webhooks()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Refused(f"This is no address: {error}.") from error
    if not host or parts.scheme not in ("https", "http") or not url.isascii() or not url.isprintable() or " " in url:
        raise Refused("Give a whole address, such as https://hooks.example.org/casemgr.")
    if parts.username is not None or parts.fragment:
        raise Refused("An address with a password or a fragment is not called.")
    if not any(_matches(host, allowed) for allowed in reach.hosts):
        raise Refused(f"{reach.settings}_HOSTS does not list {host}. Whoever runs casemgr can add it.")
    if parts.scheme == "http" and not reach.plain and not _is_loopback(host):
        raise Refused("Only https is called: anybody on the way could read and change what is said over http.")
    return parts


def _matches(host: str, allowed: str) -> bool:
    """An entry is a name, or `.example.org` for all names below it, or `*`."""
    allowed = allowed.strip().lower()
    return allowed in ("*", host) or (allowed.startswith(".") and host.endswith(allowed))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    seconds: float = 10,
    reach: Reach | None = None,
    read_at_most: int = READ_AT_MOST,
) -> Outcome:
    """Post to an address and wait so long for an answer in all. Never raises for what the other side does."""
    return _ask("POST", url, body, headers, seconds, reach or webhooks(), read_at_most)


def get(
    url: str, headers: dict[str, str], *, seconds: float = 10, reach: Reach, read_at_most: int = READ_AT_MOST
) -> Outcome:
    """As `post`, to ask what is there."""
    return _ask("GET", url, None, headers, seconds, reach, read_at_most)


def _ask(
    method: str, url: str, body: bytes | None, headers: dict[str, str], seconds: float, reach: Reach, read_at_most: int
) -> Outcome:
    started = time.monotonic()

    def outcome(status: int | None, problem: str, wait: int | None = None, came: bytes = b"") -> Outcome:
        return Outcome(status, problem, round((time.monotonic() - started) * 1000), wait, came)

    try:
        parts = check(url, reach)
        connection = _connection(parts, seconds, reach)
    except (Refused, OSError, UnicodeError) as error:
        return outcome(None, _words(error))
    overdue = threading.Event()
    try:
        connection.connect()
        deadline = threading.Timer(
            max(seconds - (time.monotonic() - started), 0.01), _hang_up, [connection.sock, overdue]
        )
        deadline.daemon = True
        deadline.start()
        try:
            target = parts._replace(scheme="", netloc="").geturl() or "/"
            connection.request(method, target, body, {"Host": parts.netloc, "Connection": "close"} | headers)
            answer = connection.getresponse()
            came = answer.read(read_at_most)
        finally:
            deadline.cancel()
    except (OSError, http.client.HTTPException) as error:
        return outcome(None, f"No answer within {seconds:g} seconds." if overdue.is_set() else _words(error))
    finally:
        connection.close()
    return outcome(answer.status, _judged(answer.status), seconds_in(answer.getheader("Retry-After", "")), came)


def _hang_up(sock: socket.socket, overdue: threading.Event) -> None:
    """A server that sends a byte now and then would keep a worker for ever."""
    overdue.set()
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def seconds_in(retry_after: str) -> int | None:
    """The seconds of a Retry-After (RFC 9110, 10.2.3): a number of them or a date; None for anything else."""
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return int(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
        return max(round((moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()), 0)
    except (ValueError, OverflowError):
        return None


def _judged(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"Answered {status}: redirects are not followed. Give the address it redirects to."
    return f"Answered {status}."


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "No answer in time."
    if isinstance(error, socket.gaierror | UnicodeError):
        return "The name is not known."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not trusted: {error.verify_message}."
    if isinstance(error, ConnectionRefusedError):
        return "Nothing listens there."
    return (str(error) or type(error).__name__)[:300]


# --- the connection --------------------------------------------------------------------------------------------------


def _connection(parts: SplitResult, seconds: float, reach: Reach) -> http.client.HTTPConnection:
    host, is_https = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_https else 80)
    address = _resolve(host, port, reach)
    if is_https:
        return _PinnedHttps(host, port, address, seconds)
    return http.client.HTTPConnection(address, port, timeout=seconds)


def _resolve(host: str, port: int, reach: Reach) -> str:
    """An address of the host that may be called. Raises Refused when one of them may not: which one is met is luck."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    for address in addresses:
        if not _may_be_called(address, reach):
            raise Refused(
                f"{host} is {address}, which is inside. {reach.networks_of or reach.settings}_NETWORKS says what may "
                "be called there."
            )
    return str(addresses[0])


def _may_be_called(address: IpAddress, reach: Reach) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    networks = [ipaddress.ip_network(network) for network in reach.networks]
    if any(address in network for network in networks if network.version == address.version):
        return True
    return address.is_global and not address.is_multicast


class _PinnedHttps(http.client.HTTPSConnection):
    """Speaks TLS with the host by its name, over a connection to the address that was checked."""

    def __init__(self, host: str, port: int, address: str, seconds: float) -> None:
        self._context_of_ours = ssl.create_default_context()
        super().__init__(host, port, timeout=seconds, context=self._context_of_ours)
        self._address = address

    def connect(self) -> None:
        raw = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._context_of_ours.wrap_socket(raw, server_hostname=self.host)
