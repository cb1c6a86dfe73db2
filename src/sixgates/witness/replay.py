"""The official SDK's client with an exchange's bytes for a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sixgates.exchange import Exchange, Response
from sixgates.views import Reply

if TYPE_CHECKING:
    from sixgates.witness.sdk import openai


def client(exchange: Exchange) -> openai.OpenAI:
    """A client that gets this exchange's response to whatever it asks; raises Unmet unless it came whole."""
    from sixgates.witness.sdk import openai

    whole = Reply.of(exchange)
    as_sent = exchange.response or whole.response  # its coding is for the client to take off
    http = _http().Client(transport=_Replay(as_sent), trust_env=False)
    return openai.OpenAI(api_key="none", base_url="http://replay.invalid/v1", max_retries=0, http_client=http)


def version() -> str:
    """The SDK's name and version, as findings name it."""
    from sixgates.witness.sdk import openai

    return f"openai-python {openai.__version__}"


@cache
def _http() -> Any:
    """The HTTP library under the SDK: httpx for openai 2.x, httpx2 for openai 3.x."""
    from sixgates.witness.sdk import openai

    return import_module(openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])


@dataclass(frozen=True, slots=True)
class _Replay:
    """What an HTTP client takes for a transport: the response in the pieces in which the network brought it."""

    response: Response

    def handle_request(self, request: Any) -> Any:
        headers = [
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in self.response.headers
            if name.lower() not in {"transfer-encoding", "content-length"}
        ]
        return _http().Response(
            self.response.status, headers=headers, content=self._pieces(), request=request
        )

    def _pieces(self) -> Iterator[bytes]:
        yield from (chunk.data for chunk in self.response.chunks)

    def close(self) -> None:
        """Nothing is open."""
