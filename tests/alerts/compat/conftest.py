"""Other people's clients in processes of their own, each with the packages it was locked with and no others."""

import datetime
import json
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings

DRIVERS = Path(__file__).parent / "drivers"
# The directory of its packages, by the driver's name; see casemgr/bootstrap.py.
PACKAGES = {"thehive5": "clients", "thehive4": "clients-thehive4", "iris": "clients", "elastalert2": "clients"}


@pytest.fixture
def key(detector: Any, people: Any) -> str:
    from apps.staff import actions

    return actions.issue_api_key(detector.service_account, by=people.admin)[1]


@pytest.fixture
def drive(committed_db: None, live_site: str, key: str) -> Callable[..., dict[str, Any]]:
    """Run a client against the served site: `drive("thehive5", "work")` is what it printed."""

    def run(name: str, what: str, address: str = live_site) -> dict[str, Any]:
        packages = settings.BASE_DIR / "var" / PACKAGES[name]
        assert packages.is_dir(), "run `make setup-dev`: it installs the clients that these tests drive"
        path = os.pathsep.join([str(packages), str(DRIVERS / "stand_ins")])
        done = subprocess.run(
            [sys.executable, "-S", str(DRIVERS / f"{name}.py"), address, key, what],
            env=os.environ | {"PYTHONPATH": path, "NO_PROXY": "*", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def tls_site(live_site: str, tmp_path: Path) -> Iterator[str]:
    """The served site behind TLS with a certificate of our own, for clients that know nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path / "site.pem"))
    behind = urlsplit(live_site)

    class Forward(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with (
                suppress(OSError),
                closing(context.wrap_socket(self.request, server_side=True)) as client,
                closing(socket.create_connection((behind.hostname, behind.port), timeout=30)) as server,
            ):
                back = threading.Thread(target=_copy, args=(server, client))
                back.start()
                _copy(client, server)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Forward) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{proxy.server_address[1]}"
        proxy.shutdown()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _certificate(path: Path) -> Path:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(encoding, *plain) + certificate.public_bytes(encoding))
    return path
