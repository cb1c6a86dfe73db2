"""A server that asks for a client certificate and shows one of a private CA, for the contract and for health."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hostile.monsters import hear

from sixgates.catalogue import Probe
from sixgates.config import Provider
from sixgates.connection import PLAIN, Connection
from sixgates.exchange import Exchange, FailureKind
from sixgates.health.fetch import get
from sixgates.sources.live import Target, fetch

BODY = b'{"object": "list", "data": []}'
MADE = {"a": "-addext subjectAltName=IP:127.0.0.1", "client": ""}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's certificate and the client's, each its own CA."""
    made = tmp_path_factory.mktemp("tls")
    for name, more in MADE.items():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", "2",
             *more.split(), "-keyout", str(made / f"{name}.key"), "-out", str(made / f"{name}.pem")],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    return made


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    """A server on TLS that talks only to whoever shows the client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "a.pem", folder / "a.key")
    context.load_verify_locations(folder / "client.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with (
                contextlib.suppress(OSError),
                plain,
                context.wrap_socket(plain, server_side=True) as connection,
            ):
                hear(connection)
                head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
                connection.sendall(head % len(BODY) + BODY)

    threading.Thread(target=run, daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def asked(url: str, connection: Connection) -> Exchange:
    """One exchange over such a connection."""
    probe = Probe("list", method="GET", path="/v1/models")
    answer = fetch(Target("p", url, "m", deadline_s=5, connection=connection), [probe])["list"]
    assert isinstance(answer, Exchange)
    return answer


def test_a_private_ca_and_a_client_certificate_open_a_server(url: str, folder: Path) -> None:
    ca, certificate, key = folder / "a.pem", folder / "client.pem", folder / "client.key"
    exchange = asked(url, Connection(ca_file=ca, client_cert=certificate, client_key=key))
    assert exchange.error is None
    assert exchange.response is not None
    assert exchange.response.body == BODY


def test_without_them_it_stays_closed(url: str, folder: Path) -> None:
    """The negative control, once for each of them."""
    for connection in (PLAIN, Connection(ca_file=folder / "a.pem")):
        error = asked(url, connection).error
        assert error is not None
        assert error.kind in {FailureKind.TLS, FailureKind.RESET, FailureKind.PROTOCOL}


def test_the_health_gate_goes_the_same_way(url: str, folder: Path) -> None:
    entry = {"type": "vllm", "base_url": url, "ca_file": str(folder / "a.pem")}
    closed = get(Provider.model_validate(entry), "/v1/models", 5)
    assert closed.error is not None
    more = {"client_cert": str(folder / "client.pem"), "client_key": str(folder / "client.key")}
    opened = get(Provider.model_validate({**entry, **more}), "/v1/models", 5)
    assert (opened.error, opened.status, opened.body) == (None, 200, BODY)
