"""One bounded question to a provider: a deadline over everything, a cap on the body, no redirects."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sixgates.config import Provider
from sixgates.exchange import FailureKind, TransportError
from sixgates.health.address import Address, auth_headers, secrets_of
from sixgates.redaction import redactor

if TYPE_CHECKING:
    import httpx

LARGEST_BODY = 1_000_000
_NO_HANDSHAKE = "no TLS handshake in time, base_url says https://"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request brought back, or why it brought nothing."""

    status: int = 0
    media_type: str = ""
    body: bytes = b""
    location: str = ""
    error: TransportError | None = None


def connect(address: Address, timeout_s: float) -> TransportError | None:
    """Opens and closes a TCP connection; None when the port is open."""
    start = time.monotonic()
    found = _resolve(address, timeout_s)
    if isinstance(found, TransportError):
        return found
    error: TransportError | None = None
    for family, kind, protocol, _, target in found:
        left = timeout_s - (time.monotonic() - start)
        if left <= 0:
            break
        try:
            with socket.socket(family, kind, protocol) as one:
                one.settimeout(left)
                one.connect(target)
                return None
        except OSError as reason:
            error = _from_os(reason)
    return error or TransportError(FailureKind.CONNECT_TIMEOUT, "no connection")


def get(provider: Provider, path: str, timeout_s: float) -> Answer:
    """A GET that ends within the timeout, whatever the server does; never raises for its sake.

    Secrets that the server repeats are masked here, before anyone cuts or quotes the answer.
    """
    return _told(provider, asyncio.run(_bounded(provider, path, timeout_s)), timeout_s)


def post(provider: Provider, path: str, body: bytes, timeout_s: float) -> Answer:
    """A POST of a JSON document, bounded and masked as a GET is."""
    return _told(provider, asyncio.run(_bounded(provider, path, timeout_s, body)), timeout_s)


def _told(provider: Provider, given: Answer, timeout_s: float) -> Answer:
    """The answer without secrets, its failure told from that of a port that speaks TLS."""
    answer = cleaned(given, provider)
    if answer.error and answer.error.kind in (FailureKind.PROTOCOL, FailureKind.RESET):
        address = Address.of(provider.base_url)
        if address.scheme == "http" and _speaks_tls(address, timeout_s):
            return Answer(error=TransportError(FailureKind.TLS, "the port speaks TLS, base_url says http://"))
    return answer


def cleaned(answer: Answer, provider: Provider) -> Answer:
    """The answer without the provider's secrets."""
    mask = redactor(secrets_of(provider)).text
    body = mask(answer.body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    error = answer.error and TransportError(answer.error.kind, mask(answer.error.detail))
    return replace(
        answer, media_type=mask(answer.media_type), body=body, location=mask(answer.location), error=error
    )


async def _bounded(provider: Provider, path: str, timeout_s: float, body: bytes | None = None) -> Answer:
    import httpx

    headers = {"accept-encoding": "identity", "user-agent": "sixgates", **auth_headers(provider)}
    if body is not None:
        headers["content-type"] = "application/json"
    session = client(provider, headers, timeout_s)
    try:
        async with asyncio.timeout(timeout_s), session:
            return await _ask(session, Address.of(provider.base_url).sent(path), body)
    except TimeoutError:
        return Answer(error=TransportError(FailureKind.DEADLINE, "no complete answer"))
    except httpx.ConnectTimeout:
        if Address.of(provider.base_url).scheme == "https":
            return Answer(error=TransportError(FailureKind.TLS, _NO_HANDSHAKE))
        return Answer(error=TransportError(FailureKind.CONNECT_TIMEOUT, "no connection"))
    except httpx.TimeoutException:
        return Answer(error=TransportError(FailureKind.DEADLINE, "no complete answer"))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return Answer(error=failure(error, redactor(secrets_of(provider)).text))


async def _ask(session: httpx.AsyncClient, url: str, content: bytes | None) -> Answer:
    async with session.stream("GET" if content is None else "POST", url, content=content) as response:
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > LARGEST_BODY:
                return Answer(
                    response.status_code,
                    error=TransportError(FailureKind.TOO_LARGE, f"a body of more than {LARGEST_BODY} bytes"),
                )
        return _answer(response, bytes(body))


def _answer(response: httpx.Response, body: bytes) -> Answer:
    media_type = response.headers.get("content-type", "").split(";")[0].strip().lower()
    return Answer(response.status_code, media_type, body, response.headers.get("location", ""))


def client(provider: Provider, headers: dict[str, str], timeout_s: float) -> httpx.AsyncClient:
    """An HTTP client that follows no redirect and uses no proxy for this machine's loopback."""
    import httpx

    address = Address.of(provider.base_url)
    secure = address.scheme == "https"
    own = provider.connection
    verify = httpx.create_ssl_context() if secure and not (own.ca_file or own.client_cert) else False
    return httpx.AsyncClient(
        headers={**headers, **own.sent()},
        # A little less than the deadline over all, so that a stalled connect is told from a stalled answer.
        timeout=httpx.Timeout(timeout_s, connect=timeout_s * 0.9),
        follow_redirects=False,
        trust_env=not address.loopback,
        **{"verify": verify, **own.options(https=secure)},
    )


def failure(error: BaseException, mask: Callable[[str], str]) -> TransportError:
    """The kind of a transport error, found along its chain of causes; what it quotes is masked before it is cut."""
    chain, current = [], error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__  # type: ignore[assignment]
    for one in chain:
        if isinstance(one, OSError):
            return _from_os(one)
    if any(type(one).__name__ in _PROTOCOL for one in chain):
        return TransportError(FailureKind.PROTOCOL, f"not HTTP: {_shortened(error, mask)}")
    return TransportError(FailureKind.UNREACHABLE, f"{type(error).__name__}: {_shortened(error, mask)}")


def _shortened(error: BaseException, mask: Callable[[str], str]) -> str:
    # The library quotes what the server sent, which may be a hundred kilobytes of garbage.
    line = " ".join(mask(str(error)[:LARGEST_BODY])[:600].split())
    return line if len(line) <= 300 else f"{line[:300]}…"


_PROTOCOL = {"RemoteProtocolError", "LocalProtocolError", "DecodingError"}


def _from_os(error: OSError) -> TransportError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return TransportError(FailureKind.TLS, f"certificate refused: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        plain = error.reason in _PLAIN
        detail = (
            "the port speaks no TLS, base_url says https://" if plain else f"TLS: {error.reason or error}"
        )
        return TransportError(FailureKind.TLS, detail)
    if isinstance(error, socket.gaierror):
        return TransportError(FailureKind.DNS, error.strerror or "unknown name")
    if isinstance(error, ConnectionRefusedError):
        return TransportError(FailureKind.REFUSED, "connection refused")
    if isinstance(error, TimeoutError):
        return TransportError(FailureKind.CONNECT_TIMEOUT, "no connection")
    if isinstance(error, (ConnectionResetError, BrokenPipeError)):
        return TransportError(FailureKind.RESET, "connection reset by the server")
    return TransportError(FailureKind.UNREACHABLE, error.strerror or type(error).__name__)


_PLAIN = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING"}
_Found = list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int]]]


def _resolve(address: Address, timeout_s: float) -> _Found | TransportError:
    found: list[_Found | TransportError] = []

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM))  # type: ignore[arg-type]
        except (OSError, UnicodeError) as error:
            detail = getattr(error, "strerror", None) or "not a host name"
            found.append(TransportError(FailureKind.DNS, detail))

    # A daemon thread, since a resolver that does not answer cannot be interrupted.
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(timeout_s)
    return found[0] if found else TransportError(FailureKind.DNS, "the name server did not answer")


def _speaks_tls(address: Address, timeout_s: float) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    wait = min(timeout_s, 2.0)
    try:
        with (
            socket.create_connection((address.host, address.port), wait) as plain,
            context.wrap_socket(plain, server_hostname=address.host),
        ):
            return True
    except (OSError, ValueError):
        return False
