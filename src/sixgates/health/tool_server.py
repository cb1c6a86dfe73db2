"""An MCP initialize over streamable HTTP, by the official SDK, within the bounds of every other question."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

from sixgates.config import Provider
from sixgates.exchange import FailureKind, TransportError
from sixgates.health import fetch
from sixgates.health.address import Address, auth_headers, secrets_of
from sixgates.health.answers import Trouble, trouble_of_status
from sixgates.redaction import redactor
from sixgates.symptom import Symptom
from sixgates.verdict import Cause

MISSING_SDK = Cause(
    "mcp-sdk-missing",
    "tool servers are judged with the official MCP SDK, and it is not installed",
    ('pip install "sixgates[mcp]"',),
)
_LATE = TransportError(FailureKind.DEADLINE, "no complete answer to initialize")


def sdk_present() -> bool:
    """Whether the MCP SDK can be imported."""
    return importlib.util.find_spec("mcp") is not None


def path_of(address: Address) -> str:
    """The path below the base URL where the SDK connects: `/mcp`, unless base_url has a path of its own."""
    return "" if address.path else "/mcp"


def initialize(provider: Provider, timeout_s: float) -> Trouble | TransportError | None:
    """What kept the tool server from initializing; None when it did."""
    importlib.import_module("mcp.client.streamable_http")  # slow, and no part of the server's time
    said: list[Trouble | TransportError | None] = []
    # A thread, since the SDK's own farewell to a server that drips lies outside of its deadline.
    thread = threading.Thread(
        target=lambda: said.append(asyncio.run(_bounded(provider, timeout_s))), daemon=True
    )
    thread.start()
    thread.join(2 * timeout_s + 1)
    return said[0] if said else _LATE


async def _bounded(provider: Provider, timeout_s: float) -> Trouble | TransportError | None:
    seen: list[fetch.Answer] = []
    try:
        async with asyncio.timeout(timeout_s):
            await _session(provider, timeout_s, seen)
    except TimeoutError:
        return _trouble(provider, seen) or _LATE
    except Exception as error:  # noqa: BLE001 - the SDK raises groups and errors of its own over any server fault
        return _trouble(provider, seen) or _leaf(error, redactor(secrets_of(provider)).text)
    return None


async def _session(provider: Provider, timeout_s: float, seen: list[fetch.Answer]) -> None:
    sdk: Any = importlib.import_module("mcp")
    transport: Any = importlib.import_module("mcp.client.streamable_http")
    # The SDK's major version 1 rides on httpx, 2 on its fork httpx2; both take the same arguments.
    http: Any = getattr(transport, "httpx2", None) or transport.httpx
    address = Address.of(provider.base_url)

    async def watch(response: Any) -> None:
        kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
        location = response.headers.get("location", "")
        seen.append(fetch.cleaned(fetch.Answer(response.status_code, kind, location=location), provider))
        response.stream = _capped(http, response.stream)

    client = http.AsyncClient(
        headers={"accept-encoding": "identity", **auth_headers(provider), **provider.connection.sent()},
        timeout=timeout_s,
        trust_env=not address.loopback,
        event_hooks={"response": [watch]},
        **provider.connection.options(https=address.scheme == "https"),
    )
    url = address.sent(path_of(address))
    async with (
        client,
        transport.streamable_http_client(url, http_client=client) as streams,
        sdk.ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()


def _capped(http: Any, stream: Any) -> Any:
    class Capped(http.AsyncByteStream):  # type: ignore[misc]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for piece in stream:
                size += len(piece)
                if size > fetch.LARGEST_BODY:
                    raise http.ReadError(f"a body of more than {fetch.LARGEST_BODY} bytes")
                yield piece

        async def aclose(self) -> None:
            await stream.aclose()

    return Capped()


def _trouble(provider: Provider, seen: list[fetch.Answer]) -> Trouble | None:
    """What the first answer's head says; the SDK tells little of answers that it did not want."""
    if not seen:
        return None
    first = seen[0]
    if trouble := trouble_of_status(first, provider):
        return Trouble(trouble.symptom, trouble.got.removesuffix(": an empty body"))
    if first.media_type not in ("application/json", "text/event-stream"):
        return Trouble(Symptom.NOT_OPENAI, f"no MCP answer but {first.media_type or 'no content-type'}")
    return None


def _leaf(error: BaseException, mask: Callable[[str], str]) -> Trouble | TransportError:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    failed = fetch.failure(error, mask)
    if failed.kind is not FailureKind.UNREACHABLE:
        return failed
    return Trouble(Symptom.NOT_OPENAI, f"no initialize result: {type(error).__name__}: {mask(str(error))}")
